//! What goes wrong on the wire itself, on either side, between the fakes and the real clients: a
//! connection that is reset, falls silent, breaks off or lies about its answer's length. Nothing is
//! lost, and nothing comes twice but what was done without the client having been told.

#![expect(
    clippy::unwrap_used,
    reason = "a world that can't be set up should fail its test"
)]

use std::sync::Arc;
use std::time::Duration;

use datadog_logs::{ApiKey, Site};
use onepassword_events::{AccessToken, Feed, Pacer};
use op_dd_bridge::{Account, Bridge, Name, Scope, StepError};
use op_dd_fakes::{FakeDatadog, FakeEvents};
use serde_json::Value;

use crate::world::{ACCOUNT, Pages, World, ago, drain, numbered, step, stream, uuids};

const FEED: Feed = Feed::SignInAttempts;

/// What the clients give an attempt: more than an ordinary one takes, less than anybody wants to wait
/// for a test.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Three pages of two events.
fn pages(feed: Feed) -> [Vec<Value>; 3] {
    [0, 2, 4].map(|first| numbered(feed, first..first + 2))
}

async fn world(feeds: &[Feed]) -> World {
    let recorded = feeds.iter().fold(Pages::new(), |recorded, &feed| {
        recorded.feed(feed, &pages(feed))
    });
    World::of(recorded.fake(), FakeDatadog::builder()).await
}

/// A bridge whose clients don't wait for long.
fn bridge(world: &World, feeds: &[Feed]) -> Bridge {
    let onepassword = onepassword(&world.events);
    let account = Account::new(Name::new(ACCOUNT).unwrap(), Arc::new(onepassword))
        .feeds(feeds.to_vec())
        .unwrap()
        .start(ago(Duration::from_secs(3600)));
    let datadog = datadog_logs::Client::builder(ApiKey::new(world.datadog.api_key()).unwrap())
        .site(Site::parse(world.datadog.url()).unwrap())
        .timeout(TIMEOUT)
        .build()
        .unwrap();
    let store = world.store.clone();
    Bridge::builder(Arc::new(datadog), store.clone(), store)
        .account(account)
        .build()
        .unwrap()
}

fn onepassword(events: &FakeEvents) -> onepassword_events::Client {
    onepassword_events::Client::builder(AccessToken::new(events.token()).unwrap())
        .url(events.url().parse().unwrap())
        .pacer(Pacer::new(1000.0, 1000))
        .timeout(TIMEOUT)
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_answer_of_the_events_api_that_breaks_is_no_page() {
    for (fault, of_all_feeds, is_hold) in [
        ("reset", true, false),
        ("silent", true, false),
        ("half", true, false),
        ("length=+7", true, false),
        // A page that ends early at its announced end is a page, only a bad one.
        ("length=-7", false, true),
        ("drip", true, false),
    ] {
        let world = world(&[FEED]).await;
        let bridge = bridge(&world, &[FEED]);
        // The second page is read while the first one is sent.
        world.script(&format!("events:{fault} events:ok events:{fault}"));
        for delivered in [0, 2] {
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
                "{fault}: {error}"
            );
            assert_eq!(world.kept(FEED).len(), delivered, "{fault}");
            if delivered == 0 {
                step(&bridge, FEED).await.unwrap();
            }
        }
        drain(&bridge).await;
        assert_eq!(world.events.faults_left(), 0, "{fault}");
        assert_eq!(world.kept(FEED), uuids(&pages(FEED).concat()), "{fault}");
    }
}

#[tokio::test]
async fn an_answer_of_the_intake_that_breaks_counts_if_its_status_arrived() {
    for (fault, accepted, told) in [
        ("reset", false, false),
        ("silent", false, false),
        ("half", true, true),
        ("length=+7", true, true),
        ("length=-1", true, true),
        // A byte a second: the status comes too late.
        ("drip", true, false),
        ("drip=1ms", true, true),
    ] {
        let world = world(&[FEED]).await;
        let bridge = bridge(&world, &[FEED]);
        world.script(&format!("intake:ok intake:{fault}"));
        let [first, second, third] = pages(FEED);
        let mut expected = first;
        step(&bridge, FEED).await.unwrap();

        let position = world.position(FEED).await;
        let stepped = step(&bridge, FEED).await;
        if accepted {
            expected.extend(second.clone());
        }
        assert_eq!(world.kept(FEED), uuids(&expected), "{fault}");
        match stepped {
            Ok(_) => assert!(told, "{fault}"),
            Err(error) => {
                assert!(!told, "{fault}: {error}");
                assert_eq!(
                    (error.scope(&stream(FEED)), error.is_hold()),
                    (Scope::Destination(Name::DATADOG), false),
                    "{fault}: {error}"
                );
                assert_eq!(world.position(FEED).await, position, "{fault}");
                // It was done and nobody was told: so it is done again.
                expected.extend(second);
            }
        }
        drain(&bridge).await;
        expected.extend(third);
        assert_eq!(world.datadog.faults_left(), 0, "{fault}");
        assert_eq!(world.kept(FEED), uuids(&expected), "{fault}");
        assert_eq!(world.letters(FEED), [], "{fault}");
    }
}

/// Slow: it waits between attempts, as the bridge does.
#[tokio::test]
async fn a_drain_outlasts_a_wire_that_breaks_on_both_sides() {
    let world = world(&Feed::ALL).await;
    world.script(
        "intake:reset intake:silent intake:half intake:length=-1 intake:drip
         events:reset events:half events:ok events:silent events:length events:drip",
    );
    drain(&bridge(&world, &Feed::ALL)).await;

    assert_eq!(
        (world.datadog.faults_left(), world.events.faults_left()),
        (0, 0)
    );
    let mut repeated = Vec::new();
    for feed in Feed::ALL {
        let mut kept = world.kept(feed);
        for expected in uuids(&pages(feed).concat()) {
            let place = kept.iter().position(|uuid| *uuid == expected);
            kept.remove(place.unwrap());
        }
        repeated.extend(kept);
    }
    assert!(
        repeated.is_empty() || pages_of_all().contains(&repeated),
        "only the page that was answered too late may come twice: {repeated:?}"
    );
}

fn pages_of_all() -> Vec<Vec<String>> {
    let pages = Feed::ALL.into_iter().flat_map(pages);
    pages.map(|page| uuids(&page)).collect()
}
