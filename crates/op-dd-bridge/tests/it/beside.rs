//! Several bridges at work at the same time: what they share, and what is nobody else's.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use datadog_logs::Tags;
use futures_util::future::join;
use onepassword_events::Feed::{ItemUsages, SignInAttempts};
use onepassword_events::Position;
use op_dd_bridge::{Account, Bridge, Gate, Outcome, StreamId};
use tokio::time::sleep;

use crate::event::{NOW, name, time};
use crate::script::{Answer, Reply, Source, World, outage};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// A bridge beside another, to a sink of its own.
fn archive(live: &Bridge, account: Account) -> (Bridge, World) {
    let folder = World::new();
    let bridge = live
        .beside()
        .sink(folder.sink.clone())
        .destination(name("archive"))
        .account(account)
        .build()
        .unwrap();
    (bridge, folder)
}

fn archived(source: &Source) -> StreamId {
    StreamId {
        destination: name("archive"),
        ..source.stream(ItemUsages)
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_one_destination_does_not_touch_the_other() {
    for intake_is_down in [true, false] {
        let world = World::new();
        let source = world.source("acme", &[ItemUsages]);
        source.pages(ItemUsages, &[&["A"], &["B"]]);
        let live = world.bridge(&[&source]);
        let (archive, folder) = archive(&live, source.account());
        let (down, up) = match intake_is_down {
            true => (&world, &folder),
            false => (&folder, &world),
        };
        for _ in 0..100 {
            down.sink.next(Reply::Fail(outage()));
        }
        join(
            live.run(sleep(60 * SECOND)),
            archive.run(sleep(60 * SECOND)),
        )
        .await;
        assert_eq!(up.sink.logs().len(), 2);
        assert!(down.sink.times_sent()["A"] > 1);
        let (live, archived) = (source.stream(ItemUsages), archived(&source));
        let (behind, ahead) = match intake_is_down {
            true => (live, archived),
            false => (archived, live),
        };
        assert_eq!(world.store.cursor(&behind).await, "start");
        assert_eq!(world.store.cursor(&ahead).await, "c2");
    }
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_one_looks_for_all_bridges_that_share_the_sink() {
    let world = World::new();
    let acme = world.source("acme", &[ItemUsages]);
    let beta = world.source("beta", &[ItemUsages]);
    acme.page(ItemUsages, &["A"]);
    beta.page(ItemUsages, &["B"]);
    let down = || Reply::Late(5 * SECOND, Box::new(Reply::Fail(outage())));
    for _ in 0..100 {
        world.sink.next(down());
    }
    let one = world.bridge(&[&acme]);
    let other = one.beside().account(beta.account()).build().unwrap();
    join(one.run(sleep(600 * SECOND)), other.run(sleep(600 * SECOND))).await;
    let sends = world.journal.seconds("send");
    // Both had begun when it was found out.
    let probes = &sends[2..];
    assert!(probes.len() > 20, "{sends:?}");
    assert!(
        probes.windows(2).all(|pair| pair[1] - pair[0] >= 5),
        "{sends:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_to_be_left_alone_is_left_alone_by_all_bridges() {
    let world = World::new();
    let source = world.source("acme", &[SignInAttempts, ItemUsages]);
    let account = source.account();
    source.next(SignInAttempts, Answer::Status(429, Some(300)));
    let only = |feed| account.clone().feeds([feed]).unwrap();
    let live = world
        .builder()
        .account(only(SignInAttempts))
        .build()
        .unwrap();
    let (archive, _) = archive(&live, only(ItemUsages));
    join(
        live.run(sleep(400 * SECOND)),
        archive.run(sleep(400 * SECOND)),
    )
    .await;
    let asked = world.journal.seconds("ask");
    let pause = |at: &&u64| (1..300).contains(*at);
    assert_eq!(asked.iter().find(pause), None, "{asked:?}");
    assert!(asked.iter().any(|at| *at >= 300), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn accounts_of_two_names_wait_at_one_gate() {
    let world = World::new();
    let source = world.source("acme", &[SignInAttempts, ItemUsages]);
    source.next(SignInAttempts, Answer::Status(429, Some(300)));
    let gate = Gate::default();
    let account = |called, feed| {
        let account = Account::new(name(called), source.clone()).gate(gate.clone());
        account.feeds([feed]).unwrap()
    };
    let bridge = world
        .builder()
        .account(account("first", SignInAttempts))
        .account(account("second", ItemUsages))
        .build()
        .unwrap();
    bridge.run(sleep(400 * SECOND)).await;
    let asked = world.journal.seconds("ask");
    let pause = |at: &&u64| (1..300).contains(*at);
    assert_eq!(asked.iter().find(pause), None, "{asked:?}");
    assert!(asked.iter().any(|at| *at >= 300), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn heartbeats_of_an_archive_go_to_the_intake() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    let live = world.bridge(&[&source]);
    let folder = World::new();
    let archive = live
        .beside()
        .sink(folder.sink.clone())
        .destination(name("archive"))
        .heartbeat(60 * SECOND)
        .account(source.account())
        .build()
        .unwrap();
    archive.drain(SECOND, pending()).await;
    assert!(folder.sink.heartbeats().is_empty());
    let [heartbeat] = &world.sink.heartbeats()[..] else {
        panic!("not one heartbeat");
    };
    assert_eq!(heartbeat["op_dd"]["destination"], "archive");
    assert_eq!(heartbeat["op_dd"]["events"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_window_is_kept_before_anything_is_read() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let (start, end) = (time(NOW) - 48 * HOUR, time(NOW) - 24 * HOUR);
    let live = world.bridge(&[&source]);
    let account = source.account().start(start).end(end);
    let (archive, _) = archive(&live, account);
    let drained = archive.drain(Duration::MAX, pending()).await;
    assert!(matches!(drained.streams[..], [(_, Outcome::Complete)]));
    let [Position::Reset(reset)] = &source.asked()[..] else {
        panic!("not one request");
    };
    assert_eq!(reset.start.to_system_time(), start);
    let asked_end = reset
        .end
        .as_ref()
        .map(onepassword_events::Timestamp::to_system_time);
    assert_eq!(asked_end, Some(end));
}

#[tokio::test(start_paused = true)]
async fn a_first_start_is_as_far_back_as_is_said() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let bridge = world.builder().first_start(2 * HOUR);
    let bridge = bridge.account(source.account()).build().unwrap();
    bridge.drain(SECOND, pending()).await;
    let [Position::Reset(reset)] = &source.asked()[..] else {
        panic!("not one request");
    };
    let start: SystemTime = reset.start.to_system_time();
    assert_eq!(start, time(NOW) - 2 * HOUR);
}

#[tokio::test(start_paused = true)]
async fn a_feed_has_tags_of_its_own() {
    let world = World::new();
    let source: Arc<Source> = world.source("acme", &[SignInAttempts, ItemUsages]);
    source.page(SignInAttempts, &["A"]);
    source.page(ItemUsages, &["B"]);
    let tags = |tag| Tags::new([tag]).unwrap();
    let account = source.account().tags(tags("team:blue"));
    let account = account.feed_tags(ItemUsages, tags("noisy:yes"));
    let bridge = world.builder().account(account).build().unwrap();
    bridge.drain(SECOND, pending()).await;
    let mut sent: Vec<_> = world.sink.logs().into_iter().flatten().collect();
    sent.sort_by_key(|log| !log.contains(r#""A""#));
    assert!(sent[0].contains("team:blue") && !sent[0].contains("noisy:yes"));
    assert!(sent[1].contains("team:blue,noisy:yes"), "{}", sent[1]);
}
