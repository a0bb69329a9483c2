use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value as Json, json};

use super::fault::Faults;
use super::value::{Node, Value};

mod op;
#[cfg(test)]
mod tests;

/// A secret is no longer, in bytes: what is can only be the wrong file.
const MOST_BYTES: u64 = 64 * 1024;

/// Where a secret is, or the secret itself.
#[derive(Clone)]
pub(crate) enum Secret {
    Env(String),
    File(PathBuf),
    /// By the name that systemd's `LoadCredential=` gives it.
    Credential(String),
    /// By the reference that 1Password's `op read` takes.
    OnePassword(String),
    Literal(String),
}

impl Secret {
    /// How many are read at once: `op` takes a second for each.
    pub(crate) const AT_ONCE: usize = 8;

    /// The secret as it is now: an environment variable stays, but all else may have changed. It may
    /// take seconds, and blocks meanwhile.
    pub(crate) fn read(&self) -> Result<String, String> {
        let mut text = match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(text) if !text.trim().is_empty() => Ok(text),
                _ => Err(format!(
                    "the environment variable {name} is not set: set it"
                )),
            },
            Self::File(path) => in_file(path),
            Self::Credential(name) => match std::env::var_os("CREDENTIALS_DIRECTORY") {
                Some(folder) => in_file(&Path::new(&folder).join(name)),
                None => Err(format!(
                    "the credential {name} can't be read, for $CREDENTIALS_DIRECTORY is not set: let systemd start \
                     op-dd with LoadCredential={name}:/PATH"
                )),
            },
            Self::OnePassword(reference) => op::read(reference),
            Self::Literal(text) => Ok(text.clone()),
        }?;
        if text.len() as u64 > MOST_BYTES {
            return Err(format!(
                "{self:?} is longer than any secret: is it the right one?"
            ));
        }
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        if text.trim().is_empty() {
            return Err(format!("{self:?} is empty: put the secret there"));
        }
        Ok(text)
    }

    /// Reads many, a few at a time, and gives them in their order.
    pub(crate) fn read_all(secrets: &[&Self]) -> Vec<Result<String, String>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let turns = iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
            let own = turns.map_while(|turn| Some((turn, secrets.get(turn)?.read())));
            own.collect::<Vec<_>>()
        };
        let mut all: Vec<_> = thread::scope(|scope| {
            let workers = [(); Self::AT_ONCE].map(|()| scope.spawn(work));
            workers
                .into_iter()
                .filter_map(|worker| worker.join().ok())
                .flatten()
                .collect()
        });
        all.sort_by_key(|(turn, _)| *turn);
        all.into_iter().map(|(_, text)| text).collect()
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        // The secret itself in the place of its name would be shown whenever that is not found.
        if let Some(name) = text.strip_prefix("env:") {
            if !is_variable(name) {
                return Err("env: is followed by the name of a variable, not by the secret");
            }
            Ok(Self::Env(name.to_owned()))
        } else if let Some(path) = text.strip_prefix("file:") {
            if path.is_empty() || is_secret(path) {
                return Err("file: is followed by the path of a file, not by the secret");
            }
            Ok(Self::File(path.into()))
        } else if let Some(name) = text.strip_prefix("credential:") {
            if !is_credential(name) {
                return Err(
                    "credential: is followed by the name that LoadCredential= of systemd gives it",
                );
            }
            Ok(Self::Credential(name.to_owned()))
        } else if let Some(path) = text.strip_prefix("op://") {
            let parts: Vec<_> = path.split('/').collect();
            if parts.len() < 3 || parts.iter().any(|part| part.is_empty() || is_secret(part)) {
                return Err(
                    "op:// is followed by VAULT/ITEM/FIELD: copy the secret reference in 1Password",
                );
            }
            Ok(Self::OnePassword(text.to_owned()))
        } else if text.contains(':') {
            // No token and no key has a colon.
            Err(
                "this is no way to name a secret: write env:NAME, file:/PATH, credential:NAME or op://VAULT/ITEM/FIELD",
            )
        } else if text.trim().is_empty() {
            Err("this secret is empty: write env:NAME or file:/PATH")
        } else {
            Ok(Self::Literal(text.to_owned()))
        }
    }
}

impl Value for Secret {
    fn schema() -> Json {
        json!({
            "type": "string",
            // A variable, a file, a credential, a reference, or the secret itself.
            "pattern": r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|credential:[^/]+|op://[^/]+/[^/]+/.+|\s*[^:\s][^:]*)$",
            "examples": ["env:NAME", "file:/run/secrets/NAME", "credential:NAME", "op://VAULT/ITEM/FIELD"],
            "writeOnly": true,
        })
    }

    fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Self> {
        // What is found instead is not shown.
        let Some(text) = node.get_ref().as_str() else {
            faults.note(
                node.span(),
                "a secret is a text in quotes: write env:NAME or file:/PATH",
            );
            return None;
        };
        faults.unless_good(node.span(), Self::parse(text))
    }
}

fn in_file(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text))
        .map_err(|error| format!("the file {} can't be read: {error}", path.display()))?;
    Ok(text)
}

fn is_variable(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first)
        && name.chars().all(|c| first(c) || c.is_ascii_digit())
        && !is_secret(name)
}

fn is_credential(name: &str) -> bool {
    let is_name = !name.is_empty() && !name.contains('/') && !name.starts_with('.');
    is_name && !is_secret(name)
}

/// Whether a value, in quotes, only names a secret.
pub(super) fn is_reference(value: &str) -> bool {
    let text = value.trim().trim_matches(['"', '\'']);
    !text.contains(['"', '\'']) && !matches!(Secret::parse(text), Err(_) | Ok(Secret::Literal(_)))
}

/// A message that may quote what stands in the place of something else, without secrets.
pub(super) fn left_out_of(message: &str) -> String {
    secrets_in(message).fold(message.to_owned(), |text, secret| text.replace(secret, "…"))
}

/// What looks like a secret in a text.
pub(super) fn secrets_in(text: &str) -> impl Iterator<Item = &str> {
    words(text).filter(|word| is_secret(word))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
}

/// Tokens begin with the JSON of their header in base64; API keys are 32 hexadecimal digits, application keys 40.
fn is_secret(text: &str) -> bool {
    let is_key = matches!(text.len(), 32 | 40) && text.chars().all(|c| c.is_ascii_hexdigit());
    text.starts_with("eyJ") || is_key
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Credential(name) => write!(f, "credential:{name}"),
            Self::OnePassword(reference) => f.write_str(reference),
            Self::Literal(_) => f.write_str("(written out)"),
        }
    }
}
