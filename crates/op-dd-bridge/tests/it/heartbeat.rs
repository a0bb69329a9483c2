//! What the bridge says of its streams, and that it never gets in the way of what they carry.

use std::future::pending;
use std::time::Duration;

use datadog_logs::{RefusalReason, Refused, SendError, SendErrorKind, Tags};
use onepassword_events::Feed::{self, AuditEvents, ItemUsages, SignInAttempts};
use op_dd_bridge::{Bridge, BridgeBuilder, CursorStore as _, Name, Outcome};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::event::{NOW, time};
use crate::script::{Answer, Fate, Reply, Source, World, busy, locked_out, outage};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A number of letters alone, which the script makes an event of.
fn id(number: usize) -> String {
    let letter = |digit: usize| char::from(b'A' + u8::try_from(digit % 26).unwrap());
    [number / 676, number / 26, number]
        .map(letter)
        .iter()
        .collect()
}

fn beating(world: &World) -> BridgeBuilder {
    world.builder().heartbeat(5 * MINUTE)
}

async fn drain(bridge: &Bridge) {
    let drained = bridge.drain(MINUTE, pending()).await;
    for (stream, outcome) in drained.streams {
        assert!(matches!(outcome, Outcome::Complete), "{stream}");
    }
}

/// Checks that a stream's heartbeats, one after the other, tell of all that was delivered, each where the
/// one before left off.
fn adds_up(heartbeats: &[Value], delivered: &[String]) {
    let mut rest = delivered;
    for heartbeat in heartbeats {
        let said = &heartbeat["op_dd"];
        let events = usize::try_from(said["events"].as_u64().unwrap()).unwrap();
        let (told, after) = rest.split_at(events);
        assert_eq!(
            said.get("first_uuid"),
            told.first().map(|id| json!(id)).as_ref()
        );
        assert_eq!(
            said.get("last_uuid"),
            told.last().map(|id| json!(id)).as_ref()
        );
        rest = after;
    }
    assert_eq!(rest, Vec::<String>::new(), "{heartbeats:?}");
}

fn sum(heartbeats: &[Value], of: &str) -> u64 {
    let figures = heartbeats.iter().map(|said| said["op_dd"][of].as_u64());
    figures.map(Option::unwrap).sum()
}

fn all_sent(world: &World) -> Vec<String> {
    let logs = world.sink.logs().into_iter().flatten();
    let logs = logs.map(|log| serde_json::from_str::<Value>(&log).unwrap());
    logs.map(|log| log["uuid"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_with_a_heartbeat_of_each_stream_in_one_batch() {
    let world = World::new();
    let acme = world.source("acme", &[SignInAttempts, ItemUsages]);
    let beta = world.source("beta", &[ItemUsages]);
    let late = r#"{"uuid":"LATE","timestamp":"2026-06-01T11:00:00Z"}"#;
    acme.pages(ItemUsages, &[&["A", "B", late], &["C", "7", "D"]]);
    beta.page(ItemUsages, &["E"]);
    acme.expires(time(NOW) + 1000 * HOUR);
    beta.expires(time(NOW) - 90 * SECOND);
    world
        .sink
        .next(Reply::Late(3 * SECOND, Box::new(Reply::Accept)));
    world
        .sink
        .next(Reply::Late(3 * SECOND, Box::new(Reply::Accept)));
    world
        .sink
        .next(Reply::Late(3 * SECOND, Box::new(Reply::Accept)));
    let bridge = beating(&world)
        .tags(Tags::new(["env:prod"]).unwrap())
        .account(acme.account().tags(Tags::new(["team:blue"]).unwrap()))
        .account(beta.account())
        .destination(Name::new("archive").unwrap())
        .build()
        .unwrap();
    drain(&bridge).await;

    assert_eq!(world.journal.seconds("beat 3"), [6]);
    let version = env!("CARGO_PKG_VERSION");
    let expected = [
        json!({
            "ddsource": "op-dd", "service": "op-dd", "status": "info",
            "ddtags": "account:acme,feed:signinattempts,env:prod,team:blue",
            "message": "no events of acme/signinattempts carried to archive",
            "evt": { "name": "heartbeat" },
            "onepassword": { "account": "acme", "feed": "signinattempts" },
            "op_dd": {
                "destination": "archive", "events": 0, "late": 0, "refused": 0, "pages": 1,
                "since_success_s": 6, "token_expires_in_s": 3_599_994, "version": version,
            },
        }),
        json!({
            "ddsource": "op-dd", "service": "op-dd", "status": "info",
            "ddtags": "account:acme,feed:itemusages,env:prod,team:blue",
            "message": "6 events of acme/itemusages carried to archive",
            "evt": { "name": "heartbeat" },
            "onepassword": { "account": "acme", "feed": "itemusages" },
            "op_dd": {
                "destination": "archive", "events": 6, "late": 1, "refused": 1, "pages": 2,
                "first_uuid": "A", "last_uuid": "D", "lag_event_s": 3606,
                "since_success_s": 0, "token_expires_in_s": 3_599_994, "version": version,
            },
        }),
        json!({
            "ddsource": "op-dd", "service": "op-dd", "status": "info",
            "ddtags": "account:beta,feed:itemusages,env:prod",
            "message": "1 event of beta/itemusages carried to archive",
            "evt": { "name": "heartbeat" },
            "onepassword": { "account": "beta", "feed": "itemusages" },
            "op_dd": {
                "destination": "archive", "events": 1, "late": 0, "refused": 0, "pages": 1,
                "first_uuid": "E", "last_uuid": "E", "lag_event_s": 3603,
                "since_success_s": 3, "token_expires_in_s": -96, "version": version,
            },
        }),
    ];
    assert_eq!(world.sink.heartbeats(), expected);
}

#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_heartbeats_each_tells_what_the_ones_before_have_not() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let refused = Refused::new(0, RefusalReason::Rejected { status: 400 });
    for reply in [
        Reply::Accept,
        Reply::Fail(outage()),
        Reply::Fail(locked_out()),
        Reply::Accept,
        Reply::Refuse(vec![refused]),
        Reply::Never,
        Reply::Late(3 * SECOND, Box::new(Reply::Accept)),
        Reply::Fail(SendError::new(SendErrorKind::Connect)),
        Reply::Late(3 * SECOND, Box::new(Reply::Fail(outage()))),
    ] {
        world.sink.next_heartbeat(reply);
    }
    let bridge = beating(&world).account(source.account()).build().unwrap();
    let news = async {
        for number in 0..600 {
            // One page at a poll, or two.
            sleep(Duration::from_millis(5_300)).await;
            source.page(ItemUsages, &[&id(2 * number), &id(2 * number + 1)]);
        }
    };
    tokio::join!(bridge.run(sleep(HOUR)), news);

    let beats = world.journal.seconds("beat 1");
    assert_eq!(beats, (1..=12).map(|beat| beat * 300).collect::<Vec<_>>());
    let heartbeats = world.sink.heartbeats();
    assert_eq!(heartbeats.len(), 12 - 6);
    adds_up(&heartbeats, &all_sent(&world));
    let events = sum(&heartbeats, "events");
    assert!(events > 1200 - 10);
    let first_and_empty = 1;
    assert_eq!(sum(&heartbeats, "pages"), events / 2 + first_and_empty);
}

#[tokio::test(start_paused = true)]
async fn what_was_told_though_the_answer_got_lost_is_told_again_from_the_same_beginning() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A", "B"]);
    let broken = SendError::new(SendErrorKind::Network);
    world.sink.next_heartbeat(Reply::Lose(broken));
    let bridge = beating(&world).account(source.account()).build().unwrap();
    drain(&bridge).await;
    source.page(ItemUsages, &["C"]);
    drain(&bridge).await;
    source.page(ItemUsages, &["D"]);
    drain(&bridge).await;

    let said = |heartbeat: &Value| {
        let said = &heartbeat["op_dd"];
        [&said["events"], &said["first_uuid"], &said["last_uuid"]].map(Value::to_string)
    };
    let heartbeats: Vec<_> = world.sink.heartbeats().iter().map(said).collect();
    let expected = [
        ["2", r#""A""#, r#""B""#],
        ["3", r#""A""#, r#""C""#],
        ["1", r#""D""#, r#""D""#],
    ];
    assert_eq!(heartbeats, expected);
}

#[tokio::test(start_paused = true)]
async fn a_page_whose_commit_was_found_out_later_is_counted_once() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &[&["A"], &["B"], &["C"]]);
    world.store.later("commit", 2, Fate::KeptUnknown);
    let bridge = beating(&world).account(source.account()).build().unwrap();
    drain(&bridge).await;
    let heartbeats = world.sink.heartbeats();
    assert_eq!(sum(&heartbeats, "pages"), 3);
    adds_up(&heartbeats, &all_sent(&world));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_held_holds_up_no_heartbeat() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages, AuditEvents]);
    source.page(ItemUsages, &["A"]);
    world
        .sink
        .next(Reply::Late(9 * MINUTE, Box::new(Reply::Fail(outage()))));
    for _ in 0..10_000 {
        world.sink.next(Reply::Fail(outage()));
    }
    let bridge = beating(&world).account(source.account()).build().unwrap();
    bridge.run(sleep(20 * MINUTE + SECOND)).await;
    assert_eq!(world.journal.seconds("beat 2"), [300, 600, 900, 1200, 1201]);
    let statuses = world.sink.heartbeats().into_iter().filter_map(|said| {
        let stuck = said["message"].as_str()?.contains("nothing went well for");
        assert_eq!(said["op_dd"]["events"], 0);
        let ours = said["onepassword"]["feed"] == "itemusages";
        ours.then(|| {
            (
                said["status"].as_str().unwrap().to_owned(),
                stuck,
                said["op_dd"]["since_success_s"].as_u64().unwrap(),
            )
        })
    });
    // For nine minutes it is under way, and has not failed.
    let expected = [
        ("info", false, 300),
        ("warn", true, 600),
        ("warn", true, 900),
        ("warn", true, 1200),
        ("warn", true, 1201),
    ];
    let expected = expected.map(|(status, stuck, since)| (status.to_owned(), stuck, since));
    assert_eq!(statuses.collect::<Vec<_>>(), expected);
}

#[tokio::test(start_paused = true)]
async fn told_to_stop_heartbeats_go_at_once_and_for_what_came_of_steps_under_way() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages, AuditEvents]);
    source.pages(ItemUsages, &[&["A"], &["B"]]);
    let slow = || Reply::Late(20 * SECOND, Box::new(Reply::Accept));
    world.sink.next(slow());
    world.sink.next(slow());
    let bridge = beating(&world).account(source.account()).build().unwrap();
    bridge.run(sleep(34 * SECOND)).await;
    assert_eq!(world.journal.seconds("beat 2"), [34]);
    assert_eq!(world.journal.seconds("beat 1"), [40]);
    let mut heartbeats = world.sink.heartbeats();
    heartbeats.retain(|said| said["onepassword"]["feed"] == "itemusages");
    assert_eq!(heartbeats.len(), 2);
    adds_up(&heartbeats, &all_sent(&world));
}

#[tokio::test(start_paused = true)]
async fn told_to_stop_idle_streams_have_one_heartbeat() {
    for streams in [1, 200] {
        let world = World::new();
        let sources: Vec<_> = (0..streams)
            .map(|number| world.source(&format!("account-{number}"), &[ItemUsages]))
            .collect();
        let accounts = sources.iter().map(Source::account);
        let bridge = accounts
            .fold(beating(&world), BridgeBuilder::account)
            .build()
            .unwrap();
        bridge.run(sleep(35 * SECOND)).await;
        assert_eq!(world.journal.seconds("beat"), [35]);
        assert_eq!(world.sink.heartbeats().len(), streams);
    }
}

#[tokio::test(start_paused = true)]
async fn an_intake_that_hangs_holds_up_the_end_for_eight_seconds_at_the_most() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    world
        .sink
        .next(Reply::Late(2 * SECOND, Box::new(Reply::Accept)));
    world.sink.next_heartbeat(Reply::Never);
    world.sink.next_heartbeat(Reply::Never);
    let bridge = beating(&world).account(source.account()).build().unwrap();
    let begun = Instant::now();
    bridge.run(sleep(SECOND)).await;
    assert_eq!(world.journal.seconds("beat 1"), [1, 5]);
    assert_eq!(begun.elapsed().as_secs(), 9);
    assert_eq!(world.store.cursor(&source.stream(ItemUsages)).await, "c1");
}

#[tokio::test(start_paused = true)]
async fn so_it_does_if_a_heartbeat_hangs_already_and_a_page_is_accepted_late() {
    for after in [2, 5, 8, 12] {
        let world = World::new();
        let source = world.source("acme", &[ItemUsages]);
        source.page(ItemUsages, &["A"]);
        let stop = 5 * MINUTE + 2 * SECOND;
        let accepted = stop + after * SECOND;
        world
            .sink
            .next(Reply::Late(accepted, Box::new(Reply::Accept)));
        for _ in 0..5 {
            world.sink.next_heartbeat(Reply::Never);
        }
        let bridge = beating(&world).account(source.account()).build().unwrap();
        let begun = Instant::now();
        bridge.run(sleep(stop)).await;
        assert_eq!(world.journal.seconds("beat 1")[..2], [300, 304]);
        let (ended, latest) = (begun.elapsed(), accepted.max(stop + 8 * SECOND));
        assert!(ended.as_secs() <= latest.as_secs(), "{after}: {ended:?}");
        assert_eq!(world.store.cursor(&source.stream(ItemUsages)).await, "c1");
    }
}

/// When pages are sent in an hour in which the intake is down for a while.
async fn sends_of_an_outage(heartbeats: Option<fn() -> Reply>) -> Vec<(Duration, String)> {
    fastrand::seed(1);
    let world = World::new();
    let sources = ["a", "b", "c"].map(|name| world.source(name, &Feed::ALL));
    for source in &sources {
        for feed in Feed::ALL {
            source.pages(feed, &[&["A"], &["B"]]);
        }
    }
    for _ in 0..150 {
        world
            .sink
            .next(Reply::Late(4 * SECOND, Box::new(Reply::Fail(outage()))));
    }
    let mut builder = world.builder();
    if let Some(reply) = heartbeats {
        // Often enough to be there at every moment of a probe.
        builder = builder.heartbeat(7 * SECOND);
        for _ in 0..1000 {
            world.sink.next_heartbeat(reply());
        }
    }
    let accounts = sources.iter().map(Source::account);
    let bridge = accounts.fold(builder, BridgeBuilder::account).build();
    bridge.unwrap().run(sleep(HOUR)).await;
    let beats = world.journal.seconds("beat 9").len();
    assert_eq!(beats > 400, heartbeats.is_some(), "{beats}");
    let mut sends = world.journal.take_timed();
    sends.retain(|(_, what)| what.starts_with("send"));
    sends
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_pages_go_as_if_there_were_no_heartbeats() {
    let without = sends_of_an_outage(None).await;
    assert_eq!(without.len(), 150 + 18);
    let replies: [fn() -> Reply; 4] = [
        || Reply::Accept,
        || Reply::Fail(outage()),
        || Reply::Late(3 * SECOND, Box::new(Reply::Fail(locked_out()))),
        || Reply::Never,
    ];
    for reply in replies {
        assert_eq!(sends_of_an_outage(Some(reply)).await, without);
    }
}

#[tokio::test(start_paused = true)]
async fn an_intake_that_asks_to_be_left_alone_has_no_heartbeat_meanwhile() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    world.sink.next(Reply::Fail(busy(700)));
    let bridge = beating(&world).account(source.account()).build().unwrap();
    bridge.run(sleep(15 * MINUTE)).await;
    assert_eq!(world.journal.seconds("beat"), [900]);
    adds_up(&world.sink.heartbeats(), &["A".to_owned()]);
}

#[tokio::test(start_paused = true)]
async fn what_the_intake_asks_in_answer_to_a_heartbeat_goes_for_all() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    world.sink.next_heartbeat(Reply::Fail(busy(90)));
    let bridge = beating(&world).account(source.account()).build().unwrap();
    let news = async {
        sleep(5 * MINUTE + SECOND).await;
        source.page(ItemUsages, &["A"]);
    };
    tokio::join!(bridge.run(sleep(10 * MINUTE)), news);
    let sent = world.journal.seconds("send A");
    assert!((390..392).contains(&sent[0]), "{sent:?}");
    assert_eq!(sent.len(), 1);
    adds_up(&world.sink.heartbeats(), &["A".to_owned()]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_a_drain_holds_says_so() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages, AuditEvents]);
    source.next(AuditEvents, Answer::Status(401, None));
    let bridge = beating(&world).account(source.account()).build().unwrap();
    bridge.drain(Duration::ZERO, pending()).await;
    let said = world.sink.heartbeats().into_iter();
    let said: Vec<_> = said
        .map(|said| (said["onepassword"]["feed"].clone(), said["status"].clone()))
        .collect();
    let expected = [("itemusages", "info"), ("auditevents", "warn")];
    let expected = expected.map(|(feed, status)| (json!(feed), json!(status)));
    assert_eq!(said, expected);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_none_is_left_out() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    let long = format!(r#"{{"uuid":"{}"}}"#, "x".repeat(201));
    source.pages(ItemUsages, &[&[&long, "A", "7"], &["B", "{}"]]);
    let bridge = beating(&world).account(source.account()).build().unwrap();
    drain(&bridge).await;
    let [said] = &world.sink.heartbeats()[..] else {
        panic!("one stream");
    };
    assert_eq!(said["op_dd"]["events"], 5);
    assert_eq!(said["op_dd"].get("first_uuid"), None);
    assert_eq!(said["op_dd"].get("last_uuid"), None);
}

/// A job that a timer starts: every bridge is young, and what fails has failed for longer.
#[tokio::test(start_paused = true)]
async fn the_time_since_the_last_success_goes_on_from_one_process_to_the_next() {
    let world = World::new();
    let acme = world.source("acme", &[ItemUsages]);
    acme.page(ItemUsages, &["A"]);
    let bridge = || beating(&world).account(acme.account()).build().unwrap();
    drain(&bridge()).await;
    assert_eq!(world.sink.heartbeats()[0]["op_dd"]["since_success_s"], 0);

    for _ in 0..2 {
        sleep(HOUR).await;
        acme.next(ItemUsages, Answer::Status(401, None));
        acme.next(ItemUsages, Answer::Status(401, None));
        let bridge = bridge();
        let drained = bridge.drain(SECOND, pending()).await;
        assert!(matches!(drained.streams[0].1, Outcome::Held(_)));
    }
    let said = world.sink.heartbeats();
    let seconds = said.iter().map(|said| &said["op_dd"]["since_success_s"]);
    let hours: Vec<_> = seconds.map(|s| s.as_u64().unwrap() / 3600).collect();
    assert_eq!(hours, [0, 1, 2], "{said:?}");
    assert_eq!(said[2]["status"], "warn");
}

#[tokio::test(start_paused = true)]
async fn while_it_runs_the_store_is_told_twice_a_minute_when_a_quiet_stream_was_well() {
    let world = World::new();
    let acme = world.source("acme", &[ItemUsages]);
    acme.page(ItemUsages, &["A"]);
    let bridge = world.bridge(&[&acme]);
    let stream = bridge.streams().next().unwrap().clone();
    let begun = Instant::now();
    let last = async || {
        let last = world.store.last_success(&stream).await.unwrap();
        last.map(|last| last.at.duration_since(time(NOW)).unwrap())
    };
    let look = async {
        sleep(29 * SECOND).await;
        assert_eq!(last().await, None);
        sleep(10 * MINUTE).await;
        let noted = last().await.unwrap();
        assert!(begun.elapsed() - noted <= 45 * SECOND, "{noted:?}");
    };
    tokio::select! {
        () = bridge.run(pending()) => {}
        () = look => {}
    }
    let lag = world
        .store
        .last_success(&stream)
        .await
        .unwrap()
        .unwrap()
        .lag;
    assert_eq!(lag, Some(HOUR));
}
