//! Carrying what there is, and no more.

use std::future::pending;
use std::time::Duration;

use onepassword_events::ErrorKind;
use onepassword_events::Feed::{self, AuditEvents, ItemUsages, SignInAttempts};
use op_dd_bridge::{Outcome, StepError};
use tokio::time::{Instant, sleep};

use crate::script::{Answer, Reply, World, body, busy, json, locked_out, outage, step};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn is_complete(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Complete)
}

#[tokio::test(start_paused = true)]
async fn all_streams_are_drained_in_their_order() {
    let world = World::new();
    let acme = world.source("acme", &Feed::ALL);
    let beta = world.source("beta", &[AuditEvents]);
    acme.pages(SignInAttempts, &[&["A", "B"], &["C"]]);
    acme.pages(ItemUsages, &[&["D"], &[], &[], &["E"], &["F"]]);
    beta.pages(AuditEvents, &[&["G"]]);
    let bridge = world.bridge(&[&acme, &beta]);
    let drained = bridge.drain(MINUTE, pending()).await;
    let streams: Vec<_> = drained
        .streams
        .iter()
        .map(|(stream, _)| stream.to_string())
        .collect();
    assert_eq!(
        streams,
        [
            "acme/signinattempts/datadog",
            "acme/itemusages/datadog",
            "acme/auditevents/datadog",
            "beta/auditevents/datadog",
        ]
    );
    assert!(
        drained
            .streams
            .iter()
            .all(|(_, outcome)| is_complete(outcome))
    );
    assert!(world.sink.times_sent().values().all(|times| *times == 1));
    let mut sent = world.journal.take();
    sent.retain(|note| note.starts_with("send"));
    let place = |note: &str| sent.iter().position(|sent| sent == note).unwrap();
    assert!(place("send A B") < place("send C"));
    assert!(place("send D") < place("send E") && place("send E") < place("send F"));
    assert_eq!(sent.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_repeats_ends_it() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    source.next(ItemUsages, Answer::Body(body(&[json("A")], 1, true)));
    source.next(ItemUsages, Answer::Body(body(&[json("A")], 1, true)));
    let drained = world.bridge(&[&source]).drain(MINUTE, pending()).await;
    assert!(is_complete(&drained.streams[0].1));
    assert_eq!(world.journal.seconds("send A"), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_bad_page_holds_its_stream_and_no_other() {
    let world = World::new();
    let source = world.source("acme", &Feed::ALL);
    for feed in Feed::ALL {
        source.pages(feed, &[&["A"], &["B"], &["C"]]);
    }
    source.next(ItemUsages, Answer::Well);
    let event = json("X");
    for _ in 0..50 {
        let bad = format!(r#"{{"cursor":"","has_more":true,"items":[{event}]}}"#);
        source.next(ItemUsages, Answer::Body(bad));
    }
    let bridge = world.bridge(&[&source]);
    let drained = bridge.drain(MINUTE, pending()).await;
    let [(_, first), (held, second), (_, third)] = &drained.streams[..] else {
        panic!("{drained:?}")
    };
    assert!(is_complete(first) && is_complete(third));
    assert_eq!(*held, source.stream(ItemUsages));
    let Outcome::Held(StepError::Source(error)) = second else {
        panic!("{second:?}")
    };
    assert_eq!(error.kind(), ErrorKind::BadPage);
    assert_eq!(world.store.cursor(held).await, "c1");
    assert_eq!(world.sink.times_sent().get("X"), None);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_locked_out_stops_no_other() {
    let world = World::new();
    let acme = world.source("acme", &[ItemUsages]);
    let beta = world.source("beta", &[ItemUsages]);
    beta.pages(ItemUsages, &[&["A"], &["B"]]);
    for _ in 0..50 {
        acme.next(ItemUsages, Answer::Status(401, None));
    }
    let bridge = world.bridge(&[&acme, &beta]);
    let drained = bridge.drain(MINUTE, pending()).await;
    assert!(matches!(
        drained.streams[0].1,
        Outcome::Held(StepError::Source(_))
    ));
    assert!(is_complete(&drained.streams[1].1));
    assert_eq!(world.journal.seconds("send"), [0, 0]);
}

/// How a drain ends, and after how many seconds, if the intake does this as often as said.
async fn check_outage(replies: Vec<Reply>, patience: Duration) -> (Outcome, u64) {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    for reply in replies {
        world.sink.next(reply);
    }
    let begun = Instant::now();
    let drained = world.bridge(&[&source]).drain(patience, pending()).await;
    let (_, outcome) = drained.streams.into_iter().next().unwrap();
    let cursor = world.store.cursor(&source.stream(ItemUsages)).await;
    assert_eq!(cursor == "c1", is_complete(&outcome));
    (outcome, begun.elapsed().as_secs())
}

fn fail(times: usize) -> Vec<Reply> {
    (0..times).map(|_| Reply::Fail(outage())).collect()
}

#[tokio::test(start_paused = true)]
async fn patience_rides_out_what_is_short() {
    let (outcome, seconds) = check_outage(fail(3), MINUTE).await;
    assert!(is_complete(&outcome));
    assert!(
        (7..=14).contains(&seconds),
        "1, 2 and 4 seconds, at most doubled: {seconds}"
    );
    let (outcome, seconds) = check_outage(vec![Reply::Fail(busy(40))], MINUTE).await;
    assert!(is_complete(&outcome) && seconds == 40);
    let (outcome, _) = check_outage(vec![Reply::Fail(locked_out())], MINUTE).await;
    assert!(is_complete(&outcome), "a new key may be there by now");
}

#[tokio::test(start_paused = true)]
async fn patience_has_an_end() {
    let (outcome, seconds) = check_outage(fail(50), MINUTE).await;
    assert!(matches!(outcome, Outcome::Held(StepError::Sink { .. })) && seconds == 60);
    let (outcome, seconds) = check_outage(fail(1), Duration::ZERO).await;
    assert!(matches!(outcome, Outcome::Held(_)) && seconds == 0);
    // There is no use in waiting for what would come too late.
    let (outcome, seconds) = check_outage(vec![Reply::Fail(busy(61))], MINUTE).await;
    assert!(matches!(outcome, Outcome::Held(_)) && seconds == 0);
}

#[tokio::test(start_paused = true)]
async fn a_success_makes_patience_new() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    for times in [1, 1] {
        world.sink.next(Reply::Fail(busy(50 * times)));
        world.sink.next(Reply::Accept);
    }
    let begun = Instant::now();
    let drained = world.bridge(&[&source]).drain(MINUTE, pending()).await;
    assert!(is_complete(&drained.streams[0].1));
    assert_eq!(begun.elapsed().as_secs(), 100);
}

#[tokio::test(start_paused = true)]
async fn it_can_be_stopped() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"], &["C"]]);
    for _ in 0..3 {
        world
            .sink
            .next(Reply::Late(5 * SECOND, Box::new(Reply::Accept)));
    }
    let drained = world
        .bridge(&[&source])
        .drain(MINUTE, sleep(7 * SECOND))
        .await;
    assert!(matches!(drained.streams[0].1, Outcome::Stopped));
    assert_eq!(world.store.cursor(&source.stream(ItemUsages)).await, "c2");
    assert_eq!(world.journal.seconds("send"), [0, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_outlasts_the_patience_holds_all_whom_it_concerns_and_no_other_asks() {
    let world = World::new();
    let acme = world.source("acme", &Feed::ALL);
    let beta = world.source("beta", &[AuditEvents]);
    beta.page(AuditEvents, &["A"]);
    acme.next(SignInAttempts, Answer::Status(429, Some(300)));
    let bridge = world.bridge(&[&acme, &beta]);
    let drained = bridge.drain(MINUTE, pending()).await;
    for (stream, outcome) in &drained.streams {
        let paused = matches!(outcome, Outcome::Held(StepError::Paused { .. }));
        match (stream.account.as_str(), stream.feed) {
            ("acme", SignInAttempts) => {
                assert!(matches!(outcome, Outcome::Held(StepError::Source(_))));
            }
            ("acme", _) => assert!(paused, "{stream}: {outcome:?}"),
            _ => assert!(is_complete(outcome), "{stream}: {outcome:?}"),
        }
    }
    assert_eq!(world.journal.seconds("ask acme.example"), [0]);
}

#[tokio::test(start_paused = true)]
async fn what_was_read_ahead_before_it_began_does_not_end_it() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    world
        .sink
        .next(Reply::Late(5 * SECOND, Box::new(Reply::Accept)));
    let bridge = world.bridge(&[&source]);
    let stream = source.stream(ItemUsages);
    step(&bridge, &stream).await.unwrap();
    let asked = world.journal.seconds("ask acme.example/itemusages c1");
    assert_eq!(asked, [0], "it was read ahead");
    source.page(ItemUsages, &["C"]);
    let drained = bridge.drain(MINUTE, pending()).await;
    assert!(is_complete(&drained.streams[0].1));
    assert_eq!(world.store.cursor(&stream).await, "c3");
}
