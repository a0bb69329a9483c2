//! What must hold whatever happens, tried over thousands of simulated runs.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use op_dd_tests::simulator::{Figures, Sabotage, simulate};

/// How many runs a test run makes. More are for `simulate`.
const SEEDS: u64 = 2_000;

/// How many runs may pass until a sabotage is noticed.
const SEEDS_UNTIL_CAUGHT: u64 = 100;

#[test]
fn all_properties_hold_whatever_happens() {
    let next = AtomicU64::new(0);
    let figures = Mutex::new(Figures::default());
    let failures = Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= SEEDS {
                return;
            }
            let run = simulate(seed, None);
            figures.lock().unwrap().add(&run.figures);
            if !run.violations.is_empty() {
                failures.lock().unwrap().push(run.to_string());
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap();
    let some = failures[..failures.len().min(3)].join("\n\n");
    assert!(
        failures.is_empty(),
        "{} seeds failed\n{some}",
        failures.len()
    );

    // A world in which nothing goes wrong would prove nothing.
    let figures = figures.into_inner().unwrap();
    assert!(figures.crashes > SEEDS, "{figures}");
    assert!(figures.failed_commits > SEEDS, "{figures}");
    assert!(figures.duplicates > SEEDS, "{figures}");
    assert!(figures.letters > SEEDS, "{figures}");
    assert!(figures.faults.len() > 50, "{figures}");
}

#[test]
fn every_sabotage_is_caught_by_the_property_that_it_breaks() {
    for sabotage in Sabotage::ALL {
        let property = sabotage.caught_by();
        let caught = (0..SEEDS_UNTIL_CAUGHT).any(|seed| {
            let run = simulate(seed, Some(sabotage));
            run.violations
                .iter()
                .any(|violation| violation.property == property)
        });
        assert!(caught, "{sabotage} is not caught by {property}");
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..20 {
        let once = simulate(seed, None);
        let again = thread::spawn(move || simulate(seed, None)).join().unwrap();
        let lines = once.journal.iter().zip(&again.journal);
        for (once, again) in lines {
            assert_eq!(once, again, "seed {seed}");
        }
        assert_eq!(once.journal.len(), again.journal.len(), "seed {seed}");
        assert_eq!(once.figures, again.figures, "seed {seed}");
    }
}
