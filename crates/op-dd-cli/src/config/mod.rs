//! The configuration: one file in TOML, or a few environment variables.

use std::io::{IsTerminal as _, stderr};
use std::path::{Path, PathBuf};

use op_dd_bridge::Name;
use op_dd_content::WatchLists;

use crate::archive::Place;
use crate::exit::{Exit, Failure};

mod bad_account;
mod contradictions;
mod document;
mod duration;
mod excerpt;
mod fault;
mod notify;
#[cfg(test)]
mod oracle;
mod proxy;
mod readers;
mod schema;
mod secret;
mod sections;
mod spelling;
mod start;
mod table;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use bad_account::BadAccount;
pub(crate) use document::Need;
pub(crate) use duration::duration;
pub(crate) use notify::Notify;
pub(crate) use proxy::Proxy;
pub(crate) use schema::schema;
pub(crate) use secret::Secret;
pub(crate) use sections::{Account, Config, Content, Datadog, Http, State};
pub(crate) use start::Start;

use document::{Document, GoodAccounts};
use fault::Faults;

/// A commented example: four lines are to be changed.
pub(crate) const EXAMPLE: &str = include_str!("example.toml");

const NO_DATADOG: &str = "there is no [datadog]: add it with site and api_key";

impl Config {
    /// The configuration in a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        Self::of_file(path, Need::Accounts)
    }

    /// The same for what needs no account.
    pub(crate) fn read_for_content(path: &Path) -> Result<Self, Failure> {
        Self::of_file(path, Need::Nothing)
    }

    /// The same without the accounts that are at fault in it, which are told of. It is refused if anything
    /// else is at fault, or if no account is good.
    pub(crate) fn read_good_accounts(path: &Path) -> Result<(Self, Vec<BadAccount>), Failure> {
        let text = text_of(path)?;
        let GoodAccounts { config, odd, bad } = Document::parse(&text)
            .read_good_accounts()
            .map_err(|faults| refusal(faults, path, &text))?;
        let bad = bad.into_iter();
        let bad = bad.map(|(name, mut faults)| BadAccount::new(name, &mut faults, path, &text));
        let bad: Vec<_> = bad.inspect(BadAccount::log).collect();
        Ok((config.taken(odd, path, &text), bad))
    }

    fn of_file(path: &Path, need: Need) -> Result<Self, Failure> {
        let text = text_of(path)?;
        let (config, odd) =
            Self::parse(&text, need).map_err(|faults| refusal(faults, path, &text))?;
        Ok(config.taken(odd, path, &text))
    }

    /// As it stands in a file: what is odd is told.
    fn taken(mut self, mut odd: Faults, path: &Path, text: &str) -> Self {
        for line in odd.lines(path, text, false) {
            tracing::warn!("{line}");
        }
        self.start_paths_from(path.parent().unwrap_or(Path::new("")));
        let shown = path.display();
        for (secret, key) in self.secrets() {
            if let Secret::Literal(_) = secret {
                tracing::warn!(
                    "{shown}: {key} is written out: better write env:NAME or file:/PATH"
                );
            }
        }
        self.warn_of_readers(path);
        self.warn_of_site();
        self
    }

    /// One account named `default`, from environment variables that others read, too.
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        if variable("OP_EVENTS_TOKEN").is_none() && variable("DD_API_KEY").is_none() {
            return Err(Failure::configuration(
                "there is no configuration: give --config FILE (op-dd config example prints one), or set the \
                 environment variables OP_EVENTS_TOKEN and DD_API_KEY (and DD_SITE, unless it is datadoghq.com)",
            ));
        }
        let mut config = Self::of_datadog()?;
        let token = Secret::Env("OP_EVENTS_TOKEN".to_owned());
        config.accounts.push(Account::new(Name::DEFAULT, token));
        Ok(config)
    }

    /// No account, from environment variables.
    pub(crate) fn from_environment_for_content() -> Result<Self, Failure> {
        if variable("DD_API_KEY").is_none() && variable("DD_APP_KEY").is_none() {
            return Err(Failure::configuration(
                "there is no configuration: give --config FILE, or set the environment variables \
                 DD_API_KEY and DD_APP_KEY (and DD_SITE, unless it is datadoghq.com)",
            ));
        }
        Self::of_datadog()
    }

    fn of_datadog() -> Result<Self, Failure> {
        let site = variable("DD_SITE").map(|site| site.parse()).transpose();
        let mut datadog = Datadog::new(Secret::Env("DD_API_KEY".to_owned()));
        datadog.site = site.map_err(|fault| Failure::configuration(format!("DD_SITE: {fault}")))?;
        datadog.app_key = Some(Secret::Env("DD_APP_KEY".to_owned()));
        let config = Self {
            datadog: Some(datadog),
            ..Self::default()
        };
        config.warn_of_site();
        Ok(config)
    }

    /// Where to send to, and with which keys.
    pub(crate) fn datadog(&self) -> Result<&Datadog, Failure> {
        self.datadog
            .as_ref()
            .ok_or_else(|| Failure::configuration(NO_DATADOG))
    }

    /// Where the state is kept: where the command line says, else the configuration, else the place
    /// that the system has for it.
    pub(crate) fn state_folder(&self, argument: Option<&Path>) -> Result<PathBuf, Failure> {
        let from_variable = |name, below: &str| {
            let folder = std::env::var_os(name).filter(|value| !value.is_empty())?;
            Some(Path::new(&folder).join(below))
        };
        // systemd lists all that a unit has: the first is ours.
        let from_systemd = || {
            let folders = std::env::var_os("STATE_DIRECTORY")?;
            std::env::split_paths(&folders)
                .next()
                .filter(|folder| !folder.as_os_str().is_empty())
        };
        argument
            .map(Path::to_owned)
            .or_else(|| self.state.dir.clone())
            .or_else(from_systemd)
            .or_else(|| from_variable("XDG_STATE_HOME", "op-dd"))
            .or_else(|| from_variable("HOME", ".local/state/op-dd"))
            .ok_or_else(|| {
                Failure::configuration(
                    "there is no place for the state: give --state DIR, or set dir under [state]",
                )
            })
    }

    /// Where every event goes as well, if there is such a place.
    pub(crate) fn archive_place(&self) -> Option<Place> {
        let archive = self.archive.as_ref()?;
        let bucket = archive.url.clone().map(Place::Bucket);
        bucket.or_else(|| archive.dir.clone().map(Place::Folder))
    }

    /// The certificate authorities to trust besides the system's.
    pub(crate) fn ca_certificates(&self) -> Result<Option<Vec<u8>>, Failure> {
        let Some(path) = &self.tls.ca_file else {
            return Ok(None);
        };
        std::fs::read(path).map(Some).map_err(|error| {
            let path = path.display();
            Failure::configuration(format!("ca_file of [tls]: {path} can't be read: {error}"))
        })
    }

    /// Reads a text: what it says, with what is odd about it, or all that is wrong with it.
    pub(crate) fn parse(text: &str, need: Need) -> Result<(Self, Faults), Faults> {
        Document::parse(text).read(need)
    }

    /// Relative paths are meant from the folder of the file that they are in, wherever the program is
    /// started.
    fn start_paths_from(&mut self, folder: &Path) {
        let dirs = [
            &mut self.state.dir,
            &mut self.tls.ca_file,
            &mut self.content.dir,
        ];
        let dirs = dirs.into_iter().flatten();
        let archive = self.archive.iter_mut().flat_map(|archive| &mut archive.dir);
        let datadog = self.datadog.iter_mut();
        let secrets = datadog
            .flat_map(|datadog| [Some(&mut datadog.api_key), datadog.app_key.as_mut()])
            .flatten()
            .chain(&mut self.privacy.key)
            .chain(self.accounts.iter_mut().map(|account| &mut account.token));
        let files = secrets.filter_map(|secret| match secret {
            Secret::File(path) => Some(path),
            _ => None,
        });
        for path in dirs.chain(archive).chain(files) {
            *path = folder.join(&*path);
        }
    }

    /// A file with a secret in it is for its owner alone; one that holds nothing else is often given to
    /// a group by whoever puts it there.
    fn warn_of_readers(&self, path: &Path) {
        if self
            .secrets()
            .any(|(secret, _)| matches!(secret, Secret::Literal(_)))
            && let Some(mode) = readers::mode_if(path, readers::GROUP | readers::OTHERS)
        {
            let shown = path.display();
            tracing::warn!(
                "{shown} holds a secret, and others may read it (mode {mode:o}): chmod 600 {shown}, \
                 or write env:NAME or file:/PATH in it"
            );
        }
        for (secret, key) in self.secrets() {
            if let Secret::File(file) = secret
                && let Some(mode) = readers::mode_if(file, readers::OTHERS)
            {
                let shown = file.display();
                tracing::warn!(
                    "{shown}, with the {key}, may be read by everyone here (mode {mode:o}): \
                     chmod 600 {shown}"
                );
            }
        }
    }

    /// A slip of the pen would hand the keys to whoever has that domain.
    fn warn_of_site(&self) {
        if let Some(datadog) = &self.datadog
            && let Some(site) = &datadog.site
            && site.is_unknown_domain()
        {
            tracing::warn!(
                "{site} is none of Datadog's sites that op-dd knows, and the keys go there: is it the right one?"
            );
        }
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&Secret, String)> {
        let key = self.datadog.iter();
        let key = key.map(|datadog| (&datadog.api_key, "api_key of [datadog]".to_owned()));
        let app_key = self
            .datadog
            .iter()
            .filter_map(|datadog| datadog.app_key.as_ref());
        let app_key = app_key.map(|key| (key, "app_key of [datadog]".to_owned()));
        let tokens = self
            .accounts
            .iter()
            .map(|account| (&account.token, format!("token of account {}", account.name)));
        let privacy = self.privacy.key.iter();
        let privacy = privacy.map(|key| (key, "key of [privacy]".to_owned()));
        key.chain(app_key).chain(tokens).chain(privacy)
    }
}

impl Content {
    /// The lists that rules watch; one of the same name takes the place of that which is kept.
    pub(crate) fn watch_lists(&self, given: &[(String, Vec<String>)]) -> WatchLists {
        let mut lists: WatchLists = self.watch.iter().collect();
        for (name, values) in given {
            lists.set(name, values);
        }
        lists
    }
}

fn text_of(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        let shown = path.display();
        Failure::configuration(format!("the configuration {shown} can't be read: {error}"))
    })
}

fn refusal(mut faults: Faults, path: &Path, text: &str) -> Failure {
    let lines = faults.lines(path, text, stderr().is_terminal());
    Failure::several(Exit::Configuration, lines)
}

/// An environment variable that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|text| !text.trim().is_empty())
}
