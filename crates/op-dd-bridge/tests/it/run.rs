//! Going on for ever, until told to stop.

use std::sync::{Arc, Mutex};
use std::thread::{ThreadId, current};
use std::time::Duration;

use futures_util::future::join;
use onepassword_events::Feed::{self, AuditEvents, ItemUsages, SignInAttempts};
use op_dd_bridge::Progress;
use tokio::time::{Instant, sleep};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::event::name;
use crate::script::{Answer, Reply, World, busy, locked_out, outage};

const SECOND: Duration = Duration::from_secs(1);

fn late(seconds: u32) -> Answer {
    Answer::Late(seconds * SECOND, Box::new(Answer::Well))
}

#[tokio::test(start_paused = true)]
async fn a_feed_is_asked_from_start_to_start() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    for _ in 0..200 {
        source.next(ItemUsages, late(3));
    }
    let bridge = world.bridge(&[&source]);
    bridge.run(sleep(1000 * SECOND)).await;
    let mut starts = world.journal.take_timed();
    starts.retain(|(_, what)| what.starts_with("ask"));
    let gaps: Vec<_> = starts
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0)
        .collect();
    assert!(gaps.len() >= 99);
    let millisecond = Duration::from_millis(1);
    let fits = |gap: &Duration| (9 * SECOND..=10 * SECOND + millisecond).contains(gap);
    assert!(gaps.iter().all(fits), "{gaps:?}");
    assert!(
        gaps.iter()
            .any(|gap| *gap < 10 * SECOND - 100 * millisecond),
        "{gaps:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_longer_than_the_interval_is_followed_at_once() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    for _ in 0..4 {
        source.next(ItemUsages, late(5));
    }
    let builder = world.builder().account(source.account());
    let bridge = builder.poll_interval(2 * SECOND).build().unwrap();
    bridge.run(sleep(17 * SECOND)).await;
    assert_eq!(world.journal.seconds("ask"), [0, 5, 10, 15]);
}

#[tokio::test(start_paused = true)]
async fn more_is_fetched_without_waiting() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &[], &["B"]]);
    world.bridge(&[&source]).run(sleep(5 * SECOND)).await;
    assert_eq!(world.journal.seconds("ask"), [0, 0, 0]);
    assert_eq!(world.journal.seconds("send"), [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn news_is_carried_when_it_comes() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let bridge = world.bridge(&[&source]);
    let run = bridge.run(sleep(60 * SECOND));
    let news = async {
        sleep(30 * SECOND).await;
        source.page(ItemUsages, &["A"]);
    };
    tokio::join!(run, news);
    assert_eq!(
        world.sink.times_sent().into_iter().collect::<Vec<_>>(),
        [("A".to_owned(), 1)]
    );
    assert!((30..=40).contains(&world.journal.seconds("send")[0]));
}

#[tokio::test(start_paused = true)]
async fn it_stops_when_the_step_under_way_is_done() {
    let world = World::new();
    let source = world.source("acme", &Feed::ALL);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    source.next(ItemUsages, late(5));
    world
        .sink
        .next(Reply::Late(5 * SECOND, Box::new(Reply::Accept)));
    source.next(AuditEvents, Answer::Status(429, Some(600)));
    let begun = Instant::now();
    world.bridge(&[&source]).run(sleep(2 * SECOND)).await;
    assert_eq!(begun.elapsed().as_secs(), 10);
    assert_eq!(world.store.cursor(&source.stream(ItemUsages)).await, "c1");
    assert_eq!(world.journal.seconds("send"), [5]);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_asks_to_be_left_alone_is_left_alone_by_the_whole_account() {
    let world = World::new();
    let acme = world.source("acme", &[SignInAttempts, ItemUsages]);
    let beta = world.source("beta", &[ItemUsages]);
    let asked = Box::new(Answer::Status(503, Some(300)));
    acme.next(SignInAttempts, Answer::Late(15 * SECOND, asked));
    let bridge = world.bridge(&[&acme, &beta]);
    bridge.run(sleep(400 * SECOND)).await;
    for feed in ["signinattempts", "itemusages"] {
        let asked = world.journal.seconds(&format!("ask acme.example/{feed}"));
        let pause = |at: &&u64| (16..315).contains(*at);
        assert_eq!(asked.iter().find(pause), None, "{feed}: {asked:?}");
        assert!(asked.contains(&315), "{feed}: {asked:?}");
    }
    let asked = world.journal.seconds("ask beta.example");
    assert!(
        asked.windows(2).all(|pair| pair[1] - pair[0] <= 10),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_intake_that_asks_to_be_left_alone_is_left_alone_by_all() {
    let world = World::new();
    let acme = world.source("acme", &[SignInAttempts, ItemUsages]);
    let beta = world.source("beta", &[ItemUsages]);
    acme.pages(SignInAttempts, &[&["A"]]);
    // This one is read while the intake says so.
    beta.pages(ItemUsages, &[&["B"], &["C"]]);
    beta.next(ItemUsages, late(5));
    let asked = Box::new(Reply::Fail(busy(298)));
    world.sink.next(Reply::Late(2 * SECOND, asked));
    let bridge = world.bridge(&[&acme, &beta]);
    bridge.run(sleep(320 * SECOND)).await;
    let [before, after] = world.journal.seconds("send A")[..] else {
        panic!("sent twice");
    };
    assert!(before == 0 && (300..302).contains(&after), "{after}");
    assert!((300..302).contains(&world.journal.seconds("send B")[0]));
    let asked = world.journal.seconds("ask");
    assert_eq!(
        asked.iter().find(|at| (3..300).contains(*at)),
        None,
        "{asked:?}"
    );
    assert!(world.sink.times_sent()["C"] == 1);
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_one_looks_for_all_whether_the_intake_is_back() {
    let world = World::new();
    let names = ["a", "b", "c", "d", "e", "f"];
    let sources = names.map(|name| world.source(name, &Feed::ALL));
    for source in &sources {
        for feed in Feed::ALL {
            source.page(feed, &["A"]);
        }
    }
    let down = || Reply::Late(5 * SECOND, Box::new(Reply::Fail(outage())));
    // What was under way when it began, and then one after the other.
    let probes = 40;
    for _ in 0..names.len() * Feed::ALL.len() + probes {
        world.sink.next(down());
    }
    let bridge = world.bridge(&sources.each_ref());
    bridge.run(sleep(3600 * SECOND)).await;
    let mut sends = world.journal.take_timed();
    sends.retain(|(_, what)| what.starts_with("send"));
    let (first, others) = sends.split_at(names.len() * Feed::ALL.len());
    assert!(first.iter().all(|(at, _)| at.as_secs() == 0), "{first:?}");
    let (probes, recovered) = others.split_at(probes);
    for pair in probes.windows(2) {
        let gap = pair[1].0 - pair[0].0;
        assert!(gap >= 6 * SECOND - SECOND / 4, "{gap:?}: {probes:?}");
    }
    let gaps = probes[10..].windows(2).map(|pair| pair[1].0 - pair[0].0);
    assert!(gaps.max().unwrap() < 40 * SECOND, "{probes:?}");
    // Once one was accepted, nobody waits for long.
    let began = recovered[0].0;
    let late = recovered.iter().map(|(at, _)| *at - began).max().unwrap();
    assert_eq!(recovered.len(), names.len() * Feed::ALL.len());
    assert!(late < 70 * SECOND, "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn while_the_intake_is_down_little_is_asked_of_1password() {
    let world = World::new();
    let source = world.source("acme", &Feed::ALL);
    for feed in Feed::ALL {
        source.page(feed, &["A"]);
    }
    for _ in 0..10_000 {
        world.sink.next(Reply::Fail(outage()));
    }
    world.bridge(&[&source]).run(sleep(86_400 * SECOND)).await;
    let sends = world.journal.seconds("send").len();
    let asks = world.journal.seconds("ask").len();
    assert!((1440..5760).contains(&sends), "{sends}");
    assert!(asks < 3 * sends, "{asks} for {sends}");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_tried_again_soon_and_then_every_minute() {
    let world = World::new();
    let acme = world.source("acme", &[ItemUsages]);
    let beta = world.source("beta", &[ItemUsages]);
    beta.pages(ItemUsages, &[&["A"]]);
    for _ in 0..4 {
        acme.next(ItemUsages, Answer::Status(401, None));
        world.sink.next(Reply::Fail(locked_out()));
    }
    let bridge = world.bridge(&[&acme, &beta]);
    bridge.run(sleep(185 * SECOND)).await;
    assert_eq!(
        world.journal.seconds("ask acme.example"),
        [0, 1, 61, 121, 181]
    );
    assert_eq!(world.journal.seconds("send A"), [0, 1, 61, 121, 181]);
    assert_eq!(world.store.cursor(&beta.stream(ItemUsages)).await, "c1");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_refused_after_a_token_is_tried_again_soon_too() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    source.next(ItemUsages, Answer::Status(401, None));
    world.sink.next(Reply::Fail(locked_out()));
    world.bridge(&[&source]).run(sleep(30 * SECOND)).await;
    assert_eq!(world.journal.seconds("send A"), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_at_growing_distances() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    for _ in 0..1000 {
        world.sink.next(Reply::Fail(outage()));
    }
    let bridge = world.bridge(&[&source]);
    bridge.run(sleep(3600 * SECOND)).await;
    let mut sends = world.journal.take_timed();
    sends.retain(|(_, what)| what.starts_with("send"));
    let gaps: Vec<_> = sends.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(
        gaps[0] >= SECOND && gaps[0] <= 2 * SECOND + SECOND / 100,
        "{gaps:?}"
    );
    let capped = |gap: &Duration| *gap >= 30 * SECOND && *gap <= 61 * SECOND;
    assert!(gaps.len() > 50 && gaps[6..].iter().all(capped), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn every_step_and_every_failure_is_told() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    source.next(ItemUsages, Answer::Status(500, None));
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let bridge = world
        .builder()
        .account(source.account())
        .observer(move |progress| {
            let text = match progress {
                Progress::Step { stream, report, .. } => format!("{stream} sent {}", report.sent),
                Progress::Failure { stream, error, .. } => format!("{stream} failed: {error}"),
                _ => String::new(),
            };
            tell.lock().unwrap().push(text);
        });
    bridge.build().unwrap().run(sleep(5 * SECOND)).await;
    let told = told.lock().unwrap();
    assert!(
        told[0].starts_with("acme/itemusages/datadog failed: "),
        "{told:?}"
    );
    assert_eq!(told[1..], ["acme/itemusages/datadog sent 1"]);
}

/// Collects the messages of one thread that are for everybody, each behind its level.
#[derive(Clone)]
struct Messages(Arc<Mutex<Vec<String>>>, ThreadId);

impl Subscriber for Messages {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("op_dd_bridge") && *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        if current().id() != self.1 {
            return;
        }

        struct Message(String);

        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }

        let mut message = Message(String::new());
        event.record(&mut message);
        let line = format!("{} {}", event.metadata().level(), message.0);
        self.0.lock().unwrap().push(line);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn one_cause_is_one_line_when_it_begins_and_one_when_it_is_over() {
    let messages = Messages(Arc::default(), current().id());
    // A default of this thread alone would miss what another test's thread has met first.
    tracing::subscriber::set_global_default(messages.clone()).unwrap();

    // The token is refused for all feeds.
    let world = World::new();
    let source = world.source("acme", &Feed::ALL);
    for feed in Feed::ALL {
        for _ in 0..3 {
            source.next(feed, Answer::Status(401, None));
        }
    }
    world.bridge(&[&source]).run(sleep(200 * SECOND)).await;
    let said = std::mem::take(&mut *messages.0.lock().unwrap());
    assert_eq!(said, ["ERROR held", "INFO going on"]);

    // It is refused for one, while the others are read all the time.
    for _ in 0..3 {
        source.next(ItemUsages, Answer::Status(403, None));
    }
    world.bridge(&[&source]).run(sleep(200 * SECOND)).await;
    let said = std::mem::take(&mut *messages.0.lock().unwrap());
    assert_eq!(said, ["ERROR held", "INFO going on"]);

    // The intake refuses the key, to streams of two accounts.
    let beta = world.source("beta", &[ItemUsages]);
    source.page(AuditEvents, &["A"]);
    beta.page(ItemUsages, &["B"]);
    for _ in 0..4 {
        world.sink.next(Reply::Fail(locked_out()));
    }
    world
        .bridge(&[&source, &beta])
        .run(sleep(200 * SECOND))
        .await;
    let said = std::mem::take(&mut *messages.0.lock().unwrap());
    assert_eq!(said, ["ERROR held", "INFO going on"]);

    // It refuses it, and there is nothing to send but heartbeats.
    for _ in 0..3 {
        world.sink.next_heartbeat(Reply::Fail(locked_out()));
    }
    let beating = world.builder().heartbeat(60 * SECOND);
    let beating = beating.account(beta.account()).build().unwrap();
    beating.run(sleep(300 * SECOND)).await;
    let said = std::mem::take(&mut *messages.0.lock().unwrap());
    assert_eq!(said, ["ERROR held", "INFO going on"]);

    // The token is refused to two bridges of the same account.
    for _ in 0..6 {
        beta.next(ItemUsages, Answer::Status(401, None));
    }
    let one = world.bridge(&[&beta]);
    let other = one.beside().destination(name("archive"));
    let other = other.account(beta.account()).build().unwrap();
    join(one.run(sleep(300 * SECOND)), other.run(sleep(300 * SECOND))).await;
    let said = std::mem::take(&mut *messages.0.lock().unwrap());
    assert_eq!(said, ["ERROR held", "INFO going on"]);

    // What stops a bridge that nobody drives any longer is neither a cause nor over.
    beta.next(ItemUsages, Answer::Status(401, None));
    one.run(sleep(SECOND)).await;
    beta.next(ItemUsages, Answer::Status(401, None));
    other.run(sleep(100 * SECOND)).await;
    let said = std::mem::take(&mut *messages.0.lock().unwrap());
    assert_eq!(said, ["ERROR held", "ERROR held", "INFO going on"]);
}
