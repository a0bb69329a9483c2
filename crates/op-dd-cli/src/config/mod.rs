use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use datadog_logs::{Compression, Site};
use onepassword_events::{Feed, Pacer, Region};
use op_dd_bridge::Name;
use op_dd_content::WatchLists;
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::exit::Failure;

mod duration;
mod notify;
#[cfg(test)]
mod oracle;
mod proxy;
mod readers;
mod secret;
mod start;
#[cfg(test)]
mod tests;

pub(crate) use duration::duration;
pub(crate) use notify::Notify;
pub(crate) use proxy::Proxy;
pub(crate) use secret::Secret;
pub(crate) use start::Start;

/// What to carry from where to where.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// What looks at files alone can do without.
    #[serde(default)]
    pub(crate) datadog: Option<Datadog>,
    #[serde(default)]
    pub(crate) http: Http,
    #[serde(default)]
    pub(crate) tls: Tls,
    #[serde(default)]
    pub(crate) state: State,
    #[serde(default)]
    pub(crate) polling: Polling,
    /// A second destination, if there is to be one.
    #[serde(default)]
    pub(crate) archive: Option<Archive>,
    #[serde(default)]
    pub(crate) telemetry: Telemetry,
    #[serde(default)]
    pub(crate) content: Content,
    #[serde(default, deserialize_with = "by_feed")]
    pub(crate) feeds: BTreeMap<Feed, FeedSettings>,
    #[serde(default)]
    pub(crate) privacy: Privacy,
    #[serde(default)]
    pub(crate) accounts: Vec<Account>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Datadog {
    /// Such as `datadoghq.eu`.
    #[serde(default, deserialize_with = "parsed_if_there")]
    pub(crate) site: Option<Site>,
    /// Another intake than the site's: a proxy, a private link.
    #[serde(default, deserialize_with = "parsed_if_there")]
    pub(crate) url: Option<Site>,
    pub(crate) api_key: Secret,
    /// For what `op-dd content` does in Datadog.
    #[serde(default)]
    pub(crate) app_key: Option<Secret>,
    /// Another management API than the site's.
    #[serde(default, deserialize_with = "parsed_if_there")]
    pub(crate) api_url: Option<Site>,
    #[serde(default = "zstd", deserialize_with = "parsed")]
    pub(crate) compression: Compression,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// How old an event may be and keep its own date; Datadog drops what is older than 18 hours.
    #[serde(default = "longest_late_after", deserialize_with = "length")]
    pub(crate) late_after: Duration,
}

impl Datadog {
    /// The settings that nobody has changed.
    pub(crate) fn new(api_key: Secret) -> Self {
        Self {
            site: None,
            url: None,
            api_key,
            app_key: None,
            api_url: None,
            compression: zstd(),
            tags: Vec::new(),
            late_after: longest_late_after(),
        }
    }
}

/// How both ends are reached.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Http {
    /// Without it, what the environment says (`HTTPS_PROXY`, `NO_PROXY` …).
    #[serde(deserialize_with = "parsed_if_there")]
    pub(crate) proxy: Option<Proxy>,
    /// How long a connection may take to come about.
    #[serde(deserialize_with = "length")]
    pub(crate) connect_timeout: Duration,
    /// How long an attempt may take as a whole.
    #[serde(deserialize_with = "length")]
    pub(crate) timeout: Duration,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Polling {
    /// From the start of one look for news to the start of the next.
    #[serde(deserialize_with = "length")]
    pub(crate) interval: Duration,
    /// How far back a stream begins that has no cursor, unless its account says otherwise.
    #[serde(deserialize_with = "length")]
    pub(crate) start: Duration,
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(10),
            start: Duration::from_secs(17 * 3600),
        }
    }
}

/// A folder that every event goes to as well, with cursors of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Archive {
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Telemetry {
    /// Where metrics and health can be asked for, if anywhere.
    #[serde(deserialize_with = "parsed_if_there")]
    pub(crate) listen: Option<SocketAddr>,
    /// How often each stream tells Datadog how it is doing.
    #[serde(deserialize_with = "length")]
    pub(crate) heartbeat: Duration,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            listen: None,
            heartbeat: Duration::from_secs(300),
        }
    }
}

/// What is particular to the logs of a feed, in all accounts.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FeedSettings {
    pub(crate) tags: Vec<String>,
    /// Fields that are taken out of every event, such as `actor_details.email`.
    pub(crate) drop: Vec<String>,
    /// Fields of which a keyed hash is sent instead.
    pub(crate) hash: Vec<String>,
    /// Whether IP addresses lose their last part.
    pub(crate) truncate_ip: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Privacy {
    /// What fields are hashed with.
    pub(crate) key: Option<Secret>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    #[serde(default)]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    /// Certificate authorities, in PEM, that are trusted besides the system's, on either side: a proxy
    /// that looks into TLS stands before both.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
}

/// What every installation of the content is to have.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    /// Files of one's own.
    #[serde(default)]
    pub(crate) dir: Option<PathBuf>,
    /// Whom rules and monitors tell.
    #[serde(default, deserialize_with = "parsed_list")]
    pub(crate) notify: Option<Vec<Notify>>,
    /// The lists that rules watch.
    #[serde(default)]
    pub(crate) watch: BTreeMap<String, Vec<String>>,
    /// Whether the pipeline is wanted although Datadog's own is there.
    #[serde(default)]
    pub(crate) with_pipeline: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    #[serde(deserialize_with = "parsed")]
    pub(crate) name: Name,
    pub(crate) token: Secret,
    #[serde(default, deserialize_with = "parsed_if_there")]
    pub(crate) region: Option<Region>,
    #[serde(default, deserialize_with = "parsed_if_there")]
    pub(crate) url: Option<Url>,
    #[serde(default, deserialize_with = "parsed_list")]
    pub(crate) feeds: Option<Vec<Feed>>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// Where a stream begins that has no cursor.
    #[serde(default, deserialize_with = "start_if_there")]
    pub(crate) start: Option<Start>,
    #[serde(default = "rate")]
    pub(crate) requests_per_second: f64,
    /// How many requests may be saved up.
    #[serde(default = "burst")]
    pub(crate) burst: u32,
}

impl Account {
    /// The settings that nobody has changed.
    pub(crate) fn new(name: Name, token: Secret) -> Self {
        Self {
            name,
            token,
            region: None,
            url: None,
            feeds: None,
            tags: Vec::new(),
            start: None,
            requests_per_second: rate(),
            burst: burst(),
        }
    }
}

const NO_DATADOG: &str = "missing field `datadog`: add [datadog] with site and api_key";

impl Config {
    /// The configuration in a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let config = Self::read_for_content(path)?;
        config
            .check()
            .map_err(|fault| Failure::configuration(format!("{}: {fault}", path.display())))?;
        Ok(config)
    }

    /// The same for what needs no account.
    pub(crate) fn read_for_content(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::configuration(format!("the configuration {shown} can't be read: {error}"))
        })?;
        let config = Self::parse(&text)
            .map_err(|fault| Failure::configuration(format!("{shown}:{fault}")))?;
        for (secret, key) in config.secrets() {
            if let Secret::Literal(_) = secret {
                tracing::warn!(
                    "{shown}: {key} is written out: better write env:NAME or file:/PATH"
                );
            }
        }
        config.warn_of_readers(path);
        config.warn_of_site();
        Ok(config)
    }

    /// One account named `default`, from environment variables that others read, too.
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        if variable("OP_EVENTS_TOKEN").is_none() && variable("DD_API_KEY").is_none() {
            return Err(Failure::configuration(
                "there is no configuration: give --config FILE, or set the environment variables \
                 OP_EVENTS_TOKEN and DD_API_KEY (and DD_SITE, unless it is datadoghq.com)",
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

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let (line, column) = place(text, error.span().map_or(0, |span| span.start));
            let message = secret::left_out_of(error.message()).replace('\n', " ");
            format!("{line}:{column}: {message}")
        })
    }

    /// What no single place in the file is wrong about.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.datadog.is_none() {
            return Err(NO_DATADOG.into());
        }
        if self.accounts.is_empty() {
            return Err("there is no account: add [[accounts]] with a name and a token".into());
        }
        let mut names = BTreeSet::new();
        for account in &self.accounts {
            if !names.insert(&account.name) {
                let name = &account.name;
                return Err(format!(
                    "two accounts are called {name}: rename one of them"
                ));
            }
        }
        Ok(())
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

/// An environment variable that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|text| !text.trim().is_empty())
}

fn zstd() -> Compression {
    Compression::Zstd
}

/// The longest: half an hour before Datadog drops a log for its date.
const fn longest_late_after() -> Duration {
    Duration::from_secs(17 * 3600 + 30 * 60)
}

const fn rate() -> f64 {
    Pacer::RATE
}

const fn burst() -> u32 {
    Pacer::BURST
}

/// Line and column of a place in a text, counted from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

fn parsed_if_there<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    parsed(deserializer).map(Some)
}

/// A time in quotes, or as TOML writes it.
fn start_if_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Start>, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// A time such as `30s`.
fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).map_err(serde::de::Error::custom)
}

fn by_feed<'de, D, T>(deserializer: D) -> Result<BTreeMap<Feed, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let by_name = BTreeMap::<String, T>::deserialize(deserializer)?;
    let by_feed = by_name
        .into_iter()
        .map(|(name, settings)| Ok((name.parse()?, settings)));
    by_feed
        .collect::<Result<_, onepassword_events::Error>>()
        .map_err(serde::de::Error::custom)
}

fn parsed_list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    let values: Result<_, _> = texts.iter().map(|text| text.parse()).collect();
    values.map(Some).map_err(serde::de::Error::custom)
}
