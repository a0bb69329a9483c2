use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use datadog_logs::{LogSink, Tags};
use tokio::sync::Mutex;

use crate::{Account, Context, CursorStore, DeadLetters, DefaultMapper, Mapper, Name, StreamId};

mod accepted;
mod alarms;
mod clock;
mod error;
mod gate;
mod lane;
mod reader;
mod report;
mod run;
mod trouble;

use clock::Clock;
pub use error::{BridgeError, Scope, StepError};
use gate::Gate;
use lane::Lane;
use reader::Reader;
pub use report::StepReport;
pub use run::{Drained, Outcome, Progress};

/// How far back a stream begins that nothing was committed of, unless its account says otherwise: less
/// than [`WINDOW_BEHIND`](crate::WINDOW_BEHIND), so that nothing of a first start is late.
const FIRST_START: Duration = Duration::from_secs(17 * 3600);

/// Carries events from accounts to a sink, page by page, and loses none.
///
/// A page goes this way: the stream's checkpoint, one page from the source, each event through the
/// mapper, all of them to the sink, and when the sink has accepted them, the new place to the store.
/// Nothing is queued in between: while Datadog is down, the events stay with 1Password.
///
/// [`step`](Self::step) does this once for one stream; [`drain`](Self::drain) does it until there is
/// nothing more at present; [`run`](Self::run) goes on for ever. Nothing is spawned: drop the future,
/// at any time, and the work stops; what was accepted but not yet committed is then sent once more
/// after the next start.
pub struct Bridge {
    sink: Arc<dyn LogSink>,
    store: Arc<dyn CursorStore>,
    dead_letters: Arc<dyn DeadLetters>,
    mapper: Arc<dyn Mapper>,
    clock: Clock,
    poll_interval: Duration,
    observer: Option<Observer>,
    intake: Gate,
    streams: Vec<Stream>,
}

type Observer = Arc<dyn Fn(&Progress<'_>) + Send + Sync>;

/// One stream: what it is, and how far it is.
struct Stream {
    id: StreamId,
    lane: Mutex<Lane>,
}

impl Bridge {
    /// A bridge that keeps its place in `store`, and the events that it can't deliver in
    /// `dead_letters`, which may be the same.
    pub fn builder(
        sink: Arc<dyn LogSink>,
        store: Arc<dyn CursorStore>,
        dead_letters: Arc<dyn DeadLetters>,
    ) -> BridgeBuilder {
        BridgeBuilder {
            sink,
            store,
            dead_letters,
            mapper: Arc::new(DefaultMapper::new()),
            accounts: Vec::new(),
            tags: Tags::default(),
            destination: Name::DATADOG,
            poll_interval: Duration::from_secs(10),
            clock: Arc::new(SystemTime::now),
            observer: None,
        }
    }

    /// The streams, in the order of their accounts.
    pub fn streams(&self) -> impl Iterator<Item = &StreamId> {
        self.streams.iter().map(|stream| &stream.id)
    }

    /// Carries one page of a stream, in one attempt at each of its parts: the wait before another is
    /// the caller's.
    ///
    /// Returns none if there is no such stream. Steps of one stream wait for one another; those of
    /// different streams may go on at the same time.
    ///
    /// # Errors
    ///
    /// [`StepError`] says what failed. The cursor has not moved, and the next step begins anew. If a
    /// server asked to be left alone, the next steps of all streams that it concerns fail with
    /// [`StepError::Paused`] until that time is over.
    pub async fn step(&self, stream: &StreamId) -> Option<Result<StepReport, StepError>> {
        let stream = self.streams.iter().find(|known| known.id == *stream)?;
        Some(self.step_of(stream).await)
    }

    async fn step_of(&self, stream: &Stream) -> Result<StepReport, StepError> {
        let mut lane = stream.lane.lock().await;
        lane.step(self).await
    }
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bridge")
            .field("streams", &self.streams().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

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
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    observer: Option<Observer>,
}

impl BridgeBuilder {
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
                let source = Arc::clone(&account.source);
                let reader = Reader::new(source, feed, Arc::clone(&gate), clock.clone());
                let lane = Lane::new(id.clone(), reader, account.start, context);
                streams.push(Stream {
                    id,
                    lane: Mutex::new(lane),
                });
            }
        }
        Ok(Bridge {
            sink: self.sink,
            store: self.store,
            dead_letters: self.dead_letters,
            mapper: self.mapper,
            clock,
            poll_interval: self.poll_interval,
            observer: self.observer,
            intake: Gate::open(),
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
            .finish_non_exhaustive()
    }
}
