//! A source, a sink and a store that do as they are told, and a journal of what was asked of them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use datadog_logs::{LogEntry, LogSink, Receipt, Refused, Retry, SendError, SendErrorKind};
use http::{Request, Response};
use onepassword_events::TransportError;
use onepassword_events::{
    AccessToken, Client, Error, EventSource, Feed, Page, Position, Transport,
};
use op_dd_bridge::{
    Account, Bridge, BridgeBuilder, Checkpoint, CursorStore, DeadLetter, DeadLetters, MemoryStore,
    Place, StepError, StepReport, StoreError, StoreErrorKind, StreamId, Success,
};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::event::{NOW, name, text, time};
use crate::json::member;

/// Everything that a bridge deals with. It outlives bridges, as a disk outlives a process.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) journal: Journal,
    pub(crate) sink: Arc<Sink>,
    pub(crate) store: Arc<Store>,
    begun: Instant,
}

impl World {
    pub(crate) fn new() -> Self {
        let journal = Journal::new();
        Self {
            sink: Arc::new(Sink {
                journal: journal.clone(),
                replies: Mutex::default(),
                replies_to_heartbeats: Mutex::default(),
                logs: Mutex::default(),
                heartbeats: Mutex::default(),
            }),
            store: Arc::new(Store {
                journal: journal.clone(),
                kept: MemoryStore::default(),
                fates: Mutex::default(),
            }),
            begun: Instant::now(),
            journal,
        }
    }

    pub(crate) fn source(&self, account: &str, feeds: &[Feed]) -> Arc<Source> {
        Arc::new(Source {
            host: format!("{account}.example"),
            journal: self.journal.clone(),
            feeds: feeds.to_vec(),
            pages: Mutex::default(),
            answers: Mutex::default(),
            asked: Mutex::default(),
            expires: Mutex::default(),
        })
    }

    /// A bridge whose clock begins at [`NOW`] and goes as tokio's does.
    pub(crate) fn builder(&self) -> BridgeBuilder {
        let begun = self.begun;
        let clock = move || time(NOW) + begun.elapsed();
        Bridge::builder(self.sink.clone(), self.store.clone(), self.store.clone())
            .clock(Arc::new(clock))
    }

    pub(crate) fn bridge(&self, sources: &[&Arc<Source>]) -> Bridge {
        let accounts = sources.iter().map(|source| source.account());
        accounts
            .fold(self.builder(), BridgeBuilder::account)
            .build()
            .unwrap()
    }
}

/// What was asked, in its order, and when.
#[derive(Clone)]
pub(crate) struct Journal(Arc<Mutex<Vec<(Duration, String)>>>, Instant);

impl Journal {
    fn new() -> Self {
        Self(Arc::default(), Instant::now())
    }

    fn note(&self, what: String) {
        self.0.lock().unwrap().push((self.1.elapsed(), what));
    }

    /// What was asked since the last time that this was called.
    pub(crate) fn take(&self) -> Vec<String> {
        self.take_timed()
            .into_iter()
            .map(|(_, what)| what)
            .collect()
    }

    pub(crate) fn take_timed(&self) -> Vec<(Duration, String)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// When what begins like this was asked, in seconds, rounded down.
    pub(crate) fn seconds(&self, what: &str) -> Vec<u64> {
        let notes = self.0.lock().unwrap();
        let found = notes.iter().filter(|(_, note)| note.starts_with(what));
        found.map(|(at, _)| at.as_secs()).collect()
    }
}

/// Pages in a chain: `c1` is the cursor behind the first. At the end there is an empty page.
pub(crate) struct Source {
    host: String,
    journal: Journal,
    feeds: Vec<Feed>,
    pages: Mutex<BTreeMap<Feed, Vec<Vec<String>>>>,
    answers: Mutex<BTreeMap<Feed, VecDeque<Answer>>>,
    asked: Mutex<Vec<Position>>,
    expires: Mutex<Option<SystemTime>>,
}

/// What a source does instead of answering as it should.
pub(crate) enum Answer {
    /// Answers as it should.
    Well,
    /// Answers with this body.
    Body(String),
    /// Answers with this status, and asks for so many seconds.
    Status(u16, Option<u64>),
    /// Never answers.
    Never,
    /// Takes this long.
    Late(Duration, Box<Answer>),
}

impl Source {
    /// Adds a page of these events: ids, or texts of JSON values.
    pub(crate) fn page(&self, feed: Feed, events: &[&str]) {
        let events = events.iter().map(|event| json(event)).collect();
        let mut pages = self.pages.lock().unwrap();
        pages.entry(feed).or_default().push(events);
    }

    pub(crate) fn pages(&self, feed: Feed, pages: &[&[&str]]) {
        for events in pages {
            self.page(feed, events);
        }
    }

    /// Does this the next time that it is asked for this feed.
    pub(crate) fn next(&self, feed: Feed, answer: Answer) {
        let mut answers = self.answers.lock().unwrap();
        answers.entry(feed).or_default().push_back(answer);
    }

    /// Its token is good until then.
    pub(crate) fn expires(&self, at: SystemTime) {
        *self.expires.lock().unwrap() = Some(at);
    }

    /// The positions that it was asked for.
    pub(crate) fn asked(&self) -> Vec<Position> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn account(self: &Arc<Self>) -> Account {
        let account = self.host.trim_end_matches(".example");
        Account::new(name(account), self.clone())
    }

    pub(crate) fn stream(&self, feed: Feed) -> StreamId {
        StreamId {
            account: name(self.host.trim_end_matches(".example")),
            feed,
            destination: name("datadog"),
        }
    }

    fn chained(&self, feed: Feed, position: &Position) -> String {
        let index = match position {
            Position::Reset(_) => 0,
            Position::After(cursor) => cursor.as_str()[1..].parse().unwrap(),
        };
        let pages = self.pages.lock().unwrap();
        let pages = pages.get(&feed).map(Vec::as_slice).unwrap_or_default();
        match pages.get(index) {
            Some(events) => body(events, index + 1, index + 1 < pages.len()),
            None => body(&[], index, false),
        }
    }
}

#[async_trait]
impl EventSource for Source {
    async fn page(&self, feed: Feed, position: &Position) -> Result<Page, Error> {
        let place = place(position);
        self.journal
            .note(format!("ask {}/{feed} {place}", self.host));
        self.asked.lock().unwrap().push(position.clone());
        let next = self
            .answers
            .lock()
            .unwrap()
            .entry(feed)
            .or_default()
            .pop_front();
        let mut answer = next.unwrap_or(Answer::Well);
        while let Answer::Late(by, then) = answer {
            sleep(by).await;
            answer = *then;
        }
        let body = match answer {
            Answer::Body(body) => body,
            Answer::Status(status, retry_after) => return Err(refusal(status, retry_after).await),
            Answer::Never => never().await,
            Answer::Well | Answer::Late(..) => self.chained(feed, position),
        };
        Page::decode(feed, &body.into())
    }

    fn feeds(&self) -> Vec<Feed> {
        self.feeds.clone()
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn expires_at(&self) -> Option<SystemTime> {
        *self.expires.lock().unwrap()
    }
}

/// A test that waits for this has an end all the same.
async fn never() -> ! {
    sleep(Duration::from_secs(365 * 86_400)).await;
    panic!("somebody waited for what never comes");
}

/// The text of an event: itself, or one of this id.
pub(crate) fn json(event: &str) -> String {
    if event.bytes().all(|byte| byte.is_ascii_uppercase()) {
        format!(r#"{{"uuid":"{event}","timestamp":"2026-06-15T11:00:00Z"}}"#)
    } else {
        event.to_owned()
    }
}

/// A page's body.
pub(crate) fn body(events: &[String], cursor: usize, more: bool) -> String {
    let events = events.join(",");
    format!(r#"{{"cursor":"c{cursor}","has_more":{more},"items":[{events}]}}"#)
}

/// The error of a server that answers like this: only a client can make one.
async fn refusal(status: u16, retry_after: Option<u64>) -> Error {
    /// Claims an audience that is no host, and no feature.
    const TOKEN: &str =
        "eyJhbGciOiJub25lIn0.eyJhdWQiOiJjb20uMXBhc3N3b3JkLnN0cmVhbWluZ3NlcnZpY2UifQ.c2ln";

    struct Refusing(u16, Option<u64>);

    #[async_trait]
    impl Transport for Refusing {
        async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
            let mut answer = Response::builder().status(self.0);
            if let Some(seconds) = self.1 {
                answer = answer.header("retry-after", seconds);
            }
            Ok(answer.body(Bytes::new()).unwrap())
        }
    }

    let client = Client::builder(AccessToken::new(TOKEN).unwrap())
        .region(onepassword_events::Region::Us)
        .transport(Refusing(status, retry_after))
        .build()
        .unwrap();
    let position = "2026-06-15T00:00:00Z"
        .parse()
        .map(onepassword_events::Reset::new);
    let position = Position::from(position.unwrap());
    client.page(Feed::ItemUsages, &position).await.unwrap_err()
}

/// Takes logs.
pub(crate) struct Sink {
    journal: Journal,
    replies: Mutex<VecDeque<Reply>>,
    replies_to_heartbeats: Mutex<VecDeque<Reply>>,
    logs: Mutex<Vec<Vec<String>>>,
    heartbeats: Mutex<Vec<Value>>,
}

/// What a sink does instead of accepting everything.
pub(crate) enum Reply {
    /// Accepts everything.
    Accept,
    /// Accepts everything, and says what time it is.
    AcceptAt(SystemTime),
    /// Refuses these and accepts the others.
    Refuse(Vec<Refused>),
    /// Fails.
    Fail(SendError),
    /// Accepts everything, and fails all the same.
    Lose(SendError),
    /// Never replies.
    Never,
    /// Takes this long.
    Late(Duration, Box<Reply>),
}

impl Sink {
    /// Does this the next time.
    pub(crate) fn next(&self, reply: Reply) {
        self.replies.lock().unwrap().push_back(reply);
    }

    /// Does this the next time that it is sent heartbeats.
    pub(crate) fn next_heartbeat(&self, reply: Reply) {
        self.replies_to_heartbeats.lock().unwrap().push_back(reply);
    }

    /// The heartbeats that it has accepted.
    pub(crate) fn heartbeats(&self) -> Vec<Value> {
        self.heartbeats.lock().unwrap().clone()
    }

    /// What was sent, send by send, log by log, accepted or not. Heartbeats are apart.
    pub(crate) fn logs(&self) -> Vec<Vec<String>> {
        self.logs.lock().unwrap().clone()
    }

    /// How many times each id was sent.
    pub(crate) fn times_sent(&self) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        for log in self.logs().iter().flatten() {
            *times.entry(id(log)).or_default() += 1;
        }
        times
    }
}

fn value(log: &str) -> Value {
    serde_json::from_str(log).unwrap()
}

fn id(log: &str) -> String {
    let uuid = member(log, "uuid").unwrap_or("?".to_owned());
    uuid.trim_matches('"').to_owned()
}

#[async_trait]
impl LogSink for Sink {
    async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, SendError> {
        let logs: Vec<_> = entries.iter().map(text).collect();
        let are_heartbeats = entries
            .iter()
            .any(|entry| entry.source_ref() == Some("op-dd"));
        let replies = if are_heartbeats {
            self.journal.note(format!("beat {}", logs.len()));
            &self.replies_to_heartbeats
        } else {
            let ids: Vec<_> = logs.iter().map(|log| id(log)).collect();
            self.journal.note(format!("send {}", ids.join(" ")));
            &self.replies
        };
        let mut receipt = Receipt::default();
        receipt.accepted = entries.len();
        receipt.requests = 1;
        receipt.bytes = logs.iter().map(String::len).sum();
        receipt.bytes_sent = 7;
        let heartbeats: Vec<_> = logs
            .iter()
            .filter(|_| are_heartbeats)
            .map(|log| value(log))
            .collect();
        if !are_heartbeats {
            self.logs.lock().unwrap().push(logs);
        }
        let next = replies.lock().unwrap().pop_front();
        let mut reply = next.unwrap_or(Reply::Accept);
        while let Reply::Late(by, then) = reply {
            sleep(by).await;
            reply = *then;
        }
        match reply {
            Reply::Accept | Reply::Late(..) => {}
            Reply::AcceptAt(time) => receipt.server_time = Some(time),
            Reply::Refuse(refused) => {
                receipt.accepted -= refused.len();
                receipt.refused = refused;
            }
            Reply::Fail(error) => return Err(error),
            Reply::Lose(error) => {
                self.heartbeats.lock().unwrap().extend(heartbeats);
                return Err(error);
            }
            Reply::Never => never().await,
        }
        let refused = |index| receipt.refused.iter().any(|refused| refused.index == index);
        let heartbeats = (0..).zip(heartbeats).filter(|(index, _)| !refused(*index));
        let heartbeats = heartbeats.map(|(_, heartbeat)| heartbeat);
        self.heartbeats.lock().unwrap().extend(heartbeats);
        Ok(receipt)
    }
}

/// An intake that is down.
pub(crate) fn outage() -> SendError {
    SendError::new(SendErrorKind::Server).with_status(503)
}

/// An intake that refuses the key.
pub(crate) fn locked_out() -> SendError {
    SendError::new(SendErrorKind::Unauthorized).with_status(403)
}

/// An intake that asks to be left alone for so many seconds.
pub(crate) fn busy(seconds: u64) -> SendError {
    SendError::new(SendErrorKind::RateLimited)
        .with_status(429)
        .with_retry(Retry::After(Duration::from_secs(seconds)))
}

/// Keeps checkpoints and letters.
pub(crate) struct Store {
    journal: Journal,
    pub(crate) kept: MemoryStore,
    fates: Mutex<VecDeque<(&'static str, usize, Fate)>>,
}

/// What befalls a store instead of keeping what it is given.
pub(crate) enum Fate {
    /// It keeps nothing, and fails.
    Lost,
    /// It fails, but has kept it.
    KeptUnknown,
    /// Somebody else has moved the stream to this cursor.
    Moved(&'static str),
    /// It keeps nothing, and never says so.
    Never,
    /// It has kept it, and never says so.
    KeptNever,
}

impl Store {
    /// Does this the next time that it is to `commit` or to `keep`.
    pub(crate) fn next(&self, call: &'static str, fate: Fate) {
        self.later(call, 0, fate);
    }

    /// Does this when so many calls of that kind have gone well.
    pub(crate) fn later(&self, call: &'static str, well: usize, fate: Fate) {
        self.fates.lock().unwrap().push_back((call, well, fate));
    }

    /// The cursor that a stream is at, or `start`.
    pub(crate) async fn cursor(&self, stream: &StreamId) -> String {
        let checkpoint = self.kept.load(stream).await.unwrap();
        place(&checkpoint.place.unwrap().position)
    }

    /// The ids and reasons of a stream's dead letters.
    pub(crate) fn letters(&self, stream: &StreamId) -> Vec<DeadLetter> {
        self.kept.letters(stream)
    }

    fn fate(&self, call: &str) -> Option<Fate> {
        let mut fates = self.fates.lock().unwrap();
        let (_, well, _) = fates.front_mut().filter(|(of, ..)| *of == call)?;
        if *well > 0 {
            *well -= 1;
            return None;
        }
        fates.pop_front().map(|(.., fate)| fate)
    }
}

fn lost() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the disk is full")
}

#[async_trait]
impl CursorStore for Store {
    async fn load(&self, stream: &StreamId) -> Result<Checkpoint, StoreError> {
        self.journal.note("load".to_owned());
        self.kept.load(stream).await
    }

    async fn commit(&self, checkpoint: &Checkpoint, next: Place) -> Result<Checkpoint, StoreError> {
        self.journal
            .note(format!("commit {}", place(&next.position)));
        match self.fate("commit") {
            None => self.kept.commit(checkpoint, next).await,
            Some(Fate::Lost) => Err(lost()),
            Some(Fate::KeptUnknown) => {
                self.kept.commit(checkpoint, next).await?;
                Err(lost())
            }
            Some(Fate::Moved(cursor)) => {
                let body = format!(r#"{{"cursor":"{cursor}","items":[]}}"#);
                let page = Page::decode(checkpoint.stream.feed, &body.into()).unwrap();
                let place = Place {
                    position: page.cursor().clone().into(),
                    last_page: None,
                };
                self.kept.commit(checkpoint, place).await?;
                self.kept.commit(checkpoint, next).await
            }
            Some(Fate::Never) => never().await,
            Some(Fate::KeptNever) => {
                self.kept.commit(checkpoint, next).await?;
                never().await
            }
        }
    }

    async fn last_success(&self, stream: &StreamId) -> Result<Option<Success>, StoreError> {
        self.kept.last_success(stream).await
    }

    async fn note_successes(&self, successes: &[(StreamId, Success)]) -> Result<(), StoreError> {
        self.kept.note_successes(successes).await
    }
}

#[async_trait]
impl DeadLetters for Store {
    async fn keep(&self, stream: &StreamId, letters: &[DeadLetter]) -> Result<(), StoreError> {
        let ids = letters
            .iter()
            .map(|letter| letter.uuid.as_deref().unwrap_or("?"));
        self.journal
            .note(format!("keep {}", ids.collect::<Vec<_>>().join(" ")));
        match self.fate("keep") {
            Some(Fate::Never) => never().await,
            Some(_) => Err(lost()),
            None => self.kept.keep(stream, letters).await,
        }
    }
}

fn place(position: &Position) -> String {
    match position {
        Position::Reset(_) => "start".to_owned(),
        Position::After(cursor) => cursor.as_str().to_owned(),
    }
}

/// One step of a stream that there is, as soon as it may be made.
pub(crate) async fn step(bridge: &Bridge, stream: &StreamId) -> Result<StepReport, StepError> {
    loop {
        match bridge.step(stream).await.unwrap() {
            Err(StepError::Paused { wait, .. }) => sleep(wait).await,
            other => return other,
        }
    }
}
