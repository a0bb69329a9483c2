//! From a configuration to bridges.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use datadog_logs::{ApiKey, BuildError, ReqwestTransport, Site, Tags};
use op_dd_bridge::{Bridge, BridgeBuilder, DefaultMapper, FileStore, Name, Privacy, Progress};

use crate::accounts::{Accounts, LeftOut, Member};
use crate::archive::{Archive, Connector, Place};
use crate::config::{self, BadAccount, Config, Secret};
use crate::exit::{Exit, Failure};
use crate::job::{Job, Ledger, Part, Sink};
use crate::privacy::privacy;
use crate::secrets::aside;
use crate::telemetry::{Side, Telemetry};

pub(crate) const USER_AGENT: &str = concat!("op-dd/", env!("CARGO_PKG_VERSION"));

/// How many bytes of pages each destination holds at a time, so that one that hangs takes nothing from
/// another: 24 MiB in all.
const LIVE_PAGES: usize = 12 * MIB;
const ARCHIVE_PAGES: usize = 8 * MIB;

/// How many a backfill job holds.
const JOB_PAGES: usize = 4 * MIB;

const MIB: usize = 1024 * 1024;

/// Bridges beside each other: one to Datadog, one to the archive if there is to be one, and what it takes
/// to make more of them.
pub(crate) struct Assembly {
    pub(crate) live: Arc<Bridge>,
    pub(crate) archive: Option<Arc<Bridge>>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) members: BTreeMap<Name, Member>,
    /// The accounts of the configuration that are not carried.
    pub(crate) left_out: Vec<LeftOut>,
    /// Those that are at fault there, which nothing but another start can bring back.
    pub(crate) bad: Vec<BadAccount>,
    pub(crate) observer: Observer,
    pub(crate) intake: Arc<datadog_logs::Client>,
    telemetry: Telemetry,
    config: Arc<Config>,
    privacy: Privacy,
    /// One for each place: a folder is cleared when it is opened.
    archives: Mutex<HashMap<Place, Arc<Archive>>>,
    connector: Connector,
}

pub(crate) type Observer = Arc<dyn Fn(&Progress<'_>) + Send + Sync>;

/// Puts the parts together. An account that can't be read is left out, unless all are so; the `bad` ones
/// are already.
pub(crate) fn assemble(
    config: Arc<Config>,
    bad: Vec<BadAccount>,
    store: FileStore,
    telemetry: &Telemetry,
    observer: Observer,
) -> Result<Assembly, Failure> {
    let store = Arc::new(store);
    let ca = config.ca_certificates()?;
    let datadog = config.datadog()?;
    let transport = transport(&config.http, ca.as_deref())?;
    let connector = Connector::new(transport.clone(), config.http.timeout);
    let intake = Arc::new(intake(datadog, &config.http, transport, telemetry)?);
    let privacy = privacy(&config)?;
    let tags = Tags::new(&datadog.tags)
        .map_err(|error| Failure::configuration(format!("tags of [datadog]: {error}")))?;
    let accounts = Accounts::new(Arc::clone(&config), ca.as_deref(), tags.clone(), telemetry)?;
    let (members, left_out) = accounts.open_all();
    if members.is_empty() && !left_out.is_empty() {
        return Err(all_left_out(left_out, &bad));
    }

    let telling = Arc::clone(&observer);
    let builder = Bridge::builder(intake.clone(), store.clone(), store)
        .tags(tags)
        .mapper(privacy.around(DefaultMapper::new().late_after(datadog.late_after)))
        .first_start(config.polling.start)
        .page_memory(LIVE_PAGES)
        .heartbeat(config.telemetry.heartbeat)
        .poll_interval(config.polling.interval)
        .observer(move |progress| telling(progress));
    let mut assembly = Assembly {
        live: Arc::new(build(builder, &members)?),
        archive: None,
        accounts: Arc::new(accounts),
        members: BTreeMap::new(),
        left_out,
        bad,
        observer,
        intake,
        telemetry: telemetry.clone(),
        config,
        privacy,
        archives: Mutex::default(),
        connector,
    };
    if let (Some(settings), Some(place)) =
        (&assembly.config.archive, assembly.config.archive_place())
    {
        let interval = settings.interval.max(assembly.config.polling.interval);
        let builder = assembly
            .to_archive(&place)?
            .destination(Name::ARCHIVE)
            .poll_interval(interval)
            .page_memory(ARCHIVE_PAGES)
            .heartbeat(assembly.config.telemetry.heartbeat);
        assembly.archive = Some(Arc::new(build(builder, &members)?));
    }
    for bridge in assembly.bridges() {
        telemetry.show_streams(bridge.streams());
    }
    for member in members {
        assembly.admit(member);
    }
    Ok(assembly)
}

impl Assembly {
    /// The bridges of the accounts that are open now.
    pub(crate) fn bridges(&self) -> impl Iterator<Item = &Arc<Bridge>> {
        [&self.live].into_iter().chain(&self.archive)
    }

    /// Bridges for an account that was left out, and is open now.
    pub(crate) fn join(&mut self, member: Member) -> Result<Vec<Arc<Bridge>>, Failure> {
        let heartbeat = self.config.telemetry.heartbeat;
        let members = [member];
        let bridges = self.bridges().map(|bridge| {
            let builder = bridge.beside().heartbeat(heartbeat);
            build(builder, &members).map(Arc::new)
        });
        let bridges = bridges.collect::<Result<Vec<_>, _>>()?;
        for bridge in &bridges {
            self.telemetry.show_streams(bridge.streams());
        }
        for member in members {
            self.admit(member);
        }
        Ok(bridges)
    }

    /// A bridge for a part of a job. It leaves requests to live polling.
    pub(crate) fn part(
        &self,
        job: &Job,
        part: &Part,
        member: &Member,
        ledger: &Arc<Ledger>,
    ) -> Result<Bridge, Failure> {
        let refused = |error: &dyn std::fmt::Display| Failure::configuration(error.to_string());
        let builder = match &part.sink {
            Sink::Intake => self.live.beside(),
            Sink::Archive(place) => self.to_archive(place)?,
        };
        let mut account = member
            .unhurried()
            .start(part.from.to_system_time())
            .end(part.to.to_system_time());
        if !job.asked.feeds.is_empty() {
            let feeds = job.asked.feeds.iter().copied();
            account = account.feeds(feeds).map_err(|error| refused(&error))?;
        }
        let (telling, ledger) = (Arc::clone(&self.observer), Arc::clone(ledger));
        builder
            .destination(part.name.clone())
            .page_memory(JOB_PAGES / job.parts.len())
            .observer(move |progress| {
                telling(progress);
                ledger.observe(progress);
            })
            .account(account)
            .build()
            .map_err(|error| refused(&error))
    }

    /// Whether the configuration has an account of this name.
    pub(crate) fn knows(&self, account: &Name) -> bool {
        let good = self.config.accounts.iter().map(|known| &known.name);
        let bad = self.bad.iter().filter_map(|known| known.name.as_ref());
        good.chain(bad).any(|known| known == account)
    }

    /// What a bridge to the archive in this place is made of, beside the others.
    pub(crate) fn to_archive(&self, place: &Place) -> Result<BridgeBuilder, Failure> {
        let place = place.absolute()?;
        if let (Some(archive), Some(configured)) = (&self.archive, self.config.archive_place())
            && configured.absolute()? == place
        {
            return Ok(archive.beside());
        }
        let mut archives = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        let archive = archives
            .entry(place.clone())
            .or_insert_with(|| Arc::new(Archive::at(place, self.connector.clone())));
        let archive = Arc::clone(archive);
        let mapper = self.privacy.around(DefaultMapper::new().keep_dates());
        Ok(self.live.beside().sink(archive).mapper(mapper))
    }

    fn admit(&mut self, member: Member) {
        self.left_out
            .retain(|left_out| left_out.name != *member.account.name());
        let name = member.account.name().clone();
        self.telemetry.show_account(&name, &member.client);
        self.members.insert(name, member);
    }
}

fn build(builder: BridgeBuilder, members: &[Member]) -> Result<Bridge, Failure> {
    members
        .iter()
        .fold(builder, |builder, member| {
            builder.account(member.account.clone())
        })
        .build()
        .map_err(|error| Failure::configuration(error.to_string()))
}

/// Nothing can be carried at all: the one cause if there is one, else that there are several.
fn all_left_out(left_out: Vec<LeftOut>, bad: &[BadAccount]) -> Failure {
    let mut failures: Vec<_> = left_out
        .into_iter()
        .map(|left_out| left_out.failure)
        .collect();
    let first = failures.remove(0);
    let common = failures
        .iter()
        .chain(bad.iter().map(|bad| &bad.failure))
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
pub(crate) fn open_store(folder: &Path) -> Result<FileStore, Failure> {
    Ok(FileStore::open(folder)?)
}

pub(crate) fn intake(
    settings: &config::Datadog,
    http: &config::Http,
    transport: ReqwestTransport,
    telemetry: &Telemetry,
) -> Result<datadog_logs::Client, Failure> {
    let site = settings.url.as_ref().or(settings.site.as_ref());
    let key = read_key(&settings.api_key)
        .map_err(|fault| Failure::new(Exit::ApiKey, format!("Datadog's API key: {fault}")))?;
    let secret = settings.api_key.clone();
    datadog_logs::Client::builder(key)
        .site(site.cloned().unwrap_or(Site::US1))
        .compression(settings.compression)
        .transport(Arc::new(telemetry.counted(Side::Datadog, transport)))
        .timeout(http.timeout)
        .user_agent(USER_AGENT)
        .reread_key(move || aside(read_key, secret.clone()))
        .build()
        .map_err(|error| Failure::configuration(error.to_string()))
}

/// The way to Datadog, and to an object store.
pub(crate) fn transport(
    http: &config::Http,
    ca: Option<&[u8]>,
) -> Result<ReqwestTransport, Failure> {
    let mut transport = ReqwestTransport::builder().connect_timeout(http.connect_timeout);
    if let Some(proxy) = &http.proxy {
        transport = transport.proxy(proxy.url());
    }
    if let Some(ca) = ca {
        transport = transport.ca_certificates(ca);
    }
    transport.build().map_err(|error| match error {
        BuildError::CaCertificates(_) => {
            Failure::configuration(format!("ca_file of [tls]: {error}")).because(&error)
        }
        error => Failure::configuration(error.to_string()),
    })
}

fn read_key(secret: &Secret) -> Result<ApiKey, String> {
    ApiKey::new(secret.read()?).map_err(|error| error.to_string())
}
