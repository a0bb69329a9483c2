use std::collections::{BTreeMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::datadog::index::Index;
use crate::datadog::intake::{Intake, Poison};
use crate::datadog::keys::Keys;
use crate::datadog::management::Management;
use crate::datadog::service::Service;
use crate::fault::FaultQueue;
use crate::lock::lock;
use crate::server::Server;
use crate::traffic::Traffic;
use crate::{Clock, Counts, Error, Exchange, Fault, Side};

mod index;
mod intake;
mod keys;
mod management;
mod service;

pub use intake::IntakeCounts;
pub use management::Refusal;

/// The key that is accepted if no other is given: of the right length, and plainly nobody's.
const DEFAULT_KEY: &str = "0123456789abcdef0123456789abcdef";

/// The same for the application key.
const DEFAULT_APPLICATION_KEY: &str = "0123456789abcdef0123456789abcdef01234567";

/// A fake of Datadog's log intake and of the part of its management API that installs what shows the logs, on one
/// socket of this machine.
///
/// It takes in logs, checks keys, searches the newest 1,000 logs, and keeps dashboards, detection rules, monitors and pipelines; the crate's README has
/// a table. Dropped, it stops soon after; [`stop`](Self::stop) waits for that.
#[derive(Debug)]
pub struct FakeDatadog {
    url: String,
    api_key: String,
    service: Arc<Service>,
    server: Server,
}

/// Sets up a [`FakeDatadog`].
#[derive(Debug)]
#[must_use = "nothing listens before `start`"]
pub struct FakeDatadogBuilder {
    listen: SocketAddr,
    clock: Clock,
    api_keys: Vec<String>,
    application_key: String,
    lacking: HashSet<String>,
    zstd_refusal: Option<StatusCode>,
    poison: Vec<Poison>,
    in_memory: bool,
    index_delay: Option<Duration>,
    integrates: bool,
    folder: Option<PathBuf>,
    faults: Vec<Fault>,
}

impl FakeDatadog {
    /// A fake that accepts one key, keeps the logs in memory and listens on a free port of 127.0.0.1.
    pub fn builder() -> FakeDatadogBuilder {
        FakeDatadogBuilder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Clock::default(),
            api_keys: Vec::new(),
            application_key: DEFAULT_APPLICATION_KEY.to_owned(),
            lacking: HashSet::new(),
            zstd_refusal: None,
            poison: Vec::new(),
            in_memory: true,
            index_delay: Some(Duration::ZERO),
            integrates: true,
            folder: None,
            faults: Vec::new(),
        }
    }

    /// Where it listens: `http://127.0.0.1:40124`, without a slash at the end. Real logs and real keys go to two
    /// hosts; here both are here.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens, as an address.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The first key that it was given, or the default one.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The application key, which the management API wants besides.
    pub fn application_key(&self) -> &str {
        &self.service.keys.application
    }

    /// The dashboards that clients made, as they are now, by identifier.
    pub fn dashboards(&self) -> BTreeMap<String, Value> {
        self.service.management.dashboards()
    }

    /// The detection rules that clients made, as they are now, by identifier; without those that Datadog brings, which
    /// are in the API's list.
    pub fn rules(&self) -> BTreeMap<String, Value> {
        self.service.management.rules()
    }

    /// The monitors that clients made, as they are now, by identifier.
    pub fn monitors(&self) -> BTreeMap<String, Value> {
        self.service.management.monitors()
    }

    /// The pipelines that clients made, as they are now, by identifier; without the one that Datadog brings, which is
    /// in the API's list once a log of 1Password's was kept.
    pub fn pipelines(&self) -> BTreeMap<String, Value> {
        self.service.management.pipelines()
    }

    /// Refuses a request to the management API that is yet to come.
    pub fn refuse(&self, refusal: Refusal) {
        self.service.management.refuse(refusal);
    }

    /// The logs that it kept, in order, each as one line of JSON. Without those of [`heartbeats`](Self::heartbeats).
    ///
    /// A line is the entry as it was sent, only white space between its tokens taken out: numbers, escapes, the order
    /// of the keys and a key that is there twice survive.
    pub fn logs(&self) -> Vec<Arc<str>> {
        self.service.intake.record().logs()
    }

    /// The logs that it kept and whose `ddsource` is `op-dd`, in order: what a bridge says of itself.
    pub fn heartbeats(&self) -> Vec<Arc<str>> {
        self.service.intake.record().heartbeats()
    }

    /// What became of the logs.
    pub fn intake(&self) -> IntakeCounts {
        self.service.intake.record().counts()
    }

    /// Appends to the faults that wait; those of the other side are passed over, so that both fakes can be given one
    /// script.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.service.intake.faults().extend(faults);
    }

    /// For how many requests faults are left.
    pub fn faults_left(&self) -> u64 {
        self.service.intake.faults().left()
    }

    /// Accepts a key from now on.
    pub fn accept(&self, api_key: impl Into<String>) {
        lock(&self.service.keys.api).insert(api_key.into());
    }

    /// Answers a key with 403 from now on.
    pub fn revoke(&self, api_key: &str) {
        lock(&self.service.keys.api).remove(api_key);
    }

    /// The newest requests, at most 10,000, in the order of their arrival, without their bodies.
    pub fn requests(&self) -> Vec<Exchange> {
        self.service.traffic.exchanges()
    }

    /// How many requests there were, by path and status.
    pub fn counts(&self) -> Counts {
        self.service.traffic.counts()
    }

    /// Closes the socket and all connections. When this returns, no request is being answered any more.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

impl FakeDatadogBuilder {
    /// The address to listen on; port 0, the default, takes a free one. The fake is plain HTTP: keep it on loopback.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// What the fake takes for the present, and judges the age of logs by; by default the computer's clock.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// Accepts this API key. Without any such call the fake chooses one.
    pub fn accept(mut self, api_key: impl Into<String>) -> Self {
        self.api_keys.push(api_key.into());
        self
    }

    /// Accepts this application key instead of the default one.
    pub fn application_key(mut self, key: impl Into<String>) -> Self {
        self.application_key = key.into();
        self
    }

    /// Takes a permission from the application key, `dashboards_write` for example; without any such call it has all.
    pub fn without_permission(mut self, permission: impl Into<String>) -> Self {
        self.lacking.insert(permission.into());
        self
    }

    /// Answers every zstd body with this status, 415 or 400 in practice: zstd is what Datadog's own senders use, but
    /// not in its public contract.
    pub fn refuse_zstd(mut self, status: StatusCode) -> Self {
        self.zstd_refusal = Some(status);
        self
    }

    /// Answers 400 to a request with an entry that this is true of, as Datadog does: one status for the whole batch,
    /// nothing of it kept, and no word on which entry it was. Entries are shown as [`FakeDatadog::logs`] shows them.
    /// May be called more than once.
    pub fn refuse_if(mut self, poison: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.poison.push(Poison::new(poison));
        self
    }

    /// Refuses entries that contain this text; otherwise as [`refuse_if`](Self::refuse_if).
    pub fn refuse_containing(self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.refuse_if(move |entry| entry.contains(&text))
    }

    /// Has searches find a log only so long after its receipt; by default they find it at once.
    pub fn index_after(mut self, delay: Duration) -> Self {
        self.index_delay = Some(delay);
        self
    }

    /// Has searches find nothing: no index takes the logs in, as with an exclusion filter.
    pub fn without_index(mut self) -> Self {
        self.index_delay = None;
        self
    }

    /// Leaves out Datadog's own pipeline for 1Password, which otherwise is there once a log of 1Password's was kept.
    pub fn without_integration(mut self) -> Self {
        self.integrates = false;
        self
    }

    /// Whether the kept logs can be read back from the fake; they can by default. A long run switches it off and
    /// writes files.
    pub fn in_memory(mut self, kept: bool) -> Self {
        self.in_memory = kept;
        self
    }

    /// Appends what is kept to two files in this folder, which is made if need be: `logs.ndjson` and
    /// `heartbeats.ndjson`, with the lines of [`FakeDatadog::logs`] and [`FakeDatadog::heartbeats`].
    ///
    /// A request's logs are handed to the operating system before its 202 is sent: they survive the death of the
    /// process, not that of the computer. A line that it died over is taken off by the next fake in this folder.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The first faults; those of the other side are passed over, so that both fakes can be given one script.
    pub fn script(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults.extend(faults);
        self
    }

    /// Starts to listen. The fake lives on the Tokio runtime of this call.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] if the address can't be had, [`Error::Output`] if a file can't be opened.
    pub async fn start(mut self) -> Result<FakeDatadog, Error> {
        if self.api_keys.is_empty() {
            self.api_keys.push(DEFAULT_KEY.to_owned());
        }
        let api_key = self.api_keys[0].clone();
        let service = Arc::new(Service {
            clock: self.clock,
            keys: Keys {
                api: Mutex::new(HashSet::from_iter(self.api_keys)),
                application: self.application_key,
                lacking: self.lacking,
            },
            intake: Intake::open(
                self.zstd_refusal,
                self.poison,
                self.in_memory,
                self.folder.as_deref(),
                Index::new(self.index_delay),
                FaultQueue::new(Side::Intake, self.faults),
            )?,
            management: Management::default(),
            integrates: self.integrates,
            traffic: Traffic::default(),
        });
        let server = Server::start(self.listen, Arc::clone(&service)).await?;
        let url = format!("http://{}", server.address());
        Ok(FakeDatadog {
            url,
            api_key,
            service,
            server,
        })
    }
}
