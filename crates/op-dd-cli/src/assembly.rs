//! From a configuration to a bridge.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::SystemTime;

use datadog_logs::{ApiKey, BuildError, Site, Tags};
use onepassword_events::{AccessToken, ErrorKind, EventSource as _, Feed, Pacer};
use op_dd_bridge::{Account, Bridge, Context, FileStore, Progress, StoreErrorKind};

use crate::config::{self, Config, Secret, Start};
use crate::exit::{Exit, Failure};
use crate::telemetry::Telemetry;

const USER_AGENT: &str = concat!("op-dd/", env!("CARGO_PKG_VERSION"));

/// A bridge with its client of the intake, and the accounts of the configuration that it doesn't carry,
/// with the reasons.
pub(crate) struct Assembly {
    pub(crate) bridge: Bridge,
    pub(crate) intake: Arc<datadog_logs::Client>,
    pub(crate) left_out: Vec<Failure>,
}

/// Puts the parts together. An account that can't be read is left out, unless all are so.
pub(crate) fn assemble(
    config: &Config,
    store: FileStore,
    telemetry: &Telemetry,
    observer: impl Fn(&Progress<'_>) + Send + Sync + 'static,
) -> Result<Assembly, Failure> {
    let store = Arc::new(store);
    let ca = config.ca_certificates()?;
    let datadog = config.datadog()?;
    let intake = Arc::new(intake(datadog, &config.http, ca.as_deref())?);
    let tags = Tags::new(&datadog.tags)
        .map_err(|error| Failure::configuration(format!("tags of [datadog]: {error}")))?;

    let mut pacers = HashMap::new();
    let mut left_out = Vec::new();
    let mut builder = Bridge::builder(intake.clone(), store.clone(), store)
        .tags(tags.clone())
        .heartbeat(config.telemetry.heartbeat)
        .poll_interval(config.polling.interval)
        .observer(observer);
    for settings in &config.accounts {
        match account(settings, config, ca.as_deref(), &tags, &mut pacers) {
            Ok((account, client)) => {
                telemetry.show_account(account.name(), &client);
                builder = builder.account(account);
            }
            Err(failure) => left_out.push(failure),
        }
    }
    if left_out.len() == config.accounts.len() && !left_out.is_empty() {
        return Err(all_left_out(left_out));
    }
    let bridge = builder
        .build()
        .map_err(|error| Failure::configuration(error.to_string()))?;
    Ok(Assembly {
        bridge,
        intake,
        left_out,
    })
}

/// Nothing can be carried at all: the one cause if there is one, else that there are several.
fn all_left_out(mut failures: Vec<Failure>) -> Failure {
    let first = failures.remove(0);
    let common = failures
        .iter()
        .all(|failure| failure.exit() == first.exit());
    for failure in &failures {
        tracing::error!("{failure}");
    }
    if common {
        first
    } else {
        Failure::new(Exit::Partial, first.to_string())
    }
}

/// Takes the state folder for this process.
pub(crate) fn open_store(folder: &std::path::Path) -> Result<FileStore, Failure> {
    FileStore::open(folder).map_err(|error| {
        let exit = match error.kind() {
            StoreErrorKind::Held => Exit::Held,
            _ => Exit::StateFolder,
        };
        Failure::new(exit, error.to_string())
    })
}

fn intake(
    settings: &config::Datadog,
    http: &config::Http,
    ca: Option<&[u8]>,
) -> Result<datadog_logs::Client, Failure> {
    let site = settings.url.as_ref().or(settings.site.as_ref());
    let key = read_key(&settings.api_key)
        .map_err(|fault| Failure::new(Exit::ApiKey, format!("Datadog's API key: {fault}")))?;
    let secret = settings.api_key.clone();
    let mut client = datadog_logs::Client::builder(key)
        .site(site.cloned().unwrap_or(Site::US1))
        .compression(settings.compression)
        .connect_timeout(http.connect_timeout)
        .timeout(http.timeout)
        .user_agent(USER_AGENT)
        .reread_key(move || aside(read_key, secret.clone()));
    if let Some(ca) = ca {
        client = client.ca_certificates(ca);
    }
    client.build().map_err(|error| match error {
        BuildError::CaCertificates(_) => {
            Failure::configuration(format!("ca_file of [tls]: {error}")).because(&error)
        }
        error => Failure::configuration(error.to_string()),
    })
}

/// An account of the configuration. 1Password counts requests by its own accounts, so those that are
/// the same over there share a pacer, whatever they are called here.
fn account(
    settings: &config::Account,
    config: &Config,
    ca: Option<&[u8]>,
    common_tags: &Tags,
    pacers: &mut HashMap<String, Pacer>,
) -> Result<(Account, onepassword_events::Client), Failure> {
    let name = &settings.name;
    let failure = |exit, fault: &dyn std::fmt::Display| {
        Failure::new(exit, format!("account {name}: {fault}"))
    };
    let token = read_token(&settings.token).map_err(|fault| failure(Exit::Token, &fault))?;
    let pacer = pacers
        .entry(account_key(&token))
        .or_insert_with(|| Pacer::new(settings.requests_per_second, settings.burst))
        .clone();
    let secret = settings.token.clone();
    let mut client = onepassword_events::Client::builder(token)
        .user_agent(USER_AGENT)
        .pacer(pacer)
        .connect_timeout(config.http.connect_timeout)
        .timeout(config.http.timeout)
        .reread_token(move || aside(read_token, secret.clone()));
    if let Some(region) = settings.region {
        client = client.region(region);
    }
    if let Some(url) = &settings.url {
        client = client.url(url.clone());
    }
    if let Some(ca) = ca {
        client = client.ca_certificates(ca);
    }
    let client = client.build().map_err(|error| {
        let exit = match error.kind() {
            ErrorKind::Token => Exit::Token,
            _ => Exit::Configuration,
        };
        failure(exit, &error)
    })?;
    if client.feeds().is_empty() {
        let fault = "the token allows none of the feeds signinattempts, itemusages, auditevents: \
                     issue one that does";
        return Err(failure(Exit::Token, &fault));
    }
    let tags = Tags::new(&settings.tags)
        .and_then(|tags| {
            // The bridge joins them, too, but there one account's would stop the others.
            let all = common_tags.join(&tags)?;
            let now = SystemTime::now();
            Context::new(name.clone(), Feed::SignInAttempts, client.host(), &all, now)?;
            Ok(tags)
        })
        .map_err(|error| failure(Exit::Configuration, &error))?;
    let mut account = Account::new(name.clone(), Arc::new(client.clone())).tags(tags);
    if let Some(feeds) = &settings.feeds {
        if feeds.is_empty() {
            let fault = "feeds is empty: name one, or take it out to read all";
            return Err(failure(Exit::Configuration, &fault));
        }
        account = account
            .feeds(feeds.iter().copied())
            .map_err(|error| Failure::new(Exit::Token, error.to_string()))?;
    }
    let start = settings
        .start
        .clone()
        .unwrap_or(Start::Ago(config.polling.start));
    Ok((account.start(start.time(SystemTime::now())), client))
}

/// Which account of 1Password's a token is of: its id where the token says, else the token itself, of
/// which a hash is enough.
fn account_key(token: &AccessToken) -> String {
    let hash = || {
        let mut hasher = DefaultHasher::new();
        token.expose_secret().hash(&mut hasher);
        hasher.finish().to_string()
    };
    let uuid = token.claims().account_uuid();
    uuid.map_or_else(hash, ToOwned::to_owned)
}

/// Reads a secret where a slow disk keeps nothing else from going on.
async fn aside<T: Send + 'static>(
    read: fn(&Secret) -> Result<T, String>,
    secret: Secret,
) -> Result<T, String> {
    let reading = tokio::task::spawn_blocking(move || read(&secret));
    reading.await.map_err(|error| error.to_string())?
}

fn read_token(secret: &Secret) -> Result<AccessToken, String> {
    AccessToken::new(secret.read()?).map_err(|error| error.to_string())
}

fn read_key(secret: &Secret) -> Result<ApiKey, String> {
    ApiKey::new(secret.read()?).map_err(|error| error.to_string())
}
