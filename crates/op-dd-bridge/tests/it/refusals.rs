//! Entries that the intake refuses, and when they are given up.

use std::time::Duration;

use datadog_logs::RefusalReason::{Rejected, TooLarge};
use datadog_logs::{LogEntry, RefusalReason, Refused, SendError, SendErrorKind};
use onepassword_events::Event;
use onepassword_events::Feed::ItemUsages;
use op_dd_bridge::{Context, DeadLetter, Mapped, Scope, StepError};
use tokio::time::sleep;

use crate::event::{NOW, time};
use crate::json::{member, members};
use crate::script::{Fate, Reply, World, json, outage, step};

fn refuse(refused: &[(usize, RefusalReason)]) -> Reply {
    let refused = refused.iter();
    Reply::Refuse(
        refused
            .map(|&(index, reason)| Refused::new(index, reason))
            .collect(),
    )
}

const BAD: RefusalReason = Rejected { status: 400 };
const HUGE: RefusalReason = TooLarge { bytes: 1_000_001 };
const LARGE: RefusalReason = TooLarge { bytes: 1_000_000 };

/// What becomes of a page of these events that are refused like this: the ids and reasons of the dead
/// letters, or none if it is held.
async fn check(events: &[&str], refused: &[(usize, RefusalReason)], dead: Option<&[(&str, &str)]>) {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, events);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    world.sink.next(refuse(refused));
    // Nor does it take the envelope, if it is asked.
    world.sink.next(refuse(&[(0, BAD)]));
    let outcome = step(&bridge, &stream).await;
    let letters = world.store.letters(&stream);
    let Some(dead) = dead else {
        let error = outcome.unwrap_err();
        assert!(matches!(error, StepError::AllRefused { entries, .. } if entries == refused.len()));
        assert!(error.is_hold());
        assert_eq!(error.scope(&stream), Scope::Stream(stream.clone()));
        assert_eq!(letters, []);
        assert_eq!(world.store.cursor(&stream).await, "start");
        return;
    };
    let report = outcome.unwrap();
    assert_eq!(report.sent, events.len() - dead.len());
    assert_eq!(report.refused, dead.len());
    let found: Vec<_> = letters
        .iter()
        .map(|letter| {
            (
                letter.uuid.as_deref().unwrap_or("?"),
                letter.reason.as_str(),
            )
        })
        .collect();
    assert_eq!(found, dead);
    assert_eq!(world.store.cursor(&stream).await, "c1");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_among_others_is_given_up() {
    let refused = "the intake refused the log (400)";
    check(&["A", "B"], &[(0, BAD)], Some(&[("A", refused)])).await;
    check(
        &["A", "B", "C"],
        &[(1, BAD), (2, BAD)],
        Some(&[("B", refused), ("C", refused)]),
    )
    .await;
    let large = "the log is too large for the intake (1000000 bytes)";
    check(&["A", "B"], &[(1, LARGE)], Some(&[("B", large)])).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_object_is_given_up_at_once() {
    let reason = "the event is not a JSON object";
    check(&["7", "A"], &[], Some(&[("?", reason)])).await;
    let reasons = [("?", reason); 4];
    check(
        &["7", "null", "\"x\"", "[{\"uuid\":\"A\"}]"],
        &[],
        Some(&reasons),
    )
    .await;
    // It doesn't shift the places of the others.
    let refused = "the intake refused the log (400)";
    check(
        &["7", "A", "8", "B"],
        &[(1, BAD)],
        Some(&[("?", reason), ("?", reason), ("B", refused)]),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_the_mapper_keeps_back_is_given_up_and_not_sent() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A", "B"]);
    let stream = source.stream(ItemUsages);
    let mapper = |event: &Event, _: &Context| {
        let uuid = event.uuid().unwrap_or_default();
        let mut mapped = Mapped::from(LogEntry::new(uuid.as_ref()));
        mapped.fault = (uuid == "A").then_some("it is kept back");
        mapped
    };
    let bridge = world.builder().mapper(mapper).account(source.account());
    let report = step(&bridge.build().unwrap(), &stream).await.unwrap();
    assert_eq!((report.sent, report.refused), (1, 1));
    let letters = world.store.letters(&stream);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].reason, "it is kept back");
}

#[tokio::test(start_paused = true)]
async fn when_nothing_is_accepted_nothing_is_given_up() {
    check(&["A"], &[(0, BAD)], None).await;
    check(&["A", "B"], &[(0, BAD), (1, BAD)], None).await;
    check(&["A", "7"], &[(0, BAD)], None).await;
    check(&["A"], &[(0, LARGE)], None).await;
    check(&["A", "B"], &[(0, HUGE), (1, BAD)], None).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_alone_is_given_up_if_its_envelope_is_accepted() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    world.sink.next(refuse(&[(0, BAD)]));
    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.sent, report.refused), (0, 1));
    assert_eq!(world.store.letters(&stream)[0].raw, json("A"));
    assert_eq!(world.store.cursor(&stream).await, "c1");
    let logs = world.sink.logs();
    let [event, envelope] = &logs[..] else {
        panic!("{logs:?}");
    };
    for key in ["ddsource", "ddtags", "hostname", "service", "status"] {
        assert_eq!(member(&envelope[0], key), member(&event[0], key), "{key}");
    }
    assert_eq!(members(&envelope[0]).len(), 6, "{envelope:?}");
}

#[tokio::test(start_paused = true)]
async fn an_envelope_that_finds_no_answer_decides_nothing() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    world.sink.next(refuse(&[(0, BAD)]));
    world.sink.next(Reply::Fail(outage()));
    let error = step(&bridge, &stream).await.unwrap_err();
    assert!(matches!(error, StepError::Sink { .. }));
    assert_eq!(world.store.letters(&stream), []);
    assert_eq!(world.store.cursor(&stream).await, "start");
}

#[tokio::test(start_paused = true)]
async fn no_more_than_ten_an_hour_are_given_up() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let pages = [["A", "B", "C"]; 6];
    for page in &pages {
        source.page(ItemUsages, page);
    }
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    for _ in 0..5 {
        world.sink.next(refuse(&[(0, BAD), (2, BAD)]));
        step(&bridge, &stream).await.unwrap();
    }
    world.sink.next(refuse(&[(0, BAD), (2, BAD)]));
    let error = step(&bridge, &stream).await.unwrap_err();
    assert!(
        matches!(
            error,
            StepError::TooManyRefused {
                before: 10,
                entries: 2
            }
        ),
        "{error}"
    );
    assert!(error.is_hold());
    assert_eq!(world.store.letters(&stream).len(), 10);
    assert_eq!(world.store.cursor(&stream).await, "c5");

    // What was accepted isn't sent again; and an hour later there is room.
    world.sink.next(refuse(&[(0, BAD), (1, BAD)]));
    step(&bridge, &stream).await.unwrap_err();
    assert_eq!(world.sink.logs()[6].len(), 2);
    sleep(Duration::from_secs(3600)).await;
    world.sink.next(refuse(&[(0, BAD), (1, BAD)]));
    step(&bridge, &stream).await.unwrap();
    assert_eq!(world.store.letters(&stream).len(), 12);
    assert_eq!(world.store.cursor(&stream).await, "c6");
}

#[tokio::test(start_paused = true)]
async fn what_is_at_fault_for_sure_is_not_counted() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let numbers: Vec<_> = (0..40).map(|number| number.to_string()).collect();
    let numbers: Vec<_> = numbers.iter().map(String::as_str).collect();
    source.page(ItemUsages, &numbers);
    source.page(ItemUsages, &["A", "B"]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    step(&bridge, &stream).await.unwrap();
    world.sink.next(refuse(&[(0, BAD), (1, HUGE)]));
    step(&bridge, &stream).await.unwrap();
    assert_eq!(world.store.letters(&stream).len(), 42);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_for_any_intake_is_given_up_even_alone() {
    let reason = "the log is too large for the intake (1000001 bytes)";
    check(&["A"], &[(0, HUGE)], Some(&[("A", reason)])).await;
    check(
        &["A", "B"],
        &[(0, HUGE), (1, HUGE)],
        Some(&[("A", reason), ("B", reason)]),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_letter_is_kept_before_the_cursor_moves() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let odd = "{ \"uuid\" : \"ODD\", \"n\":1.50 }";
    source.page(ItemUsages, &["A", odd]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    world.sink.next(refuse(&[(1, BAD)]));
    world.store.next("keep", Fate::Lost);
    let error = step(&bridge, &stream).await.unwrap_err();
    assert!(matches!(error, StepError::Store(_)));
    assert_eq!(world.store.cursor(&stream).await, "start");

    world.sink.next(refuse(&[(0, BAD)]));
    step(&bridge, &stream).await.unwrap();
    let journal = world.journal.take();
    assert_eq!(
        journal[2..],
        [
            "ask acme.example/itemusages start",
            "send A ODD",
            "keep ODD",
            "ask acme.example/itemusages start",
            "send ODD",
            "send ?",
            "keep ODD",
            "commit c1",
        ]
    );
    let letter = DeadLetter {
        at: NOW.to_owned(),
        reason: "the intake refused the log (400)".to_owned(),
        status: Some(400),
        uuid: Some("ODD".to_owned()),
        raw: odd.to_owned(),
    };
    assert_eq!(world.store.letters(&stream), [letter]);
    assert_eq!(time(&world.store.letters(&stream)[0].at), time(NOW));
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_attempt_delivered_is_reported() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A", "B"]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    world
        .sink
        .next(Reply::Fail(outage().with_accepted(vec![0])));
    step(&bridge, &stream).await.unwrap_err();
    world.sink.next(refuse(&[(0, BAD)]));
    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.sent, report.refused), (1, 1));
    assert_eq!(world.store.letters(&stream)[0].raw, json("B"));
}

#[tokio::test(start_paused = true)]
async fn refusals_without_end_are_held() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A", "B"]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    let error = SendError::new(SendErrorKind::Rejected).with_status(400);
    let error = error
        .with_accepted(vec![0])
        .with_refused(vec![Refused::new(1, BAD)]);
    world.sink.next(Reply::Fail(error));
    let error = step(&bridge, &stream).await.unwrap_err();
    assert!(error.is_hold());
    assert_eq!(error.scope(&stream), Scope::Stream(stream.clone()));
    assert_eq!(world.store.letters(&stream), []);
    assert_eq!(world.store.cursor(&stream).await, "start");
}
