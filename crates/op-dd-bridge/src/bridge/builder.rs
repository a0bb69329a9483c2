use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use datadog_logs::{LogSink, Tags};
use tokio::sync::Mutex;

use super::budget::Budget;
use super::clock::Clock;
use super::gate::Gate;
use super::intake::Intake;
use super::lane::Lane;
use super::reader::Reader;
use super::{Bridge, BridgeError, Observer, Progress, Stream};
use crate::{Account, Context, CursorStore, DeadLetters, DefaultMapper, Mapper, Name, StreamId};

/// Settings of a [`Bridge`].
#[must_use]
pub struct BridgeBuilder {
    sink: Arc<dyn LogSink>,
    store: Arc<dyn CursorStore>,
    dead_letters: Arc<dyn DeadLetters>,
    mapper: Arc<dyn Mapper>,
    accounts: Vec<Account>,
    tags: Tags,
    destination: Name,
    poll_interval: Duration,
    page_memory: usize,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    observer: Option<Observer>,
}

impl BridgeBuilder {
    pub(super) fn new(
        sink: Arc<dyn LogSink>,
        store: Arc<dyn CursorStore>,
        dead_letters: Arc<dyn DeadLetters>,
    ) -> Self {
        Self {
            sink,
            store,
            dead_letters,
            mapper: Arc::new(DefaultMapper::new()),
            accounts: Vec::new(),
            tags: Tags::default(),
            destination: Name::DATADOG,
            poll_interval: Duration::from_secs(10),
            page_memory: 24 * 1024 * 1024,
            clock: Arc::new(SystemTime::now),
            observer: None,
        }
    }

    /// Carries this account's events, too.
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// Sets these tags on all logs.
    pub fn tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// Maps events in your own way.
    pub fn mapper(mut self, mapper: impl Mapper + 'static) -> Self {
        self.mapper = Arc::new(mapper);
        self
    }

    /// Names the sink, so that streams to different sinks keep different cursors. `datadog`, unless
    /// set.
    pub fn destination(mut self, destination: Name) -> Self {
        self.destination = destination;
        self
    }

    /// How often [`run`](Bridge::run) asks a feed for news, from start to start. 10 s, unless set; a day
    /// at the most.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval.min(Duration::from_secs(86_400));
        self
    }

    /// How many bytes of pages are held at a time, over all streams. A page that finds no room is let
    /// go, and read again when there is. 24 MiB, unless set; a single page may be larger.
    pub fn page_memory(mut self, bytes: usize) -> Self {
        self.page_memory = bytes;
        self
    }

    /// Takes the time from here instead of the machine's clock.
    pub fn clock(mut self, clock: Arc<dyn Fn() -> SystemTime + Send + Sync>) -> Self {
        self.clock = clock;
        self
    }

    /// Tells of every step and every failure as it happens. It is called in the middle of the work,
    /// so it should be quick.
    pub fn observer(mut self, observer: impl Fn(&Progress<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The bridge. Nothing is read, sent or stored yet.
    ///
    /// # Errors
    ///
    /// See [`BridgeError`].
    pub fn build(self) -> Result<Bridge, BridgeError> {
        if self.accounts.is_empty() {
            return Err(BridgeError::NoAccount);
        }
        let clock = Clock::new(self.clock);
        let budget = Budget::new(self.page_memory);
        let mut names = BTreeSet::new();
        let mut streams = Vec::new();
        for account in self.accounts {
            if !names.insert(account.name.clone()) {
                return Err(BridgeError::TwiceNamed(account.name));
            }
            if account.feeds.is_empty() {
                return Err(BridgeError::NoFeed(account.name));
            }
            let gate = Arc::new(Gate::open());
            let host: Arc<str> = account.source.host().into();
            for &feed in &account.feeds {
                let context = self
                    .tags
                    .join(&account.tags)
                    .and_then(|tags| {
                        let name = account.name.clone();
                        Context::new(name, feed, host.clone(), &tags, clock.now())
                    })
                    .map_err(|fault| BridgeError::Tags {
                        account: account.name.clone(),
                        fault,
                    })?;
                let id = StreamId {
                    account: account.name.clone(),
                    feed,
                    destination: self.destination.clone(),
                };
                let reader = Reader {
                    source: Arc::clone(&account.source),
                    feed,
                    account: Arc::clone(&gate),
                    clock: clock.clone(),
                    budget: budget.clone(),
                };
                let lane = Lane::new(id.clone(), reader, account.start, context);
                streams.push(Stream {
                    id,
                    lane: Mutex::new(lane),
                });
            }
        }
        Ok(Bridge {
            intake: Intake::new(self.sink),
            store: self.store,
            dead_letters: self.dead_letters,
            mapper: self.mapper,
            clock,
            poll_interval: self.poll_interval,
            observer: self.observer,
            streams,
        })
    }
}

impl fmt::Debug for BridgeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BridgeBuilder")
            .field("accounts", &self.accounts)
            .field("tags", &self.tags)
            .field("destination", &self.destination)
            .field("poll_interval", &self.poll_interval)
            .field("page_memory", &self.page_memory)
            .finish_non_exhaustive()
    }
}
