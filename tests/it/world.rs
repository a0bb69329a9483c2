//! A small world: both fakes on real sockets, the real clients, and a bridge between them.

#![expect(
    clippy::unwrap_used,
    reason = "a world that can't be set up should fail its test"
)]
#![expect(
    clippy::print_stderr,
    reason = "a check that was left out should be seen"
)]

use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use datadog_logs::{ApiKey, Compression, Site};
use onepassword_events::{AccessToken, Feed, Pacer, Position, Timestamp};
use op_dd_bridge::{
    Account, Bridge, BridgeBuilder, Checkpoint, CursorStore, DeadLetter, DeadLetters, Drained,
    MemoryStore, Name, Outcome, Place, StepError, StepReport, StoreError, StreamId,
};
use op_dd_fakes::{
    Event, FakeDatadog, FakeDatadogBuilder, FakeEvents, FakeEventsBuilder, FaultScript,
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// Long enough for every drain that is to come to its end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// The name of a world's account.
pub(crate) const ACCOUNT: &str = "acme";

/// One account of 1Password, one intake, and a store that outlives the bridges between them.
pub(crate) struct World {
    pub(crate) events: FakeEvents,
    pub(crate) datadog: Arc<FakeDatadog>,
    pub(crate) store: Arc<MemoryStore>,
}

impl World {
    /// A world without events and without faults.
    pub(crate) async fn calm() -> Self {
        Self::of(FakeEvents::builder(), FakeDatadog::builder()).await
    }

    pub(crate) async fn of(events: FakeEventsBuilder, datadog: FakeDatadogBuilder) -> Self {
        Self {
            events: events.start().await.unwrap(),
            datadog: Arc::new(datadog.start().await.unwrap()),
            store: Arc::default(),
        }
    }

    /// What goes wrong from now on, on either side.
    pub(crate) fn script(&self, faults: &str) {
        let script: FaultScript = faults.parse().unwrap();
        self.events.script(script.clone());
        self.datadog.script(script);
    }

    /// The account, all feeds of it, from before anything that a test tells of.
    pub(crate) fn account(&self) -> Account {
        account(ACCOUNT, &self.events).start(ago(35 * 24 * HOUR))
    }

    /// A client of the intake as the program has it.
    pub(crate) fn sink(&self) -> Arc<datadog_logs::Client> {
        sink(&self.datadog)
    }

    /// A bridge over the world's store.
    pub(crate) fn bridge(&self) -> Bridge {
        self.bridge_over(self.store.clone())
    }

    /// A bridge of one feed over the world's store: its requests come one after another.
    pub(crate) fn bridge_of(&self, feed: Feed) -> Bridge {
        let account = self.account().feeds([feed]).unwrap();
        let builder = self.builder_over(self.store.clone());
        builder.account(account).build().unwrap()
    }

    pub(crate) fn bridge_over<S>(&self, store: Arc<S>) -> Bridge
    where
        S: CursorStore + DeadLetters + 'static,
    {
        let builder = self.builder_over(store);
        builder.account(self.account()).build().unwrap()
    }

    /// A bridge without an account yet.
    pub(crate) fn builder_over<S>(&self, store: Arc<S>) -> BridgeBuilder
    where
        S: CursorStore + DeadLetters + 'static,
    {
        Bridge::builder(self.sink(), store.clone(), store)
    }

    /// Inserts events that happened just now.
    pub(crate) fn insert(&self, feed: Feed, events: &[Value]) {
        let events = events
            .iter()
            .map(|event| Event::at(fake(feed), SystemTime::now(), event.to_string()).unwrap());
        self.events.insert_all(events).unwrap();
    }

    /// The logs that the intake kept, in order.
    pub(crate) fn logs(&self) -> Vec<Value> {
        logs(&self.datadog)
    }

    /// The ids of the events that were kept of a feed, in order.
    pub(crate) fn kept(&self, feed: Feed) -> Vec<String> {
        kept(&self.datadog, feed)
    }

    /// Where the store says that a feed is.
    pub(crate) async fn position(&self, feed: Feed) -> Option<Position> {
        let checkpoint = self.store.load(&stream(feed)).await.unwrap();
        checkpoint.place.map(|place| place.position)
    }

    /// The dead letters of a feed.
    pub(crate) fn letters(&self, feed: Feed) -> Vec<DeadLetter> {
        self.store.letters(&stream(feed))
    }

    /// The bodies of the requests for a feed, in order.
    pub(crate) fn asked(&self, feed: Feed) -> Vec<Value> {
        let requests = self.events.requests().into_iter();
        requests
            .filter(|request| request.uri.path() == fake(feed).path())
            .map(|request| serde_json::from_slice(&request.body).unwrap())
            .collect()
    }
}

/// The same feed by the fake's name for it.
pub(crate) fn fake(feed: Feed) -> op_dd_fakes::Feed {
    op_dd_fakes::Feed::from_name(feed.as_str()).unwrap()
}

/// An account that is read through the real client. The pacer is in no one's way: a test has few
/// requests, and no limit to keep to.
pub(crate) fn account(name: &str, events: &FakeEvents) -> Account {
    let token = AccessToken::new(events.token()).unwrap();
    let client = onepassword_events::Client::builder(token)
        .url(events.url().parse().unwrap())
        .pacer(Pacer::new(1000.0, 1000))
        .build()
        .unwrap();
    Account::new(Name::new(name).unwrap(), Arc::new(client))
}

pub(crate) fn sink(datadog: &FakeDatadog) -> Arc<datadog_logs::Client> {
    let client = datadog_logs::Client::builder(ApiKey::new(datadog.api_key()).unwrap())
        .site(Site::parse(datadog.url()).unwrap())
        .compression(Compression::Zstd)
        .build()
        .unwrap();
    Arc::new(client)
}

/// A stream of a world's account.
pub(crate) fn stream(feed: Feed) -> StreamId {
    StreamId {
        account: Name::new(ACCOUNT).unwrap(),
        feed,
        destination: Name::DATADOG,
    }
}

/// Takes one step with a stream of a world's account, after the pause that a server may have asked for.
pub(crate) async fn step(bridge: &Bridge, feed: Feed) -> Result<StepReport, StepError> {
    loop {
        match bridge.step(&stream(feed)).await.unwrap() {
            Err(StepError::Paused { wait, .. }) => tokio::time::sleep(wait).await,
            done => return done,
        }
    }
}

/// Carries all that there is, however long it takes.
pub(crate) async fn drain(bridge: &Bridge) {
    let drained = bridge.drain(PATIENCE, pending()).await;
    for (stream, outcome) in &drained.streams {
        assert!(
            matches!(outcome, Outcome::Complete),
            "{stream}: {outcome:?}"
        );
    }
}

/// Carries all that can be carried without a wait.
pub(crate) async fn drain_impatiently(bridge: &Bridge) -> Drained {
    bridge.drain(Duration::ZERO, pending()).await
}

/// The errors that streams are held for, by stream.
pub(crate) fn held(drained: Drained) -> Vec<(StreamId, StepError)> {
    let streams = drained.streams.into_iter();
    streams
        .filter_map(|(stream, outcome)| match outcome {
            Outcome::Held(error) => Some((stream, error)),
            _ => None,
        })
        .collect()
}

pub(crate) fn logs(datadog: &FakeDatadog) -> Vec<Value> {
    let logs = datadog.logs();
    logs.iter()
        .map(|log| serde_json::from_str(log).unwrap())
        .collect()
}

pub(crate) fn kept(datadog: &FakeDatadog, feed: Feed) -> Vec<String> {
    let logs = logs(datadog);
    let of_feed = logs
        .iter()
        .filter(|log| log["onepassword"]["feed"] == feed.as_str());
    of_feed.map(uuid).collect()
}

pub(crate) fn uuid(value: &Value) -> String {
    value["uuid"].as_str().unwrap_or_default().to_owned()
}

pub(crate) fn uuids(events: &[Value]) -> Vec<String> {
    events.iter().map(uuid).collect()
}

/// The tags of a log.
pub(crate) fn tags(log: &Value) -> Vec<&str> {
    log["ddtags"]
        .as_str()
        .unwrap_or_default()
        .split(',')
        .collect()
}

/// The keys at a log's root that the bridge adds.
const ADDED: [&str; 10] = [
    "ddsource",
    "ddtags",
    "evt",
    "hostname",
    "message",
    "network",
    "onepassword",
    "service",
    "status",
    "usr",
];

/// The event that a log was made of: what the bridge adds is taken off, what it moves is put back.
pub(crate) fn event_of(log: &Value) -> Value {
    let mut event = log.as_object().unwrap().clone();
    for key in ADDED {
        event.remove(key);
    }
    let ours = &log["onepassword"];
    if tags(log).contains(&"late:true") {
        event.remove("timestamp");
        let time = ours.get("event_time").cloned();
        event.extend(time.map(|time| ("timestamp".to_owned(), time)));
    }
    let moved = ours.get("event").and_then(Value::as_object);
    event.extend(moved.cloned().unwrap_or_default());
    event.into()
}

/// An attribute of a log by its path, as a query of Datadog's names it.
pub(crate) fn attribute<'a>(log: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(log, |value, key| value.get(key))
}

/// A time in the past, which an event of a moment ago is not.
pub(crate) fn ago(age: Duration) -> SystemTime {
    SystemTime::now().checked_sub(age).unwrap()
}

/// A time as 1Password writes it.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    Timestamp::from(time).to_string()
}

/// Merges `patch` into `value`, member by member; `null` takes a member out.
pub(crate) fn patched(mut value: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch;
    };
    if !value.is_object() {
        value = Map::new().into();
    }
    let members = value.as_object_mut().unwrap();
    for (key, change) in patch {
        if change.is_null() {
            members.remove(&key);
        } else {
            let old = members.remove(&key).unwrap_or_default();
            members.insert(key, patched(old, change));
        }
    }
    value
}

/// An event of a feed as 1Password documents it, of a moment ago.
pub(crate) fn sample(feed: Feed) -> Value {
    let client = json!({
        "app_name": "1Password Browser Extension",
        "app_version": "20195",
        "platform_name": "Chrome",
        "platform_version": "93.0.4577.62",
        "os_name": "MacOSX",
        "os_version": "10.15.7",
        "ip_address": "192.0.2.66",
    });
    let location = json!({
        "country": "CA",
        "region": "Ontario",
        "city": "Toronto",
        "latitude": 43.64,
        "longitude": -79.433,
    });
    let wendy = json!({
        "uuid": "OJQGU46KAPROEJLCK674RHSAY5",
        "name": "Wendy Appleseed",
        "email": "wendy@example.com",
    });
    let timestamp = rfc3339(ago(Duration::from_secs(60)));
    match feed {
        Feed::SignInAttempts => json!({
            "uuid": "HGIF4OEWXDTVWKEQDIWTKV26HU",
            "session_uuid": "UED4KFZ5BH37IQWTJ7LG4VPWK7",
            "timestamp": timestamp,
            "country": "CA",
            "category": "success",
            "type": "credentials_ok",
            "details": null,
            "target_user": wendy,
            "client": client,
            "location": location,
        }),
        Feed::ItemUsages => json!({
            "uuid": "MCQODBBWJD5HISKYNP3HJPV2DV",
            "timestamp": timestamp,
            "used_version": 1,
            "vault_uuid": "jaqxqf5qylslqiitnduawrndc5",
            "item_uuid": "bvwmmwxisuca7wbehrbyqhag54",
            "action": "reveal",
            "user": wendy,
            "client": client,
            "location": location,
        }),
        _ => json!({
            "uuid": "56YE2TYN2VFYRLNSHKPW5NVT5E",
            "timestamp": timestamp,
            "actor_uuid": "OJQGU46KAPROEJLCK674RHSAY5",
            "actor_details": wendy,
            "action": "join",
            "object_type": "gm",
            "object_uuid": "pf8soyakgngrphytsyjed4ae3u",
            "aux_id": 9_277_034,
            "aux_uuid": "K6VFYDCJKHGGDI7QFAXX65LCDY",
            "aux_details": {
                "uuid": "K6VFYDCJKHGGDI7QFAXX65LCDY",
                "name": "Sam",
                "email": "sam@example.com",
            },
            "aux_info": "A",
            "session": {
                "uuid": "A5K6COGVRVEJXJW3XQZGS7VAMM",
                "login_time": "2026-01-01T12:00:00Z",
                "device_uuid": "lc5fqgbrcm4plajd8mwncv2b3u",
                "ip": "192.0.2.66",
            },
            "location": location,
        }),
    }
}

/// A folder of data that can't be published with the tests; none, said aloud, where it isn't at hand.
pub(crate) fn data(folder: &str) -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = data.join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!(
        "SKIPPED, AND NOTHING SHOWN: there is no {}",
        folder.display()
    );
    None
}

/// Events of a feed that differ in their ids and nothing else.
pub(crate) fn numbered(feed: Feed, numbers: impl IntoIterator<Item = usize>) -> Vec<Value> {
    let numbers = numbers.into_iter();
    numbers
        .map(|number| {
            patched(
                sample(feed),
                json!({ "uuid": format!("{feed}-{number:04}") }),
            )
        })
        .collect()
}

/// A folder of pages for [`FakeEventsBuilder::pages`]: the way to pages that are short, and to
/// cursors that say where they are.
pub(crate) struct Pages(TempDir);

impl Pages {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Writes a feed's pages. The cursor of page 1 is `after-1`.
    pub(crate) fn feed(self, feed: Feed, pages: &[Vec<Value>]) -> Self {
        let folder = self.0.path().join(feed.as_str());
        std::fs::create_dir(&folder).unwrap();
        for (number, items) in (1..).zip(pages) {
            let body = json!({
                "cursor": format!("after-{number}"),
                "has_more": number < pages.len(),
                "items": items,
            });
            std::fs::write(folder.join(format!("{number:03}.json")), body.to_string()).unwrap();
        }
        self
    }

    pub(crate) fn fake(&self) -> FakeEventsBuilder {
        FakeEvents::builder().pages(self.0.path())
    }
}

/// A store that looks at the intake whenever a stream moves on.
pub(crate) struct Witness {
    store: MemoryStore,
    datadog: Arc<FakeDatadog>,
    commits: Mutex<Vec<Commit>>,
}

/// A move, and what the intake had of the feed by then.
pub(crate) struct Commit {
    pub(crate) feed: Feed,
    pub(crate) position: Position,
    pub(crate) kept: Vec<String>,
}

impl Witness {
    pub(crate) fn new(datadog: Arc<FakeDatadog>) -> Self {
        Self {
            store: MemoryStore::default(),
            datadog,
            commits: Mutex::default(),
        }
    }

    pub(crate) fn commits(&self) -> Vec<Commit> {
        std::mem::take(&mut self.commits.lock().unwrap())
    }
}

#[async_trait]
impl CursorStore for Witness {
    async fn load(&self, stream: &StreamId) -> Result<Checkpoint, StoreError> {
        self.store.load(stream).await
    }

    async fn commit(&self, checkpoint: &Checkpoint, next: Place) -> Result<Checkpoint, StoreError> {
        let feed = checkpoint.stream.feed;
        self.commits.lock().unwrap().push(Commit {
            feed,
            position: next.position.clone(),
            kept: kept(&self.datadog, feed),
        });
        self.store.commit(checkpoint, next).await
    }
}

#[async_trait]
impl DeadLetters for Witness {
    async fn keep(&self, stream: &StreamId, letters: &[DeadLetter]) -> Result<(), StoreError> {
        self.store.keep(stream, letters).await
    }
}
