use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use datadog_logs::Tags;
use onepassword_events::{
    AccessToken, Client, ErrorKind, EventSource as _, Feed, Pacer, ReqwestTransport, RetryPolicy,
};
use op_dd_bridge::{Account, Context, Gate, Name};

use crate::config::{self, Config, Secret};
use crate::exit::{Exit, Failure};
use crate::secrets::aside;
use crate::telemetry::{Counted, Side, Telemetry};

const USER_AGENT: &str = concat!("op-dd/", env!("CARGO_PKG_VERSION"));

/// The accounts of the configuration, to be opened one by one, and again if that failed.
pub(crate) struct Accounts {
    config: Arc<Config>,
    /// One for all: they share their connections, and what is trusted is read once.
    transport: Counted<ReqwestTransport>,
    tags: Tags,
    feed_tags: BTreeMap<Feed, Tags>,
    /// 1Password counts requests by its own accounts, so those that are the same over there share their
    /// limits, whatever they are called here. The stricter ones count.
    limits: Mutex<HashMap<String, Limits>>,
}

/// How often an account of 1Password's is asked, and for how long it is left alone.
#[derive(Clone)]
struct Limits {
    pacer: Pacer,
    gate: Gate,
}

/// An account that is open, and the client that reads it.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) account: Account,
    pub(crate) client: Client,
}

/// How many requests of an account backfills leave to live polling: a few rounds of all feeds.
const RESERVE: u32 = 10;

impl Member {
    /// The account, read by a client that has time.
    pub(crate) fn unhurried(&self) -> Account {
        let pacer = self.client.pacer().reserving(RESERVE);
        let client = self.client.with_pacer(pacer);
        self.account.clone().source(Arc::new(client))
    }
}

/// An account that could not be opened, and why.
pub(crate) struct LeftOut {
    pub(crate) name: Name,
    pub(crate) failure: Failure,
}

impl Accounts {
    /// Those of the configuration, whose logs all have these tags.
    pub(crate) fn new(
        config: Arc<Config>,
        ca: Option<&[u8]>,
        tags: Tags,
        telemetry: &Telemetry,
    ) -> Result<Self, Failure> {
        let transport = transport(&config.http, ca)?;
        let mut feed_tags = BTreeMap::new();
        for (feed, settings) in &config.feeds {
            let tags = Tags::new(&settings.tags).map_err(|error| {
                Failure::configuration(format!("tags of [feeds.{feed}]: {error}"))
            })?;
            feed_tags.insert(*feed, tags);
        }
        Ok(Self {
            config,
            transport: telemetry.counted(Side::OnePassword, transport),
            tags,
            feed_tags,
            limits: Mutex::default(),
        })
    }

    /// Opens all that can be.
    pub(crate) fn open_all(&self) -> (Vec<Member>, Vec<LeftOut>) {
        let (mut members, mut left_out) = (Vec::new(), Vec::new());
        let accounts = &self.config.accounts;
        let tokens: Vec<_> = accounts.iter().map(|account| &account.token).collect();
        for (settings, token) in accounts.iter().zip(Secret::read_all(&tokens)) {
            match self.open(settings, token) {
                Ok(member) => members.push(member),
                Err(failure) => left_out.push(LeftOut {
                    name: settings.name.clone(),
                    failure,
                }),
            }
        }
        (members, left_out)
    }

    /// Opens the one of this name.
    pub(crate) fn open_named(&self, name: &Name) -> Result<Member, Failure> {
        let mut accounts = self.config.accounts.iter();
        match accounts.find(|account| account.name == *name) {
            Some(settings) => self.open(settings, settings.token.read()),
            None => Err(Failure::configuration(format!(
                "there is no account {name} in the configuration: add it to [[accounts]]"
            ))),
        }
    }

    fn open(
        &self,
        settings: &config::Account,
        token: Result<String, String>,
    ) -> Result<Member, Failure> {
        let name = &settings.name;
        let failure = |exit, fault: &dyn std::fmt::Display| {
            Failure::new(exit, format!("account {name}: {fault}"))
        };
        let token = token
            .and_then(token_of)
            .map_err(|fault| failure(Exit::Token, &fault))?;
        let Limits { pacer, gate } = self.limits(&token, settings);
        let secret = settings.token.clone();
        // The bridge does its own waiting, and who only asks wants to be told at once.
        let mut retries = RetryPolicy::default();
        retries.attempts = 0;
        let mut client = Client::builder(token)
            .user_agent(USER_AGENT)
            .pacer(pacer)
            .transport(self.transport.clone())
            .timeout(self.config.http.timeout)
            .retries(retries)
            .reread_token(move || aside(read_token, secret.clone()));
        if let Some(region) = settings.region {
            client = client.region(region);
        }
        if let Some(url) = &settings.url {
            client = client.url(url.clone());
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
            .and_then(|tags| self.check_tags(&client, settings, &tags).map(|()| tags))
            .map_err(|error| failure(Exit::Configuration, &error))?;
        let mut account = Account::new(name.clone(), Arc::new(client.clone()))
            .gate(gate)
            .tags(tags);
        for (feed, tags) in &self.feed_tags {
            account = account.feed_tags(*feed, tags.clone());
        }
        if let Some(feeds) = &settings.feeds {
            account = account
                .feeds(feeds.iter().copied())
                .map_err(|error| Failure::new(Exit::Token, error.to_string()))?;
        }
        if let Some(start) = &settings.start {
            account = account.start(start.time(SystemTime::now()));
        }
        Ok(Member { account, client })
    }

    fn limits(&self, token: &AccessToken, settings: &config::Account) -> Limits {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let (rate, burst) = (settings.requests_per_second, settings.burst);
        let limits = limits.entry(account_key(token)).or_insert_with(|| Limits {
            pacer: Pacer::new(rate, burst),
            gate: Gate::default(),
        });
        limits.pacer.tighten(rate, burst);
        limits.clone()
    }

    /// The bridge joins them, too, but there one account's would stop the others.
    fn check_tags(
        &self,
        client: &Client,
        settings: &config::Account,
        tags: &Tags,
    ) -> Result<(), datadog_logs::TagsError> {
        for feed in Feed::ALL {
            let mut all = self.tags.join(tags)?;
            if let Some(tags) = self.feed_tags.get(&feed) {
                all = all.join(tags)?;
            }
            let (name, now) = (settings.name.clone(), SystemTime::now());
            Context::new(name, feed, client.host(), &all, now)?;
        }
        Ok(())
    }
}

fn transport(settings: &config::Http, ca: Option<&[u8]>) -> Result<ReqwestTransport, Failure> {
    let mut transport = ReqwestTransport::builder().connect_timeout(settings.connect_timeout);
    if let Some(proxy) = &settings.proxy {
        transport = transport.proxy(proxy.url());
    }
    if let Some(ca) = ca {
        transport = transport.ca_certificates(ca);
    }
    transport
        .build()
        .map_err(|error| Failure::configuration(error.to_string()).because(&error))
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

fn read_token(secret: &Secret) -> Result<AccessToken, String> {
    secret.read().and_then(token_of)
}

fn token_of(text: String) -> Result<AccessToken, String> {
    AccessToken::new(text).map_err(|error| error.to_string())
}
