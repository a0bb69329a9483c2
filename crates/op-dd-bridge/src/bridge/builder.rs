use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use datadog_logs::{LogSink, Tags};
use tokio::sync::Mutex;

use super::budget::Budget;
use super::clock::Clock;
use super::gate::Gate;
use super::heartbeat::Heartbeat;
use super::intake::Intake;
use super::lane::Lane;
use super::pulse::Pulse;
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
    heartbeat: Option<Heartbeat>,
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
            heartbeat: None,
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

    /// Tells the sink in this interval, from a second to a day, and whenever [`run`](Bridge::run) or
    /// [`drain`](Bridge::drain) ends, how each stream is doing: one log for each stream, beside the
    /// logs of events. It is not told, unless set.
    ///
    /// The log has the source and service `op-dd`, the stream's tags, and these attributes:
    ///
    /// | attribute | what it says |
    /// | --- | --- |
    /// | `evt.name` | `heartbeat` |
    /// | `onepassword.account`, `onepassword.feed`, `op_dd.destination` | the stream |
    /// | `op_dd.pages`, `op_dd.events` | pages that were committed, empty ones too, and their events |
    /// | `op_dd.late`, `op_dd.refused` | of those, the ones that were dated anew, and the dead letters |
    /// | `op_dd.first_uuid`, `op_dd.last_uuid` | the first and the last of those events |
    /// | `op_dd.lag_event_s` | how old the last of them was when it was accepted |
    /// | `op_dd.since_success_s` | how long ago a step of it last went well, in this process or, as far as the store [knows](CursorStore::last_success), in one before |
    /// | `op_dd.token_expires_in_s` | how long the account's token is good for; negative once it is over |
    /// | `op_dd.version` | of this crate |
    ///
    /// What isn't known is left out. It counts what came since the last one that was accepted, in this
    /// process: one that is not accepted is not sent again, and the next counts its share, too. If an
    /// answer got lost, both may have arrived: then they have the same `first_uuid`, and the later counts
    /// for both. Its status is `warn` if the stream fails, and nothing went well since the last one.
    ///
    /// It is sent beside the logs of events, waits for none of them, and is given up after four seconds.
    /// When a bridge is told to stop, none keeps it for longer than eight seconds after that, and what
    /// comes later is not told.
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.heartbeat = Some(Heartbeat::new(interval));
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
                let tags = context.tags().clone();
                let pulse = Pulse::new(Arc::clone(&account.source), tags);
                let lane = Lane::new(id.clone(), reader, account.start, context);
                streams.push(Stream {
                    id,
                    lane: Mutex::new(lane),
                    pulse,
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
            heartbeat: self.heartbeat,
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
            .field("heartbeat", &self.heartbeat)
            .finish_non_exhaustive()
    }
}
