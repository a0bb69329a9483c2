use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

/// Where a secret is, or the secret itself.
#[derive(Clone)]
pub(crate) enum Secret {
    Env(String),
    File(PathBuf),
    Literal(String),
}

impl Secret {
    /// The secret as it is now: an environment variable stays, but a file may have changed.
    pub(crate) fn read(&self) -> Result<String, String> {
        match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(text) if !text.trim().is_empty() => Ok(text),
                _ => Err(format!(
                    "the environment variable {name} is not set: set it"
                )),
            },
            Self::File(path) => std::fs::read_to_string(path)
                .map_err(|error| format!("the file {} can't be read: {error}", path.display())),
            Self::Literal(text) => Ok(text.clone()),
        }
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        if let Some(name) = text.strip_prefix("env:") {
            Self::Env(name.to_owned())
        } else if let Some(path) = text.strip_prefix("file:") {
            Self::File(path.into())
        } else {
            Self::Literal(text)
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The deserializer's own error would show what it found instead.
        let text = String::deserialize(deserializer).map_err(|_| {
            serde::de::Error::custom("a secret is a text in quotes: write env:NAME or file:/PATH")
        })?;
        // Taken for the secret itself, they would be sent to a server.
        for scheme in ["op://", "credential:"] {
            if text.starts_with(scheme) {
                return Err(serde::de::Error::custom(format!(
                    "secrets from {scheme} are not understood by this version: \
                     write env:NAME or file:/PATH"
                )));
            }
        }
        let secret = text.into();
        // The secret itself in the place of its name would be shown whenever that is not found.
        match &secret {
            Self::Env(name) if !is_variable(name) => {
                return Err(serde::de::Error::custom(
                    "env: is followed by the name of a variable, not by the secret",
                ));
            }
            Self::File(path) if is_secret(&path.to_string_lossy()) => {
                return Err(serde::de::Error::custom(
                    "file: is followed by the path of a file, not by the secret",
                ));
            }
            _ => {}
        }
        // No token and no key has a colon.
        if matches!(&secret, Self::Literal(text) if text.contains(':')) {
            return Err(serde::de::Error::custom(
                "this is no way to name a secret: write env:NAME or file:/PATH",
            ));
        }
        Ok(secret)
    }
}

fn is_variable(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first)
        && name.chars().all(|c| first(c) || c.is_ascii_digit())
        && !is_secret(name)
}

/// A message that may quote what stands in the place of something else, without secrets.
pub(super) fn left_out_of(message: &str) -> String {
    let is_in_word = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let words = message.split(|c| !is_in_word(c));
    words
        .filter(|word| is_secret(word))
        .fold(message.to_owned(), |text, secret| text.replace(secret, "…"))
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
            Self::Literal(_) => f.write_str("(written out)"),
        }
    }
}
