//! What an intake refuses: an entry for its own fault is set aside and the rest arrives; a fault that
//! all have in common holds the stream, and nothing is given up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use onepassword_events::{Feed, Position};
use op_dd_bridge::StepError;
use op_dd_fakes::{FakeDatadog, FakeDatadogBuilder, FakeEvents};
use serde_json::json;

use crate::world::{
    Pages, World, drain, drain_impatiently, held, numbered, patched, step, stream, uuids,
};

const FEED: Feed = Feed::AuditEvents;

/// An intake that refuses the events of these numbers.
fn refusing(numbers: impl IntoIterator<Item = usize>) -> FakeDatadogBuilder {
    numbers
        .into_iter()
        .fold(FakeDatadog::builder(), |intake, number| {
            intake.refuse_containing(format!("\"{FEED}-{number:04}\""))
        })
}

/// Refuses what `refuses` says until it is mended.
fn refusing_until_mended(
    refuses: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> (FakeDatadogBuilder, Arc<AtomicBool>) {
    let mended = Arc::new(AtomicBool::new(false));
    let intake = FakeDatadog::builder().refuse_if({
        let mended = Arc::clone(&mended);
        move |log| !mended.load(Ordering::Relaxed) && refuses(log)
    });
    (intake, mended)
}

fn is_at_its_start(position: Option<&Position>) -> bool {
    matches!(position, Some(Position::Reset(_)))
}

#[tokio::test]
async fn a_refused_entry_is_a_dead_letter_and_the_rest_arrives_in_order() {
    for (events, refused) in [
        (7, vec![0]),
        (7, vec![3]),
        (7, vec![6]),
        (7, vec![0, 1, 2, 4, 5, 6]),
        (40, vec![0, 1, 2, 3, 11, 20, 21, 33, 38, 39]),
    ] {
        let world = World::of(FakeEvents::builder(), refusing(refused.clone())).await;
        let events = numbered(FEED, 0..events);
        world.insert(FEED, &events);
        let report = step(&world.bridge(), FEED).await.unwrap();
        assert_eq!((report.read, report.refused), (events.len(), refused.len()));

        let (mut bad, mut good) = (Vec::new(), Vec::new());
        for (number, event) in events.iter().enumerate() {
            if refused.contains(&number) {
                &mut bad
            } else {
                &mut good
            }
            .push(event.clone());
        }
        assert_eq!(world.kept(FEED), uuids(&good));
        let letters = world.letters(FEED);
        assert_eq!(letters.len(), bad.len());
        for (letter, event) in letters.iter().zip(&bad) {
            assert_eq!(letter.uuid.as_deref(), event["uuid"].as_str());
            assert_eq!(letter.raw, event.to_string());
            assert_eq!(letter.status, Some(400));
            assert_eq!(letter.reason, "the intake refused the log (400)");
        }
        assert!(matches!(
            world.position(FEED).await,
            Some(Position::After(_))
        ));
    }
}

#[tokio::test]
async fn an_intake_that_refuses_everything_holds_the_stream_and_nothing_is_given_up() {
    for count in [1, 2, 9, 30] {
        let (intake, mended) = refusing_until_mended(|_| true);
        let world = World::of(FakeEvents::builder(), intake).await;
        let events = numbered(FEED, 0..count);
        world.insert(FEED, &events);
        let bridge = world.bridge_of(FEED);
        for _ in 0..2 {
            let held = held(drain_impatiently(&bridge).await);
            let [(of, error)] = &held[..] else {
                panic!("{held:?}")
            };
            assert_eq!(*of, stream(FEED));
            assert!(error.is_hold(), "{error}");
            assert_eq!(world.letters(FEED), []);
            assert!(is_at_its_start(world.position(FEED).await.as_ref()));
        }
        mended.store(true, Ordering::Relaxed);
        drain(&bridge).await;
        assert_eq!(world.kept(FEED), uuids(&events));
        assert_eq!(world.letters(FEED), []);
    }
}

#[tokio::test]
async fn too_many_refused_entries_hold_the_stream_and_what_was_accepted_is_not_sent_again() {
    let (intake, mended) = refusing_until_mended(|log| {
        (0..12).any(|n| log.contains(&format!("\"{FEED}-{:04}\"", 2 * n)))
    });
    let world = World::of(FakeEvents::builder(), intake).await;
    let events = numbered(FEED, 0..30);
    world.insert(FEED, &events);
    let bridge = world.bridge_of(FEED);
    for _ in 0..3 {
        let held = held(drain_impatiently(&bridge).await);
        let [(_, StepError::Sink { error, .. })] = &held[..] else {
            panic!("{held:?}")
        };
        assert_eq!(error.kind(), datadog_logs::SendErrorKind::Rejected);
        assert_eq!(world.letters(FEED), []);
        assert!(is_at_its_start(world.position(FEED).await.as_ref()));
        let kept = world.kept(FEED);
        assert!(!kept.is_empty());
        assert_eq!(
            kept.iter().collect::<BTreeSet<_>>().len(),
            kept.len(),
            "{kept:?}"
        );
    }
    mended.store(true, Ordering::Relaxed);
    drain(&bridge).await;
    let mut kept = world.kept(FEED);
    // Those that were refused came after the others.
    kept.sort();
    assert_eq!(kept, uuids(&events));
    assert_eq!(world.letters(FEED), []);
}

#[tokio::test]
async fn an_intake_without_zstd_is_sent_gzip_from_then_on_and_nothing_is_lost_or_repeated() {
    for status in [400_u16, 415] {
        let pages = [
            numbered(FEED, 0..3),
            numbered(FEED, 3..6),
            numbered(FEED, 6..9),
        ];
        let recorded = Pages::new().feed(FEED, &pages);
        let intake = FakeDatadog::builder().refuse_zstd(status.try_into().unwrap());
        let world = World::of(recorded.fake(), intake).await;
        drain(&world.bridge_of(FEED)).await;
        assert_eq!(world.kept(FEED), uuids(&pages.concat()), "{status}");
        assert_eq!(world.letters(FEED), [], "{status}");
        let requests = world.datadog.requests();
        let encodings = requests
            .iter()
            .map(|request| &request.headers["content-encoding"]);
        assert_eq!(
            encodings.collect::<Vec<_>>(),
            ["zstd", "gzip", "gzip", "gzip"],
            "{status}"
        );
    }
}

#[tokio::test]
async fn an_intake_without_zstd_may_refuse_an_entry_as_well() {
    for status in [400_u16, 415] {
        let intake = refusing([2]).refuse_zstd(status.try_into().unwrap());
        let world = World::of(FakeEvents::builder(), intake).await;
        let mut events = numbered(FEED, 0..5);
        world.insert(FEED, &events);
        drain(&world.bridge_of(FEED)).await;
        let refused = events.remove(2);
        assert_eq!(world.kept(FEED), uuids(&events), "{status}");
        let letters = world.letters(FEED);
        assert_eq!(letters.len(), 1, "{status}");
        assert_eq!(letters[0].raw, refused.to_string(), "{status}");
    }
}

#[tokio::test]
async fn a_log_over_a_million_bytes_is_a_dead_letter_and_never_cut_off() {
    for (count, large) in [(3, 1), (1, 0)] {
        let world = World::calm().await;
        let mut events = numbered(FEED, 0..count);
        events[large] = patched(
            events[large].take(),
            json!({ "aux_info": "x".repeat(1_000_000) }),
        );
        world.insert(FEED, &events);
        drain(&world.bridge_of(FEED)).await;

        let refused = events.remove(large);
        assert_eq!(world.kept(FEED), uuids(&events));
        assert_eq!(world.datadog.intake().truncated, 0);
        let letters = world.letters(FEED);
        assert_eq!(letters.len(), 1);
        assert!(
            letters[0].reason.contains("too large"),
            "{}",
            letters[0].reason
        );
        assert_eq!(letters[0].raw, refused.to_string());
        assert!(matches!(
            world.position(FEED).await,
            Some(Position::After(_))
        ));
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_split_and_arrives_in_order() {
    let world = World::calm().await;
    let events = numbered(FEED, 0..7);
    world.insert(FEED, &events);
    world.script("intake:413x2");
    step(&world.bridge_of(FEED), FEED).await.unwrap();
    assert_eq!(world.kept(FEED), uuids(&events));
    assert_eq!(world.letters(FEED), []);
    let counts = world.datadog.counts();
    assert_eq!((counts.of_status(413), counts.of_status(202)), (2, 3));
}

#[tokio::test]
async fn an_entry_that_is_too_large_by_itself_is_a_dead_letter_unless_all_are() {
    let world = World::calm().await;
    let events = numbered(FEED, 0..4);
    world.insert(FEED, &events);
    world.script("intake:413x3");
    step(&world.bridge_of(FEED), FEED).await.unwrap();
    assert_eq!(world.kept(FEED), uuids(&events[1..]));
    let letters = world.letters(FEED);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].raw, events[0].to_string());

    let world = World::calm().await;
    world.insert(FEED, &events);
    // Seven are enough for each entry to be refused by itself; the eighth is for whatever is tried then.
    world.script("intake:413x8");
    let bridge = world.bridge_of(FEED);
    let error = step(&bridge, FEED).await.unwrap_err();
    assert!(error.is_hold(), "{error}");
    assert_eq!(world.letters(FEED), []);
    assert!(is_at_its_start(world.position(FEED).await.as_ref()));
    step(&bridge, FEED).await.unwrap();
    assert_eq!(world.kept(FEED), uuids(&events));
}
