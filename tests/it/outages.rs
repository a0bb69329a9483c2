//! What goes wrong on the way, on either side: nothing is lost, nothing is committed before the intake
//! has it, and nothing comes twice but where nobody could know that it had arrived.
//!
//! Most tests take the steps one by one, so that they can look into the store in between and needn't
//! wait. [`a_drain_outlasts_the_faults_of_both_sides`] waits as long as the bridge does: some seconds.

#![expect(
    clippy::unwrap_used,
    reason = "a world that can't be set up should fail its test"
)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use datadog_logs::{LogEntry, LogSink as _, Tags};
use onepassword_events::{ErrorKind, Feed, Position, Timestamp};
use op_dd_bridge::{FileStore, Name, Scope, StepError};
use op_dd_fakes::{Event, FakeDatadog, FakeEvents};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{
    ACCOUNT, HOUR, Pages, Witness, World, account, ago, drain, drain_impatiently, event_of, fake,
    held, kept, logs, numbered, patched, rfc3339, sample, step, stream, tags, uuids,
};

const FEED: Feed = Feed::ItemUsages;

/// Three pages of two events.
fn pages(feed: Feed) -> [Vec<Value>; 3] {
    [
        numbered(feed, 0..2),
        numbered(feed, 2..4),
        numbered(feed, 4..6),
    ]
}

/// How many pages of a feed are behind a position.
fn pages_behind(position: &Position) -> usize {
    match position {
        Position::After(cursor) => cursor
            .as_str()
            .strip_prefix("after-")
            .unwrap()
            .parse()
            .unwrap(),
        Position::Reset(_) => 0,
    }
}

/// How many pages of the feed the store takes for delivered.
async fn committed(world: &World) -> usize {
    pages_behind(&world.position(FEED).await.unwrap())
}

#[tokio::test]
async fn whatever_the_intake_answers_nothing_is_committed_before_its_202() {
    for fault in [
        "401", "403", "408", "429", "429=1s", "500", "503=1s", "302", "cut",
    ] {
        let pages = pages(FEED);
        let recorded = Pages::new().feed(FEED, &pages);
        let world = World::of(recorded.fake(), FakeDatadog::builder()).await;
        let bridge = world.bridge_of(FEED);
        for before in 0..pages.len() {
            world.script(&format!("intake:{fault}x2"));
            for _ in 0..2 {
                let error = step(&bridge, FEED).await.unwrap_err();
                assert!(matches!(error, StepError::Sink { .. }), "{fault}: {error}");
                assert_eq!(
                    error.scope(&stream(FEED)),
                    Scope::Destination(Name::DATADOG),
                    "{fault}: {error}"
                );
                assert_eq!(committed(&world).await, before, "{fault}");
                assert_eq!(
                    world.kept(FEED),
                    uuids(&pages[..before].concat()),
                    "{fault}"
                );
            }
            step(&bridge, FEED).await.unwrap();
            assert_eq!(committed(&world).await, before + 1, "{fault}");
            assert_eq!(
                world.kept(FEED),
                uuids(&pages[..=before].concat()),
                "{fault}"
            );
        }
        assert_eq!(world.datadog.faults_left(), 0);
        assert_eq!(world.letters(FEED), [], "{fault}");
    }
}

#[tokio::test]
async fn a_202_counts_whatever_its_body_says() {
    let world = World::calm().await;
    let events = numbered(FEED, 0..3);
    world.insert(FEED, &events);
    world.script("intake:garbage");
    let bridge = world.bridge_of(FEED);
    step(&bridge, FEED).await.unwrap();
    drain(&bridge).await;
    assert_eq!(world.kept(FEED), uuids(&events));
}

#[tokio::test]
async fn a_lost_answer_repeats_its_page_and_no_other() {
    let pages = pages(FEED);
    let recorded = Pages::new().feed(FEED, &pages);
    let world = World::of(recorded.fake(), FakeDatadog::builder()).await;
    world.script("intake:ok intake:lost");
    let bridge = world.bridge_of(FEED);
    step(&bridge, FEED).await.unwrap();
    step(&bridge, FEED).await.unwrap_err();
    assert_eq!(committed(&world).await, 1);
    drain(&bridge).await;
    let [first, second, third] = pages;
    assert_eq!(
        world.kept(FEED),
        uuids(&[first, second.clone(), second, third].concat())
    );
}

/// Slow: it waits between attempts, as the bridge does.
#[tokio::test]
async fn a_drain_outlasts_the_faults_of_both_sides() {
    let recorded = Feed::ALL.into_iter().fold(Pages::new(), |recorded, feed| {
        recorded.feed(feed, &pages(feed))
    });
    let world = World::of(recorded.fake(), FakeDatadog::builder()).await;
    world.script(
        "intake:403 intake:429=1s intake:500 intake:cut events:ok events:cut events:ok events:429=1s",
    );
    let witness = Arc::new(Witness::new(Arc::clone(&world.datadog)));
    drain(&world.bridge_over(Arc::clone(&witness))).await;

    assert_eq!(
        (world.datadog.faults_left(), world.events.faults_left()),
        (0, 0)
    );
    for feed in Feed::ALL {
        assert_eq!(world.kept(feed), uuids(&pages(feed).concat()));
    }
    let commits = witness.commits();
    assert_eq!(commits.len(), 3 * 4);
    for commit in commits {
        let behind = pages_behind(&commit.position);
        let before = uuids(&pages(commit.feed)[..behind].concat());
        assert_eq!(
            commit.kept, before,
            "{} at {:?}",
            commit.feed, commit.position
        );
    }
}

#[tokio::test]
async fn whatever_the_events_api_answers_nothing_is_sent_or_committed_for_it() {
    for (fault, of_all_feeds, is_hold) in [
        ("401", true, true),
        ("403", true, true),
        ("404", true, true),
        ("302", true, true),
        ("408", true, false),
        ("429=1s", true, false),
        ("500", true, false),
        ("cut", true, false),
        ("lost", true, false),
        ("400", false, true),
        ("garbage", false, true),
        ("nocursor", false, true),
        ("emptycursor", false, true),
    ] {
        let pages = pages(FEED);
        let recorded = Pages::new().feed(FEED, &pages);
        let world = World::of(recorded.fake(), FakeDatadog::builder()).await;
        let bridge = world.bridge_of(FEED);
        world.script(&format!("events:{fault}"));
        let error = step(&bridge, FEED).await.unwrap_err();
        assert!(matches!(error, StepError::Source(_)), "{fault}: {error}");
        let scope = if of_all_feeds {
            Scope::Account(Name::new(ACCOUNT).unwrap())
        } else {
            Scope::Stream(stream(FEED))
        };
        assert_eq!(
            (error.scope(&stream(FEED)), error.is_hold()),
            (scope, is_hold),
            "{fault}"
        );
        assert_eq!(committed(&world).await, 0, "{fault}");
        assert_eq!(world.datadog.counts().total(), 0, "{fault}");

        // The next fault befalls the second page, which is read while the first one is sent.
        world.script(&format!("events:ok events:{fault}"));
        step(&bridge, FEED).await.unwrap();
        assert_eq!(committed(&world).await, 1, "{fault}");
        step(&bridge, FEED).await.unwrap_err();
        assert_eq!(committed(&world).await, 1, "{fault}");
        drain(&bridge).await;
        assert_eq!(world.kept(FEED), uuids(&pages.concat()), "{fault}");
        assert_eq!(world.events.faults_left(), 0);
    }
}

#[tokio::test]
async fn empty_and_slow_pages_lose_nothing() {
    let pages = pages(FEED);
    let recorded = Pages::new().feed(FEED, &pages);
    let world = World::of(recorded.fake(), FakeDatadog::builder()).await;
    world.script("events:empty events:slow=20ms events:ok events:empty intake:slow=20ms");
    let bridge = world.bridge_of(FEED);
    let report = step(&bridge, FEED).await.unwrap();
    assert!(
        report.moved && report.more,
        "an empty page may have more behind it: {report:?}"
    );
    // One that leads nowhere, in the middle, is the end of a drain, but not of the feed.
    drain(&bridge).await;
    drain(&bridge).await;
    assert_eq!(world.events.faults_left(), 0);
    assert_eq!(world.kept(FEED), uuids(&pages.concat()));
}

#[tokio::test]
async fn a_restart_before_the_first_page_starts_at_the_same_time() {
    let world = World::calm().await;
    let events = numbered(FEED, 0..2);
    world.insert(FEED, &events);
    world.script("events:500");
    let state = TempDir::new().unwrap();
    let now = SystemTime::now();
    for (hours, works) in [(0, false), (1, true)] {
        let store = Arc::new(FileStore::open(state.path()).unwrap());
        let account = account(ACCOUNT, &world.events).feeds([FEED]).unwrap();
        let bridge = world
            .builder_over(store)
            .account(account)
            .clock(Arc::new(move || now + hours * HOUR))
            .build()
            .unwrap();
        assert_eq!(step(&bridge, FEED).await.is_ok(), works);
    }
    // And once more, from the cursor.
    let store = Arc::new(FileStore::open(state.path()).unwrap());
    step(&world.bridge_over(store), FEED).await.unwrap();

    let start = rfc3339(now.checked_sub(17 * HOUR).unwrap());
    let asked = world.asked(FEED);
    let [first, second, third] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(*first, json!({ "limit": 1000, "start_time": start }));
    assert_eq!(first, second);
    let third: Vec<_> = third.as_object().unwrap().iter().collect();
    assert!(
        matches!(&third[..], [(key, Value::String(cursor))] if *key == "cursor" && !cursor.is_empty()),
        "{third:?}"
    );
    assert_eq!(world.kept(FEED), uuids(&events));
}

#[tokio::test]
async fn what_was_accepted_of_a_page_before_an_outage_is_not_sent_again() {
    let large = json!({ "aux_info": "x".repeat(900_000) });
    let large = |event| patched(event, large.clone());
    for (events, script, accepted) in [
        // Too much for one body: five and one.
        (
            numbered(FEED, 0..6).into_iter().map(large).collect(),
            "intake:ok intake:500x2",
            5,
        ),
        (numbered(FEED, 0..4), "intake:413 intake:ok intake:500x2", 2),
        (numbered(FEED, 0..4), "intake:413 intake:ok intake:403x2", 2),
        (numbered(FEED, 0..4), "intake:413 intake:ok intake:cutx2", 2),
        (
            numbered(FEED, 0..4),
            "intake:413x2 intake:ok intake:429=1sx2",
            1,
        ),
    ] {
        let world = World::calm().await;
        world.insert(FEED, &events);
        world.script(script);
        let bridge = world.bridge_of(FEED);
        for _ in 0..2 {
            let error = step(&bridge, FEED).await.unwrap_err();
            assert!(matches!(error, StepError::Sink { .. }), "{script}: {error}");
            assert_eq!(world.kept(FEED), uuids(&events[..accepted]), "{script}");
            assert!(matches!(
                world.position(FEED).await,
                Some(Position::Reset(_))
            ));
        }
        // The last page of a feed may have grown when it is read again.
        let more = numbered(FEED, 100..102);
        world.insert(FEED, &more);
        let report = step(&bridge, FEED).await.unwrap();
        assert_eq!(report.sent, events.len() + more.len(), "{script}");
        assert_eq!(
            world.kept(FEED),
            uuids(&[events, more].concat()),
            "{script}"
        );
        assert_eq!(world.letters(FEED), [], "{script}");
    }
}

#[tokio::test]
async fn an_account_whose_token_is_revoked_stops_no_other() {
    let world = World::calm().await;
    let other = FakeEvents::builder().start().await.unwrap();
    for feed in Feed::ALL {
        world.insert(feed, &numbered(feed, 0..3));
        let events = numbered(feed, 10..13).into_iter();
        let events = events.map(|event| Event::new(fake(feed), event.to_string()).unwrap());
        other.insert_all(events).unwrap();
    }
    let token = other.token().to_owned();
    other.revoke(&token);
    let bridge = world
        .builder_over(world.store.clone())
        .account(account("other", &other))
        .account(world.account())
        .build()
        .unwrap();

    let held = held(drain_impatiently(&bridge).await);
    assert_eq!(held.len(), Feed::ALL.len());
    for (stream, error) in held {
        assert_eq!(stream.account.as_str(), "other");
        let StepError::Source(error) = error else {
            panic!("{error}")
        };
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::Unauthorized, Some(401))
        );
    }
    for feed in Feed::ALL {
        assert_eq!(world.kept(feed), uuids(&numbered(feed, 0..3)));
    }

    other.accept(token, op_dd_fakes::Feed::ALL);
    drain(&bridge).await;
    for feed in Feed::ALL {
        let all = [numbered(feed, 0..3), numbered(feed, 10..13)].concat();
        assert_eq!(world.kept(feed), uuids(&all));
    }
}

#[tokio::test]
async fn the_intake_drops_what_is_outside_its_window_and_nothing_of_ours_is() {
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let now = SystemTime::now();
    let back = |age: Duration| rfc3339(now.checked_sub(age).unwrap());
    let ahead = |by: Duration| rfc3339(now + by);

    let world = World::calm().await;
    let naive = LogEntry::new("as it is")
        .attribute("timestamp", &back(720 * HOUR))
        .unwrap();
    world.sink().send(&[naive]).await.unwrap();
    assert_eq!(world.datadog.intake().dropped_by_time, 1);

    let world = World::calm().await;
    let times = [
        (back(720 * HOUR), true),
        (back(18 * HOUR), true),
        (back(17 * HOUR + minutes(31)), true),
        (back(17 * HOUR + minutes(29)), false),
        (back(minutes(0)), false),
        (ahead(HOUR + minutes(29)), false),
        (ahead(HOUR + minutes(31)), true),
        (ahead(2 * HOUR), true),
        (ahead(24 * HOUR), true),
        ("1970-01-01T00:00:00Z".to_owned(), true),
        ("+009999-12-30T22:00:00Z".to_owned(), true),
        ("no time at all".to_owned(), true),
    ];
    for feed in Feed::ALL {
        let timestamps = times.iter().map(|(text, _)| json!({ "timestamp": text }));
        let events: Vec<_> = timestamps
            .map(|change| patched(sample(feed), change))
            .collect();
        world.insert(feed, &events);
    }
    drain(&world.bridge()).await;

    let intake = world.datadog.intake();
    assert_eq!(
        (intake.dropped_by_time, intake.logs),
        (0, 3 * times.len() as u64)
    );
    let logs = world.logs();
    for feed in Feed::ALL {
        let of_feed = logs
            .iter()
            .filter(|log| log["onepassword"]["feed"] == feed.as_str());
        for (log, (text, late)) in of_feed.zip(&times) {
            assert_eq!(event_of(log)["timestamp"], **text);
            assert_eq!(tags(log).contains(&"late:true"), *late, "{text}");
            let dated: Timestamp = log["timestamp"].as_str().unwrap().parse().unwrap();
            if *late {
                assert_eq!(log["onepassword"]["event_time"], **text);
                // Written to the millisecond, so it may be a little earlier than it was.
                let begun = now.checked_sub(Duration::from_secs(1)).unwrap();
                assert!(
                    (begun..=SystemTime::now()).contains(&dated.to_system_time()),
                    "{log}"
                );
            } else {
                assert_eq!(log["timestamp"], **text);
            }
            let kind = match feed {
                Feed::SignInAttempts if *late => "1password-sign-in-attempts-late",
                Feed::SignInAttempts => "1password-sign-in-attempts",
                Feed::ItemUsages => "1password-item-usages",
                _ => "1password-audit-events",
            };
            assert_eq!(log["evt"]["type"], kind);
        }
    }
}

#[tokio::test]
async fn how_late_an_event_is_goes_by_the_intakes_clock_once_it_is_known() {
    let aged = |number, age| {
        let events = numbered(FEED, [number]);
        let change = json!({ "timestamp": rfc3339(ago(age)) });
        events
            .into_iter()
            .map(|event| patched(event, change.clone()))
            .collect::<Vec<_>>()
    };
    // This machine's clock is three hours slow. 1Password's is right, or as slow.
    let right = || op_dd_fakes::Clock::new(|| SystemTime::now() + 3 * HOUR);
    let slow = op_dd_fakes::Clock::system;
    let pages = [aged(0, HOUR), aged(1, 16 * HOUR), aged(2, 14 * HOUR)];
    check_late(right(), right(), &pages, &[false, true, false]).await;
    check_late(slow(), right(), &pages, &[false, true, false]).await;
    // Until the intake has said anything, 1Password's is believed.
    check_late(right(), right(), &pages[1..], &[true, false]).await;
}

async fn check_late(
    onepassword: op_dd_fakes::Clock,
    intake: op_dd_fakes::Clock,
    pages: &[Vec<Value>],
    late: &[bool],
) {
    let recorded = Pages::new().feed(FEED, pages);
    let intake = FakeDatadog::builder().clock(intake);
    let world = World::of(recorded.fake().clock(onepassword), intake).await;
    drain(&world.bridge_of(FEED)).await;
    assert_eq!(world.datadog.intake().dropped_by_time, 0);
    let logs = world.logs();
    let found = logs.iter().map(|log| tags(log).contains(&"late:true"));
    assert_eq!(found.collect::<Vec<_>>(), late);
}

#[tokio::test]
async fn every_log_has_the_tags_of_its_account() {
    let world = World::calm().await;
    let other = FakeEvents::builder().start().await.unwrap();
    for feed in Feed::ALL {
        world.insert(feed, &numbered(feed, 0..1));
        let late = patched(
            sample(feed),
            json!({ "timestamp": rfc3339(ago(20 * HOUR)) }),
        );
        other.insert(fake(feed), late.to_string()).unwrap();
    }
    let of = |tags: &[&str]| Tags::new(tags).unwrap();
    let bridge = world
        .builder_over(world.store.clone())
        .tags(of(&["Env:Prod", "team:Sec Ops"]))
        .account(world.account().tags(of(&["region:eu", "env:prod"])))
        .account(
            account("other", &other)
                .tags(of(&["region:us"]))
                .start(ago(24 * HOUR)),
        )
        .build()
        .unwrap();
    drain(&bridge).await;

    let logs = logs(&world.datadog);
    assert_eq!(logs.len(), 2 * Feed::ALL.len());
    for feed in Feed::ALL {
        for (account, rest) in [
            ("acme", "env:prod,team:sec_ops,region:eu"),
            ("other", "env:prod,team:sec_ops,region:us,late:true"),
        ] {
            let log = logs.iter().find(|log| {
                log["onepassword"]["account"] == account
                    && log["onepassword"]["feed"] == feed.as_str()
            });
            let expected = format!("account:{account},feed:{feed},{rest}");
            assert_eq!(log.unwrap()["ddtags"], expected);
        }
    }
    assert_eq!(kept(&world.datadog, FEED).len(), 2);
}
