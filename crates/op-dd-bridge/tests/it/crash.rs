//! Work that ends in the middle, at every point where it can.

use std::time::Duration;

use onepassword_events::Feed::ItemUsages;
use op_dd_bridge::{Bridge, Outcome};
use tokio::time::timeout;

use crate::script::{Answer, Fate, Reply, World};

const HOUR: Duration = Duration::from_secs(3600);

/// The pages, and how many await points of each kind there are on the way.
const PAGES: [&[&str]; 3] = [&["A", "B", "7"], &["C", "D"], &["E", "8", "F"]];

/// Where a crash happens: the call of a kind that never returns, after so many that do.
#[derive(Clone, Copy, Debug)]
enum Point {
    Ask(usize),
    Send(usize),
    Keep(usize),
    Commit(usize),
    Committed(usize),
}

fn points() -> impl Iterator<Item = Point> {
    let asks = (0..3).map(Point::Ask);
    let sends = (0..3).map(Point::Send);
    let keeps = (0..2).map(Point::Keep);
    let commits = (0..4).map(Point::Commit);
    let committed = (0..4).map(Point::Committed);
    asks.chain(sends)
        .chain(keeps)
        .chain(commits)
        .chain(committed)
}

async fn drain(bridge: &Bridge) -> bool {
    let drained = timeout(HOUR, bridge.drain(HOUR, std::future::pending())).await;
    drained.is_ok_and(|drained| matches!(drained.streams[..], [(_, Outcome::Complete)]))
}

/// Crashes at this point and begins again, in the same process or in another: returns how many ids
/// were sent twice.
async fn check(point: Point, slow: bool, same_process: bool) -> usize {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.pages(ItemUsages, &PAGES);
    let (mut asks, mut sends) = (0, 0);
    match point {
        Point::Ask(well) => asks = well + 1,
        Point::Send(well) => sends = well + 1,
        Point::Keep(well) => world.store.later("keep", well, Fate::Never),
        Point::Commit(well) => world.store.later("commit", well, Fate::Never),
        Point::Committed(well) => world.store.later("commit", well, Fate::KeptNever),
    }
    for ask in 1..=asks {
        source.next(
            ItemUsages,
            if ask < asks {
                Answer::Well
            } else {
                Answer::Never
            },
        );
    }
    for send in 1..=3 {
        let reply = if send == sends {
            Reply::Never
        } else {
            Reply::Accept
        };
        // Slow enough for the page behind to be read meanwhile.
        let wait = if slow {
            Duration::from_secs(5)
        } else {
            Duration::ZERO
        };
        world.sink.next(Reply::Late(wait, Box::new(reply)));
    }

    let bridge = world.bridge(&[&source]);
    assert!(!drain(&bridge).await, "{point:?} was not reached");
    let bridge = if same_process {
        bridge
    } else {
        world.bridge(&[&source])
    };
    assert!(drain(&bridge).await, "{point:?}");

    let stream = source.stream(ItemUsages);
    assert_eq!(world.store.cursor(&stream).await, "c3", "{point:?}");
    let mut letters: Vec<_> = world
        .store
        .letters(&stream)
        .into_iter()
        .map(|l| l.raw)
        .collect();
    letters.dedup();
    assert_eq!(letters, ["7", "8"], "{point:?}");
    let times = world.sink.times_sent();
    assert_eq!(
        times.keys().collect::<Vec<_>>(),
        ["A", "B", "C", "D", "E", "F"],
        "{point:?}"
    );
    let again: Vec<_> = times
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(id, _)| id)
        .collect();
    let of_one_page = |page: &&[&str]| again.iter().all(|id| page.contains(&id.as_str()));
    assert!(PAGES.iter().any(of_one_page), "{point:?}: {again:?}");
    assert!(
        times.values().all(|times| *times <= 2),
        "{point:?}: {times:?}"
    );
    again.len()
}

#[tokio::test(start_paused = true)]
async fn a_crash_replays_one_page_at_the_most() {
    for point in points() {
        for slow in [false, true] {
            let again = check(point, slow, false).await;
            let known = matches!(
                point,
                Point::Ask(_) | Point::Committed(_) | Point::Commit(0)
            );
            assert_eq!(again == 0, known, "{point:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn work_that_is_dropped_is_taken_up_again() {
    for point in points() {
        for slow in [false, true] {
            let again = check(point, slow, true).await;
            // Of what the intake has accepted this process knows, of all else nothing.
            assert_eq!(again > 0, matches!(point, Point::Send(_)), "{point:?}");
        }
    }
}
