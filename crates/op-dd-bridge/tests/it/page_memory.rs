//! The room that pages may take, over all streams.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use onepassword_events::{Cursor, Error, Event, EventSource, Feed, Page, Position};
use op_dd_bridge::{Account, BridgeBuilder};
use tokio::time::sleep;

use crate::event::name;
use crate::script::{Reply, World};

const SECOND: Duration = Duration::from_secs(1);

/// The bytes of a page's one event, counted until the last of it is gone.
struct Body(Vec<u8>, Arc<Held>);

#[derive(Default)]
struct Held {
    now: AtomicUsize,
    most: AtomicUsize,
    asked: AtomicUsize,
}

impl Body {
    fn new(size: usize, held: &Arc<Held>) -> Self {
        let padding = "x".repeat(size - r#"{"a":""}"#.len());
        let now = held.now.fetch_add(size, Ordering::Relaxed) + size;
        held.most.fetch_max(now, Ordering::Relaxed);
        Self(format!(r#"{{"a":"{padding}"}}"#).into(), held.clone())
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.1.now.fetch_sub(self.0.len(), Ordering::Relaxed);
    }
}

/// Pages of one size, so many of them, each a moment on its way.
struct Heavy {
    size: usize,
    pages: usize,
    held: Arc<Held>,
}

#[async_trait]
impl EventSource for Heavy {
    async fn page(&self, feed: Feed, position: &Position) -> Result<Page, Error> {
        self.held.asked.fetch_add(1, Ordering::Relaxed);
        sleep(SECOND / 10).await;
        let index = match position {
            Position::Reset(_) => 1,
            Position::After(cursor) => cursor.as_str().parse::<usize>().unwrap() + 1,
        };
        let body = Bytes::from_owner(Body::new(self.size, &self.held));
        let event = Event::new(feed, body).unwrap();
        let cursor = Cursor::new(index.to_string()).unwrap();
        Ok(Page::new(vec![event], cursor, index < self.pages))
    }

    fn feeds(&self) -> Vec<Feed> {
        Feed::ALL.to_vec()
    }

    fn host(&self) -> &'static str {
        "heavy.example"
    }
}

/// Drains so many accounts with pages of this size within so much room: the most that was held once all
/// had begun, and how many pages were asked for again.
async fn check(accounts: usize, size: usize, room: usize) -> (usize, usize) {
    const PAGES: usize = 8;
    let world = World::new();
    let held = Arc::new(Held::default());
    for _ in 0..accounts * 3 * PAGES {
        world
            .sink
            .next(Reply::Late(SECOND, Box::new(Reply::Accept)));
    }
    let account = |number: usize| {
        let source = Heavy {
            size,
            pages: PAGES,
            held: held.clone(),
        };
        Account::new(name(&format!("a{number}")), Arc::new(source))
    };
    let accounts = (0..accounts).map(account);
    let bridge = accounts
        .fold(world.builder(), BridgeBuilder::account)
        .page_memory(room)
        .build()
        .unwrap();
    let begun = async {
        sleep(2 * SECOND).await;
        held.most.store(0, Ordering::Relaxed);
    };
    let drain = bridge.drain(60 * SECOND, std::future::pending());
    let (drained, ()) = tokio::join!(drain, begun);
    let all = drained.streams.len();
    assert_eq!(world.sink.logs().len(), all * PAGES, "each page once");
    drop(bridge);
    assert_eq!(held.now.load(Ordering::Relaxed), 0);
    let asked = held.asked.load(Ordering::Relaxed);
    (held.most.load(Ordering::Relaxed), asked - all * PAGES)
}

#[tokio::test(start_paused = true)]
async fn with_room_enough_no_page_is_read_twice() {
    let (most, again) = check(2, 1000, 1_000_000).await;
    assert_eq!(
        most,
        2 * 6 * 1000,
        "one that is delivered and one ahead for each"
    );
    assert_eq!(again, 0);
}

#[tokio::test(start_paused = true)]
async fn without_room_a_page_is_let_go_and_read_again() {
    let (most, again) = check(20, 1000, 8000).await;
    assert!(most <= 8000, "{most}");
    // At first nobody knows that there is so much; then each stream waits for room before it asks.
    assert!((1..=60 * 2).contains(&again), "{again}");
}

#[tokio::test(start_paused = true)]
async fn a_page_larger_than_the_room_is_carried_all_the_same() {
    check(2, 10_000, 1000).await;
}

#[tokio::test(start_paused = true)]
async fn a_sink_beside_that_hangs_takes_nothing_from_the_room_of_another() {
    const PAGES: usize = 8;
    let (world, folder) = (World::new(), World::new());
    for _ in Feed::ALL {
        let hangs = Reply::Late(3600 * SECOND, Box::new(Reply::Accept));
        folder.sink.next(hangs);
    }
    let source = Heavy {
        size: 1000,
        pages: PAGES,
        held: Arc::default(),
    };
    let account = Account::new(name("a"), Arc::new(source));
    // Room for one page that is delivered, and one ahead.
    let live = world.builder().page_memory(2000).account(account.clone());
    let live = live.build().unwrap();
    let archive = live
        .beside()
        .sink(folder.sink.clone())
        .destination(name("archive"))
        .page_memory(2000)
        .account(account)
        .build()
        .unwrap();
    let hanging = archive.run(std::future::pending());
    let carried = async {
        sleep(60 * SECOND).await;
        live.drain(60 * SECOND, std::future::pending()).await
    };
    tokio::select! {
        _ = hanging => unreachable!("it is never told to stop"),
        _ = carried => {}
    }
    assert_eq!(world.sink.logs().len(), Feed::ALL.len() * PAGES);
    assert_eq!(folder.sink.logs().len(), 1, "which hangs");
}
