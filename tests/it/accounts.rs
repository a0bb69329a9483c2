//! Hundreds of accounts in one file, and some of them broken: the others get everything.

use std::time::Duration;

use op_dd_tests::accounts::{Broken, Traffic, Trial};

#[test]
fn twenty_broken_accounts_of_five_hundred_cost_the_others_nothing() {
    let trial = Trial {
        accounts: 480,
        traffic: Traffic {
            time: Duration::from_secs(12),
            every: Duration::from_secs(6),
            warm: Duration::ZERO,
        },
    };
    let round = trial.round(&Broken::ALL);
    let faults = round.faults();
    assert!(faults.is_empty(), "{faults:#?}\n{round}\n{}", round.log);
}
