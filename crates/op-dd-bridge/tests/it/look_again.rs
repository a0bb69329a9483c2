//! Streams that wait since they failed, and are told to look again.

use std::time::Duration;

use futures_util::future::join;
use onepassword_events::Feed::{self, AuditEvents, ItemUsages, SignInAttempts};
use op_dd_bridge::Bridge;
use tokio::time::sleep;

use crate::event::name;
use crate::script::{Answer, Reply, World, busy, locked_out, outage};

const SECOND: Duration = Duration::from_secs(1);

/// Runs it for so many seconds, and tells it to look again at one of them.
async fn run(bridge: &Bridge, seconds: u32, told_at: u32) {
    let tell = async {
        sleep(told_at * SECOND).await;
        bridge.look_again();
    };
    join(bridge.run(sleep(seconds * SECOND)), tell).await;
}

/// Whether something was done within a second of that moment.
fn soon(at: u64, done: &[u64]) -> bool {
    done.iter().any(|done| (at..=at + 1).contains(done))
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_held_looks_within_a_second() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    for _ in 0..2 {
        source.next(ItemUsages, Answer::Status(401, None));
    }
    run(&world.bridge(&[&source]), 30, 15).await;
    let sent = world.journal.seconds("send A");
    assert!(soon(15, &sent), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn so_do_those_of_the_bridges_beside() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages, AuditEvents]);
    for feed in [ItemUsages, AuditEvents] {
        for _ in 0..2 {
            source.next(feed, Answer::Status(401, None));
        }
    }
    let only = |feed| source.account().feeds([feed]).unwrap();
    let live = world.builder().account(only(ItemUsages)).build().unwrap();
    let beside = live.beside().destination(name("archive"));
    let beside = beside.account(only(AuditEvents)).build().unwrap();
    let beside = beside.run(sleep(30 * SECOND));
    join(run(&live, 30, 15), beside).await;
    for feed in ["itemusages", "auditevents"] {
        let asked = world.journal.seconds(&format!("ask acme.example/{feed}"));
        assert!(soon(15, &asked), "{feed}: {asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_said_while_a_step_is_under_way_counts() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let refused = || Box::new(Answer::Status(401, None));
    source.next(ItemUsages, *refused());
    source.next(ItemUsages, Answer::Late(9 * SECOND, refused()));
    run(&world.bridge(&[&source]), 30, 5).await;
    let asked = world.journal.seconds("ask");
    assert!(asked[..2] == [0, 1] && soon(10, &asked[2..3]), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn the_pause_that_a_server_asked_for_is_kept() {
    let world = World::new();
    let acme = world.source("acme", &[ItemUsages, SignInAttempts]);
    acme.next(ItemUsages, Answer::Status(429, Some(300)));
    let bridge = world.bridge(&[&acme]);
    run(&bridge, 400, 100).await;
    let asked = world.journal.seconds("ask");
    let pause = |at: &&u64| (1..300).contains(*at);
    assert_eq!(asked.iter().find(pause), None, "{asked:?}");
    assert!(asked.contains(&300), "{asked:?}");

    let world = World::new();
    let acme = world.source("acme", &[ItemUsages]);
    acme.page(ItemUsages, &["A"]);
    world.sink.next(Reply::Fail(busy(300)));
    run(&world.bridge(&[&acme]), 400, 100).await;
    let sent = world.journal.seconds("send");
    assert!(sent.len() == 2 && sent[1] >= 300, "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn so_does_what_is_said_while_a_sending_is_under_way() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    let refused = || Reply::Fail(locked_out());
    for _ in 0..3 {
        world.sink.next(refused());
    }
    world
        .sink
        .next(Reply::Late(9 * SECOND, Box::new(refused())));
    run(&world.bridge(&[&source]), 150, 125).await;
    let sent = world.journal.seconds("send");
    assert!(sent[..4] == [0, 1, 61, 121], "{sent:?}");
    assert!(soon(130, &sent), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn one_looks_for_all_whether_the_intake_takes_the_key() {
    let world = World::new();
    let names = ["a", "b", "c", "d", "e", "f"];
    let sources = names.map(|name| world.source(name, &Feed::ALL));
    for source in &sources {
        for feed in Feed::ALL {
            source.page(feed, &["A"]);
        }
    }
    for _ in 0..1000 {
        world.sink.next(Reply::Fail(locked_out()));
    }
    let bridge = world.bridge(&sources.each_ref());
    run(&bridge, 320, 300).await;
    let sent = world.journal.seconds("send");
    assert!(soon(300, &sent), "{sent:?}");
    // This one, and one more if it was its time.
    let looks = sent.iter().filter(|at| **at >= 300).count();
    assert!(looks <= 2, "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_well_asks_no_sooner() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.next(ItemUsages, Answer::Status(401, None));
    let bridge = world.builder().account(source.account());
    let bridge = bridge.poll_interval(300 * SECOND).build().unwrap();
    run(&bridge, 200, 100).await;
    assert_eq!(world.journal.seconds("ask"), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn an_intake_that_is_down_is_not_asked_more_often_for_that() {
    let world = World::new();
    let source = world.source("acme", &Feed::ALL);
    for feed in Feed::ALL {
        source.page(feed, &["A"]);
    }
    for _ in 0..1000 {
        world.sink.next(Reply::Fail(outage()));
    }
    let bridge = world.bridge(&[&source]);
    let tell = async {
        for _ in 0..60 {
            sleep(SECOND).await;
            bridge.look_again();
        }
    };
    join(bridge.run(sleep(60 * SECOND)), tell).await;
    let sent = world.journal.seconds("send");
    assert!(sent.len() < 3 + 2 * 60, "{sent:?}");
}
