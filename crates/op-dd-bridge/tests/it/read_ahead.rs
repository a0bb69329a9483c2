//! The page behind the one that is being sent.

use std::time::Duration;

use onepassword_events::Feed::{ItemUsages, SignInAttempts};
use op_dd_bridge::{Bridge, StepError, StreamId};
use tokio::time::{Instant, sleep};

use crate::script::{Answer, Fate, Reply, World, busy, outage, step};

const SECOND: Duration = Duration::from_secs(1);

async fn steps(bridge: &Bridge, stream: &StreamId, count: usize) {
    for _ in 0..count {
        step(bridge, stream).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_is_read_while_the_one_before_is_sent() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"], &["C"]]);
    for _ in 0..3 {
        source.next(ItemUsages, Answer::Late(3 * SECOND, Box::new(Answer::Well)));
        world
            .sink
            .next(Reply::Late(5 * SECOND, Box::new(Reply::Accept)));
    }
    let bridge = world.bridge(&[&source]);
    steps(&bridge, &source.stream(ItemUsages), 3).await;
    let journal = world.journal.take_timed();
    let journal: Vec<_> = journal
        .iter()
        .map(|(at, what)| (at.as_secs(), what.as_str()))
        .collect();
    assert_eq!(
        journal[2..],
        [
            (0, "ask acme.example/itemusages start"),
            (3, "send A"),
            (3, "ask acme.example/itemusages c1"),
            (8, "commit c1"),
            (8, "send B"),
            (8, "ask acme.example/itemusages c2"),
            (13, "commit c2"),
            (13, "send C"),
            (18, "commit c3"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_dropped_when_the_one_before_fails() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    world
        .sink
        .next(Reply::Late(5 * SECOND, Box::new(Reply::Fail(outage()))));
    step(&bridge, &stream).await.unwrap_err();
    // Nor is it waited for.
    source.next(ItemUsages, Answer::Well);
    source.next(ItemUsages, Answer::Never);
    world
        .sink
        .next(Reply::Late(5 * SECOND, Box::new(Reply::Fail(outage()))));
    step(&bridge, &stream).await.unwrap_err();
    // The commit is a part of the way.
    world
        .sink
        .next(Reply::Late(5 * SECOND, Box::new(Reply::Accept)));
    world.store.next("commit", Fate::Lost);
    step(&bridge, &stream).await.unwrap_err();
    steps(&bridge, &stream, 2).await;
    let journal = world.journal.take();
    let expected = [
        "ask acme.example/itemusages start",
        "send A",
        "ask acme.example/itemusages c1",
        "ask acme.example/itemusages start",
        "send A",
        "ask acme.example/itemusages c1",
        "ask acme.example/itemusages start",
        "send A",
        "ask acme.example/itemusages c1",
        "commit c1",
        "load",
        "ask acme.example/itemusages start",
        "commit c1",
        "ask acme.example/itemusages c1",
        "send B",
        "commit c2",
    ];
    assert_eq!(journal[2..], expected);
}

#[tokio::test(start_paused = true)]
async fn it_is_not_touched_before_the_one_before_is_committed() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    world
        .sink
        .next(Reply::Late(SECOND, Box::new(Reply::Accept)));
    world.store.later("commit", 1, Fate::Never);
    let step = tokio::time::timeout(3600 * SECOND, bridge.step(&stream));
    assert!(step.await.is_err());
    let journal = world.journal.take();
    assert_eq!(
        journal[3..],
        ["send A", "ask acme.example/itemusages c1", "commit c1"]
    );
}

#[tokio::test(start_paused = true)]
async fn its_failure_is_that_of_the_next_step() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    let stream = source.stream(ItemUsages);
    let bridge = world.bridge(&[&source]);
    source.next(ItemUsages, Answer::Well);
    source.next(ItemUsages, Answer::Status(500, None));
    steps(&bridge, &stream, 1).await;
    assert_eq!(world.store.cursor(&stream).await, "c1");
    let error = step(&bridge, &stream).await.unwrap_err();
    assert!(matches!(error, StepError::Source(error) if error.status() == Some(500)));
    steps(&bridge, &stream, 1).await;
    assert_eq!(world.store.cursor(&stream).await, "c2");
    assert!(world.sink.times_sent().values().all(|times| *times == 1));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_ahead_while_the_account_asks_to_be_left_alone() {
    let world = World::new();
    let source = world.source("acme", &[SignInAttempts, ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    let asked = Box::new(Answer::Status(429, Some(300)));
    source.next(SignInAttempts, Answer::Late(SECOND, asked));
    source.next(ItemUsages, Answer::Late(2 * SECOND, Box::new(Answer::Well)));
    world
        .sink
        .next(Reply::Late(SECOND, Box::new(Reply::Accept)));
    let bridge = world.bridge(&[&source]);
    let begun = Instant::now();
    bridge.run(sleep(302 * SECOND)).await;
    assert!(begun.elapsed() < 303 * SECOND);
    assert_eq!(world.journal.seconds("send A"), [2]);
    assert_eq!(
        world.journal.seconds("ask acme.example/itemusages c1"),
        [301]
    );
    assert_eq!(world.journal.seconds("send B"), [301]);
}

#[tokio::test(start_paused = true)]
async fn it_is_not_kept_while_the_intake_asks_to_be_left_alone() {
    let world = World::new();
    let source = world.source("acme", &[SignInAttempts, ItemUsages]);
    source.page(SignInAttempts, &["C"]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    let bridge = world.bridge(&[&source]);
    let (usages, attempts) = (source.stream(ItemUsages), source.stream(SignInAttempts));
    world
        .sink
        .next(Reply::Late(SECOND, Box::new(Reply::Accept)));
    steps(&bridge, &usages, 1).await;
    world.sink.next(Reply::Fail(busy(300)));
    step(&bridge, &attempts).await.unwrap_err();
    let error = bridge.step(&usages).await.unwrap().unwrap_err();
    assert!(matches!(error, StepError::Paused { wait, .. } if wait == 300 * SECOND));
    sleep(300 * SECOND).await;
    steps(&bridge, &usages, 1).await;
    assert_eq!(
        world.journal.seconds("ask acme.example/itemusages c1"),
        [0, 301]
    );
    assert_eq!(world.journal.seconds("send B"), [301]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_it_is_asked_for_holds_even_if_the_delivery_fails() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    source.next(ItemUsages, Answer::Well);
    source.next(ItemUsages, Answer::Status(429, Some(300)));
    world
        .sink
        .next(Reply::Late(SECOND, Box::new(Reply::Fail(outage()))));
    let bridge = world.bridge(&[&source]);
    bridge.run(sleep(400 * SECOND)).await;
    let asked = world.journal.seconds("ask");
    assert_eq!(asked[..3], [0, 0, 300], "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn it_holds_up_neither_the_report_nor_the_end() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    source.next(ItemUsages, Answer::Well);
    source.next(ItemUsages, Answer::Never);
    world
        .sink
        .next(Reply::Late(SECOND, Box::new(Reply::Accept)));
    let bridge = world.bridge(&[&source]);
    let begun = Instant::now();
    steps(&bridge, &source.stream(ItemUsages), 1).await;
    assert_eq!(begun.elapsed(), SECOND);
    assert_eq!(world.store.cursor(&source.stream(ItemUsages)).await, "c1");
}
