//! What comes at an unlucky time: while something else is under way, or for too long.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use datadog_logs::RefusalReason::Rejected;
use datadog_logs::{LogEntry, LogSink, Receipt, Refused, SendError, SendErrorKind};
use onepassword_events::Feed::{self, AuditEvents, ItemUsages, SignInAttempts};
use op_dd_bridge::{Bridge, MemoryStore, Outcome, StepError, StreamId};
use tokio::time::{Instant, sleep};

use crate::event::{NOW, time};
use crate::json::member;
use crate::script::{Answer, Fate, Reply, World, busy, locked_out, outage, step};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn late(seconds: u32, reply: Reply) -> Reply {
    Reply::Late(seconds * SECOND, Box::new(reply))
}

fn slow(seconds: u32, answer: Answer) -> Answer {
    Answer::Late(seconds * SECOND, Box::new(answer))
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_intake_asked_for_outlasts_an_older_success() {
    let world = World::new();
    let source = world.source("acme", &[SignInAttempts, ItemUsages]);
    source.pages(SignInAttempts, &[&["A"], &["C"]]);
    source.page(ItemUsages, &["B"]);
    world.sink.next(late(5, Reply::Accept));
    world.sink.next(late(2, Reply::Fail(busy(300))));
    world.bridge(&[&source]).run(sleep(400 * SECOND)).await;
    let sent = world.journal.seconds("send");
    assert!(sent[2..].iter().all(|at| *at >= 302), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_success_that_began_before_the_outage_does_not_open_it_to_all() {
    let world = World::new();
    let source = world.source("acme", &Feed::ALL);
    for feed in Feed::ALL {
        source.page(feed, &["A"]);
    }
    world.sink.next(late(1, Reply::Fail(busy(300))));
    world.sink.next(late(1, Reply::Fail(busy(300))));
    world.sink.next(late(
        5,
        Reply::Refuse(vec![Refused::new(0, Rejected { status: 400 })]),
    ));
    world.bridge(&[&source]).run(sleep(200 * SECOND)).await;
    assert_eq!(
        world.journal.seconds("send").len(),
        3,
        "{:?}",
        world.journal.take_timed()
    );
}

#[tokio::test(start_paused = true)]
async fn who_waited_for_room_asks_no_account_that_wants_to_be_left_alone() {
    let world = World::new();
    let source = world.source("acme", &[SignInAttempts, ItemUsages, AuditEvents]);
    source.page(SignInAttempts, &["A"]);
    source.page(ItemUsages, &["B"]);
    source.next(AuditEvents, slow(2, Answer::Status(429, Some(300))));
    world.sink.next(late(5, Reply::Accept));
    let bridge = world.builder().account(source.account()).page_memory(100);
    bridge.build().unwrap().run(sleep(400 * SECOND)).await;
    let asked = world.journal.seconds("ask");
    assert!(!asked.iter().any(|at| (3..302).contains(at)), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn who_waited_for_room_reads_nothing_while_the_intake_is_left_alone() {
    let world = World::new();
    let source = world.source("acme", &[SignInAttempts, ItemUsages]);
    source.page(SignInAttempts, &["A"]);
    source.page(ItemUsages, &["B"]);
    world.sink.next(late(5, Reply::Fail(busy(300))));
    let bridge = world.builder().account(source.account()).page_memory(100);
    bridge.build().unwrap().run(sleep(400 * SECOND)).await;
    let asked = world.journal.seconds("ask");
    assert!(!asked.iter().any(|at| (3..305).contains(at)), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_shorter_than_the_patience_holds_no_stream() {
    struct Down(Duration, Instant);
    #[async_trait]
    impl LogSink for Down {
        async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, SendError> {
            sleep(SECOND / 10).await;
            if self.1.elapsed() < self.0 {
                Err(outage())
            } else {
                Ok(Receipt::of(entries.len()))
            }
        }
    }
    let mut bad = Vec::new();
    for seed in 0..50 {
        fastrand::seed(seed);
        let world = World::new();
        let names = ["a", "b", "c", "d", "e", "f"];
        let sources = names.map(|name| world.source(name, &Feed::ALL));
        let store = Arc::new(MemoryStore::default());
        let begun = Instant::now();
        let sink = Arc::new(Down(45 * SECOND, begun));
        let mut builder = Bridge::builder(sink, store.clone(), store);
        for source in &sources {
            for feed in Feed::ALL {
                source.page(feed, &["A"]);
            }
            builder = builder.account(source.account());
        }
        let drained = builder.build().unwrap().drain(MINUTE, pending()).await;
        let held: Vec<_> = drained
            .streams
            .iter()
            .filter(|(_, o)| !matches!(o, Outcome::Complete))
            .collect();
        if !held.is_empty() {
            bad.push((seed, held.len(), format!("{:?}", held[0])));
        }
    }
    assert!(bad.is_empty(), "{} of 50: {:?}", bad.len(), bad.first());
}

#[tokio::test(start_paused = true)]
async fn a_long_delivery_after_an_outage_holds_no_other_stream() {
    let world = World::new();
    let source = world.source("acme", &Feed::ALL);
    for feed in Feed::ALL {
        source.page(feed, &["A"]);
        world.sink.next(Reply::Fail(outage()));
    }
    // Four posts of 20 s each, say.
    world.sink.next(late(80, Reply::Accept));
    let drained = world.bridge(&[&source]).drain(MINUTE, pending()).await;
    for (stream, outcome) in &drained.streams {
        assert!(
            matches!(outcome, Outcome::Complete),
            "{stream}: {outcome:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_takes_an_hour_is_mapped_again() {
    #[derive(Clone)]
    struct Narrow(Arc<Mutex<Vec<(Duration, String)>>>, Instant);
    #[async_trait]
    impl datadog_logs::Transport for Narrow {
        async fn send(
            &self,
            request: http::Request<Bytes>,
        ) -> Result<http::Response<Bytes>, datadog_logs::TransportError> {
            sleep(20 * SECOND).await;
            let body = String::from_utf8_lossy(request.body()).into_owned();
            let status = if body.matches("\"uuid\"").count() > 1 {
                413
            } else {
                self.0.lock().unwrap().push((self.1.elapsed(), body));
                202
            };
            Ok(http::Response::builder()
                .status(status)
                .body(Bytes::new())
                .unwrap())
        }
    }
    let world = World::new();
    let narrow = Narrow(Arc::default(), Instant::now());
    let client = datadog_logs::Client::builder(
        datadog_logs::ApiKey::new("0123456789abcdef0123456789abcdef").unwrap(),
    )
    .compression(datadog_logs::Compression::None)
    .transport(Arc::new(narrow.clone()))
    .build()
    .unwrap();
    let source = world.source("acme", &[ItemUsages]);
    // 17 h 25 min old: Datadog takes it for 35 minutes more.
    let events: Vec<String> = (0..200)
        .map(|n| format!(r#"{{"uuid":"E{n}","timestamp":"2026-06-14T18:35:00Z"}}"#))
        .collect();
    source.page(
        ItemUsages,
        &events.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let begun = Instant::now();
    let bridge = Bridge::builder(Arc::new(client), world.store.clone(), world.store.clone())
        .clock(Arc::new(move || time(NOW) + begun.elapsed()))
        .account(source.account())
        .build()
        .unwrap();
    bridge.run(sleep(6 * HOUR)).await;
    let got = narrow.0.lock().unwrap();
    let dropped = got
        .iter()
        .filter(|(at, body)| {
            let date = member(&body[1..body.len() - 1], "timestamp").unwrap();
            time(NOW) + *at > time(date.trim_matches('"')) + 18 * HOUR
        })
        .count();
    assert_eq!(dropped, 0, "of {} are dropped behind their 202", got.len());
}

#[tokio::test(start_paused = true)]
async fn an_envelope_that_was_accepted_is_not_sent_again() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    for _ in 0..2000 {
        world.sink.next(Reply::Refuse(vec![Refused::new(
            0,
            Rejected { status: 400 },
        )]));
        world.sink.next(Reply::Accept);
        world.store.next("keep", Fate::Lost);
    }
    world.bridge(&[&source]).run(sleep(24 * HOUR)).await;
    let envelopes = world
        .sink
        .logs()
        .into_iter()
        .flatten()
        .filter(|log| log.contains("op-dd: an event"))
        .count();
    assert!(
        envelopes < 100,
        "{envelopes} logs of our own in a day of a full disk"
    );
}

#[tokio::test(start_paused = true)]
async fn letters_are_not_written_at_each_try_of_a_commit() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A", "7"]);
    // The start is committed first.
    world.store.later("commit", 1, Fate::Lost);
    for _ in 0..10_000 {
        world.store.next("commit", Fate::Lost);
    }
    let bridge = world.bridge(&[&source]);
    bridge.run(sleep(24 * HOUR)).await;
    let letters = world.store.letters(&source.stream(ItemUsages)).len();
    assert!(letters < 10, "{letters} copies of one letter in a day");
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_tried_every_minute_however_many_streams_there_are() {
    let world = World::new();
    let names = ["a", "b", "c", "d", "e", "f"];
    let sources = names.map(|name| world.source(name, &Feed::ALL));
    for source in &sources {
        for feed in Feed::ALL {
            source.page(feed, &["A"]);
        }
    }
    for _ in 0..10_000 {
        world.sink.next(Reply::Fail(locked_out()));
    }
    world.bridge(&sources.each_ref()).run(sleep(HOUR)).await;
    let sends = world.journal.seconds("send").len();
    assert!(sends < 18 + 61, "{sends} in an hour");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_leaves_the_way_free() {
    let world = World::new();
    let source = world.source("acme", &[SignInAttempts, ItemUsages]);
    source.page(SignInAttempts, &["A"]);
    source.page(ItemUsages, &["B"]);
    let bridge = world.bridge(&[&source]);
    let (one, two) = (source.stream(SignInAttempts), source.stream(ItemUsages));
    world.sink.next(Reply::Fail(outage()));
    step(&bridge, &one).await.unwrap_err();
    sleep(2 * SECOND).await;
    world.sink.next(Reply::Never);
    assert!(
        tokio::time::timeout(5 * SECOND, bridge.step(&one))
            .await
            .is_err()
    );
    bridge.step(&two).await.unwrap().unwrap();
    bridge.step(&one).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_long_ago_does_not_condemn_what_is_refused_now() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A", "B", "C", "D"]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    world
        .sink
        .next(Reply::Fail(outage().with_accepted(vec![0])));
    step(&bridge, &stream).await.unwrap_err();
    sleep(5 * HOUR).await;
    // Something in between refuses whatever it gets.
    world.sink.next(Reply::Refuse(
        (0..3)
            .map(|i| Refused::new(i, Rejected { status: 400 }))
            .collect(),
    ));
    world.sink.next(Reply::Refuse(vec![Refused::new(
        0,
        Rejected { status: 400 },
    )]));
    let outcome = step(&bridge, &stream).await;
    assert!(
        matches!(outcome, Err(StepError::AllRefused { .. })),
        "{outcome:?} {}",
        world.store.letters(&stream).len()
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_under_way_when_the_intake_began_to_fail_counts_as_one_failure() {
    let world = World::new();
    let source = world.source("acme", &Feed::ALL);
    for feed in Feed::ALL {
        source.page(feed, &["A"]);
        world.sink.next(late(1, Reply::Fail(outage())));
    }
    let bridge = world.bridge(&[&source]);
    let [one, two, three] = Feed::ALL.map(|feed| source.stream(feed));
    let steps = tokio::join!(bridge.step(&one), bridge.step(&two), bridge.step(&three));
    assert!(steps.0.unwrap().is_err() && steps.1.unwrap().is_err() && steps.2.unwrap().is_err());
    sleep(SECOND).await;
    step_at_once(&bridge, &one).await;
}

#[tokio::test(start_paused = true)]
async fn an_intake_that_judges_entries_is_there() {
    let world = World::new();
    let source = world.source("acme", &[SignInAttempts, ItemUsages]);
    source.page(SignInAttempts, &["A"]);
    source.page(ItemUsages, &["B"]);
    let bridge = world.bridge(&[&source]);
    let (one, two) = (source.stream(SignInAttempts), source.stream(ItemUsages));
    world.sink.next(Reply::Fail(outage()));
    step(&bridge, &one).await.unwrap_err();
    let rejected = SendError::new(SendErrorKind::Rejected).with_status(400);
    world.sink.next(Reply::Fail(rejected));
    step(&bridge, &one).await.unwrap_err();
    step_at_once(&bridge, &two).await;
}

async fn step_at_once(bridge: &Bridge, stream: &StreamId) {
    bridge.step(stream).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_page_that_was_read_before_the_clock_was_set_is_read_again() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    let (begun, set_by) = (Instant::now(), Arc::new(Mutex::new(Duration::ZERO)));
    let jump = set_by.clone();
    let clock = move || time(NOW) + begun.elapsed() + *set_by.lock().unwrap();
    let builder = world.builder().account(source.account());
    let bridge = builder.clock(Arc::new(clock)).build().unwrap();
    let stream = source.stream(ItemUsages);
    let accept = Box::new(Reply::AcceptAt(time(NOW) + SECOND));
    world.sink.next(Reply::Late(SECOND, accept));
    step(&bridge, &stream).await.unwrap();
    *jump.lock().unwrap() = 3 * HOUR;
    sleep(SECOND).await;
    step(&bridge, &stream).await.unwrap();
    let asked = world.journal.seconds("ask acme.example/itemusages c1");
    assert_eq!(asked, [0, 2]);
}
