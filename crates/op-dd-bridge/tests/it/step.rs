//! One page of one stream, and what is known afterwards.

use std::time::Duration;

use datadog_logs::{LogEntry, SendErrorKind};
use onepassword_events::Feed::{AuditEvents, ItemUsages};
use onepassword_events::{Event, Position, Reset};
use op_dd_bridge::{Context, StepError, StoreErrorKind};
use tokio::time::advance;

use crate::event::{NOW, name, time};
use crate::json::member;
use crate::script::{Answer, Fate, Reply, World, body, json, outage, step};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn the_start_is_kept_before_anything_is_read() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    let stream = source.stream(ItemUsages);
    source.next(ItemUsages, Answer::Status(503, None));
    let bridge = world.bridge(&[&source]);
    step(&bridge, &stream).await.unwrap_err();
    let journal = world.journal.take();
    assert_eq!(
        journal,
        ["load", "commit start", "ask acme.example/itemusages start"]
    );

    advance(5 * HOUR).await;
    let later = world.bridge(&[&source]);
    step(&later, &stream).await.unwrap();
    step(&bridge, &stream).await.unwrap_err();
    let start = Position::from(Reset::new((time(NOW) - 17 * HOUR).into()));
    assert_eq!(source.asked(), [start.clone(), start.clone(), start]);
}

#[tokio::test(start_paused = true)]
async fn an_account_may_start_elsewhere() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let start = time("2026-03-01T00:00:00.5Z");
    let bridge = world.builder().account(source.account().start(start));
    let bridge = bridge.build().unwrap();
    step(&bridge, &source.stream(ItemUsages)).await.unwrap();
    assert_eq!(source.asked(), [Position::from(Reset::new(start.into()))]);
}

#[tokio::test(start_paused = true)]
async fn a_page_goes_its_way_and_is_reported() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let old = r#"{"uuid":"OLD","timestamp":"2026-01-01T00:00:00Z","evt":1,"usr.id":2}"#;
    source.pages(ItemUsages, &[&[old, "7", "A"], &["B"]]);
    let bridge = world.bridge(&[&source]);
    let stream = source.stream(ItemUsages);
    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.read, report.sent, report.refused), (3, 2, 1));
    assert_eq!((report.late, report.collisions), (1, 2));
    assert_eq!((report.more, report.moved), (true, true));
    assert_eq!(report.lag, Some(HOUR));
    let sent: usize = world.sink.logs()[0].iter().map(String::len).sum();
    assert_eq!((report.bytes, report.bytes_sent), (sent, 7));
    assert_eq!(
        world.journal.take(),
        [
            "load",
            "commit start",
            "ask acme.example/itemusages start",
            "send OLD A",
            "keep ?",
            "commit c1",
        ]
    );
    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.read, report.sent, report.more), (1, 1, false));
    assert_eq!(
        world.journal.take(),
        ["ask acme.example/itemusages c1", "send B", "commit c2"]
    );
}

#[tokio::test(start_paused = true)]
async fn there_is_no_step_of_a_stream_that_there_is_not() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let bridge = world.bridge(&[&source]);
    assert!(bridge.step(&source.stream(AuditEvents)).await.is_none());
    assert_eq!(world.journal.take(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_cursor_moves_after_the_intake_has_accepted() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A", "B"]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    for _ in 0..3 {
        world.sink.next(Reply::Fail(outage()));
        let error = step(&bridge, &stream).await.unwrap_err();
        assert!(
            matches!(error, StepError::Sink { error, .. } if error.kind() == SendErrorKind::Server)
        );
        assert_eq!(world.store.cursor(&stream).await, "start");
    }
    step(&bridge, &stream).await.unwrap();
    assert_eq!(world.store.cursor(&stream).await, "c1");
    assert_eq!(world.journal.seconds("send A B").len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_empty_page_moves_the_cursor_too() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &[], &[]]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    step(&bridge, &stream).await.unwrap();
    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.read, report.moved, report.more), (0, true, true));
    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.read, report.moved, report.more), (0, true, false));
    assert_eq!(world.store.cursor(&stream).await, "c3");
    world.journal.take();

    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.moved, report.more), (false, false));
    assert_eq!(world.journal.take(), ["ask acme.example/itemusages c3"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_place_with_nothing_there_is_the_end_whatever_it_says() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    step(&bridge, &stream).await.unwrap();
    source.next(ItemUsages, Answer::Body(body(&[], 1, true)));
    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.moved, report.more), (false, false));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_comes_again_at_its_own_place_is_not_sent_again() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A", "B"]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    step(&bridge, &stream).await.unwrap();
    let again = || Answer::Body(body(&[json("A"), json("B")], 1, true));
    // To this process, and to the next one, which knows the page by its digest.
    for bridge in [bridge, world.bridge(&[&source])] {
        source.next(ItemUsages, again());
        let report = step(&bridge, &stream).await.unwrap();
        assert_eq!((report.sent, report.moved, report.more), (0, false, false));
    }
    assert_eq!(world.journal.seconds("send").len(), 1);

    // Another page at that place is another page.
    let bridge = world.bridge(&[&source]);
    source.next(
        ItemUsages,
        Answer::Body(body(&[json("A"), json("C")], 1, false)),
    );
    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.sent, report.moved), (2, true));
    // And an empty one in between does not make a page new.
    source.next(ItemUsages, Answer::Body(body(&[], 1, false)));
    step(&bridge, &stream).await.unwrap();
    source.next(
        ItemUsages,
        Answer::Body(body(&[json("A"), json("C")], 1, false)),
    );
    assert!(!step(&bridge, &stream).await.unwrap().moved);
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_before_an_outage_is_not_sent_again() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A", "B", "A", "C"]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    world
        .sink
        .next(Reply::Fail(outage().with_accepted(vec![0, 1])));
    world
        .sink
        .next(Reply::Fail(outage().with_accepted(vec![1])));
    step(&bridge, &stream).await.unwrap_err();
    step(&bridge, &stream).await.unwrap_err();
    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.read, report.sent), (4, 4));
    let mut journal = world.journal.take();
    journal.retain(|note| note.starts_with("send"));
    assert_eq!(journal, ["send A B A C", "send A C", "send A"]);
    assert_eq!(world.store.cursor(&stream).await, "c1");
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_page_is_another_event() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["A", "B"]]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    step(&bridge, &stream).await.unwrap();
    step(&bridge, &stream).await.unwrap();
    assert_eq!(world.sink.times_sent()["A"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_could_not_be_committed_is_not_sent_again() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A", "7"], &["B"]]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    source.next(ItemUsages, Answer::Status(500, None));
    step(&bridge, &stream).await.unwrap_err();
    world.store.next("keep", Fate::Lost);
    world.store.next("commit", Fate::Lost);
    for _ in 0..2 {
        let error = step(&bridge, &stream).await.unwrap_err();
        let StepError::Store(error) = error else {
            panic!("{error}")
        };
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert_eq!(world.store.cursor(&stream).await, "start");
    }
    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.read, report.sent, report.refused), (2, 1, 1));
    assert_eq!(world.store.cursor(&stream).await, "c1");
    assert_eq!(world.journal.seconds("send A"), [0]);
    step(&bridge, &stream).await.unwrap();
    assert_eq!(world.journal.seconds("send B"), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_which_nobody_knows_is_looked_up() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    source.next(ItemUsages, Answer::Status(500, None));
    step(&bridge, &stream).await.unwrap_err();
    world.store.next("commit", Fate::KeptUnknown);
    step(&bridge, &stream).await.unwrap_err();
    world.journal.take();
    let found_out = step(&bridge, &stream).await.unwrap();
    assert_eq!((found_out.sent, found_out.moved), (1, true));
    step(&bridge, &stream).await.unwrap();
    let expected = [
        "load",
        "ask acme.example/itemusages c1",
        "send B",
        "commit c2",
    ];
    assert_eq!(world.journal.take(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_somebody_else_moved_goes_on_from_there() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"], &["C"]]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    step(&bridge, &stream).await.unwrap();
    world.store.next("commit", Fate::Moved("c2"));
    let error = step(&bridge, &stream).await.unwrap_err();
    assert!(matches!(&error, StepError::Store(error) if error.kind() == StoreErrorKind::Conflict));
    assert!(!error.is_hold());
    step(&bridge, &stream).await.unwrap();
    assert_eq!(world.store.cursor(&stream).await, "c3");
    assert!(world.sink.times_sent().values().all(|times| *times == 1));
}

#[tokio::test(start_paused = true)]
async fn age_is_judged_by_the_clock_of_the_intake() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"], &["C"]]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    world
        .sink
        .next(Reply::AcceptAt(time("2026-06-17T12:00:00Z")));
    let late = [
        step(&bridge, &stream).await.unwrap().late,
        step(&bridge, &stream).await.unwrap().late,
    ];
    assert_eq!(late, [0, 1]);
    let log = &world.sink.logs()[1][0];
    assert_eq!(
        member(log, "timestamp").unwrap(),
        "\"2026-06-17T12:00:00.000Z\""
    );

    // An error may be a gateway's, whose clock is nobody's business.
    world
        .sink
        .next(Reply::Fail(outage().with_server_time(time(NOW))));
    step(&bridge, &stream).await.unwrap_err();
    assert_eq!(step(&bridge, &stream).await.unwrap().late, 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_is_mapped_anew_for_every_attempt() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    world.sink.next(Reply::Fail(outage()));
    step(&bridge, &stream).await.unwrap_err();
    advance(17 * HOUR).await;
    assert_eq!(step(&bridge, &stream).await.unwrap().late, 1);
}

#[tokio::test(start_paused = true)]
async fn any_closure_maps() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    let bridge = world
        .builder()
        .mapper(|event: &Event, context: &Context| {
            let host = context.host();
            LogEntry::new(format!("{} at {host}", event.uuid().unwrap_or_default()))
        })
        .destination(name("archive"))
        .account(source.account())
        .build()
        .unwrap();
    let stream = bridge.streams().next().unwrap().clone();
    assert_eq!(stream.to_string(), "acme/itemusages/archive");
    let report = step(&bridge, &stream).await.unwrap();
    assert_eq!((report.sent, report.late, report.lag), (1, 0, None));
    assert_eq!(world.sink.logs(), [[r#"{"message":"A at acme.example"}"#]]);
}
