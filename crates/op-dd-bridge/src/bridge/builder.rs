use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use datadog_logs::{LogSink, Tags};
use tokio::sync::Mutex;

use super::budget::Budget;
use super::clock::Clock;
use super::heartbeat::Heartbeat;
use super::intake::Intake;
use super::lane::Lane;
use super::pulse::Pulse;
use super::reader::Reader;
use super::settings::Settings;
use super::{Bridge, BridgeError, Progress, Stream};
use crate::{Account, Context, CursorStore, DeadLetters, Mapper, Name, StreamId};

/// Settings of a [`Bridge`].
#[must_use]
pub struct BridgeBuilder {
    settings: Settings,
    sink: Sink,
    /// Where heartbeats go, unless it is where the pages go.
    listener: Option<Arc<Intake>>,
    heartbeat: Option<Heartbeat>,
    accounts: Vec<Account>,
}

enum Sink {
    Own(Arc<dyn LogSink>),
    Shared(Arc<Intake>),
}

impl BridgeBuilder {
    pub(super) fn new(
        sink: Arc<dyn LogSink>,
        store: Arc<dyn CursorStore>,
        dead_letters: Arc<dyn DeadLetters>,
    ) -> Self {
        Self {
            settings: Settings::new(store, dead_letters),
            sink: Sink::Own(sink),
            listener: None,
            heartbeat: None,
            accounts: Vec::new(),
        }
    }

    pub(super) fn beside(bridge: &Bridge) -> Self {
        Self {
            settings: bridge.settings.clone(),
            sink: Sink::Shared(Arc::clone(&bridge.intake)),
            listener: Some(Arc::clone(&bridge.listener)),
            heartbeat: None,
            accounts: Vec::new(),
        }
    }

    /// Sends to this sink instead. Give it a [destination](Self::destination) of its own.
    pub fn sink(mut self, sink: Arc<dyn LogSink>) -> Self {
        self.sink = Sink::Own(sink);
        self
    }

    /// Carries this account's events, too.
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// Sets these tags on all logs.
    pub fn tags(mut self, tags: Tags) -> Self {
        self.settings.tags = tags;
        self
    }

    /// Maps events in your own way.
    pub fn mapper(mut self, mapper: impl Mapper + 'static) -> Self {
        self.settings.mapper = Arc::new(mapper);
        self
    }

    /// Names the sink, so that streams to different sinks keep different cursors. `datadog`, unless
    /// set.
    pub fn destination(mut self, destination: Name) -> Self {
        self.settings.destination = destination;
        self
    }

    /// How often [`run`](Bridge::run) asks a feed for news, from start to start. 10 s, unless set; a day
    /// at the most.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.settings.poll_interval = interval.min(Duration::from_secs(86_400));
        self
    }

    /// How far back a stream begins that nothing was committed of, unless its account says
    /// [when](Account::start). 17 hours, unless set: less than Datadog's window, so that nothing of it is
    /// late.
    pub fn first_start(mut self, back: Duration) -> Self {
        self.settings.first_start = back;
        self
    }

    /// How many bytes of pages are held at a time, over all streams. A page that finds no room is let
    /// go, and read again when there is. 24 MiB, unless set; a single page may be larger.
    ///
    /// A bridge that is made [beside](Bridge::beside) another shares its room unless this is set: then it
    /// has so much of its own, and what it waits with keeps nothing from the other.
    pub fn page_memory(mut self, bytes: usize) -> Self {
        self.settings.budget = Budget::new(bytes);
        self
    }

    /// Tells the intake in this interval, from a second to a day, and whenever [`run`](Bridge::run) or
    /// [`drain`](Bridge::drain) ends, how each stream is doing: one log for each stream, beside the
    /// logs of events. It is not told, unless set. The intake is the sink, or the first bridge's, for one
    /// that was made [beside](Bridge::beside) another.
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
        self.settings.clock = Clock::new(clock);
        self
    }

    /// Tells of every step and every failure as it happens. It is called in the middle of the work,
    /// so it should be quick.
    pub fn observer(mut self, observer: impl Fn(&Progress<'_>) + Send + Sync + 'static) -> Self {
        self.settings.observer = Some(Arc::new(observer));
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
        let settings = self.settings;
        let mut names = BTreeSet::new();
        let mut streams = Vec::new();
        for account in self.accounts {
            if !names.insert(account.name.clone()) {
                return Err(BridgeError::TwiceNamed(account.name));
            }
            if account.feeds.is_empty() {
                return Err(BridgeError::NoFeed(account.name));
            }
            let host: Arc<str> = account.source.host().into();
            for &feed in &account.feeds {
                let of_feed = account.feed_tags.get(&feed).cloned().unwrap_or_default();
                let context = settings
                    .tags
                    .join(&account.tags)
                    .and_then(|tags| tags.join(&of_feed))
                    .and_then(|tags| {
                        let name = account.name.clone();
                        Context::new(name, feed, host.clone(), &tags, settings.clock.now())
                    })
                    .map_err(|fault| BridgeError::Tags {
                        account: account.name.clone(),
                        fault,
                    })?;
                let id = StreamId {
                    account: account.name.clone(),
                    feed,
                    destination: settings.destination.clone(),
                };
                let reader = Reader {
                    source: Arc::clone(&account.source),
                    feed,
                    account: account.gate.clone(),
                    clock: settings.clock.clone(),
                    budget: settings.budget.clone(),
                };
                let tags = context.tags().clone();
                let pulse = Pulse::new(Arc::clone(&account.source), tags);
                let lane = Lane::new(id.clone(), reader, account.window.clone(), context);
                streams.push(Stream {
                    id,
                    lane: Mutex::new(lane),
                    pulse,
                });
            }
        }
        let intake = match self.sink {
            Sink::Own(sink) => Arc::new(Intake::new(settings.destination.clone(), sink)),
            Sink::Shared(intake) => intake,
        };
        Ok(Bridge {
            listener: self.listener.unwrap_or_else(|| Arc::clone(&intake)),
            intake,
            heartbeat: self.heartbeat,
            settings,
            streams,
        })
    }
}

impl fmt::Debug for BridgeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BridgeBuilder")
            .field("accounts", &self.accounts)
            .field("tags", &self.settings.tags)
            .field("destination", &self.settings.destination)
            .field("poll_interval", &self.settings.poll_interval)
            .field("heartbeat", &self.heartbeat)
            .finish_non_exhaustive()
    }
}
