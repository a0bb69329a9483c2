//! The real program is ended at instants that are drawn anew in every run; a seed that has failed is
//! tried again with `cargo run -p op-dd-tests --bin kill -- --kills 12 --events 12000 --seed SEED`.
#![cfg(unix)]
#![expect(
    clippy::print_stdout,
    reason = "the seed of a trial that fails or hangs should be seen"
)]

use op_dd_tests::kills::{Signal, Trial};

fn check(signal: Signal, fakes: bool) {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let trial = Trial {
        kills: 12,
        events: 12_000,
        seed,
        signal,
        fakes,
    };
    let report = trial.run();
    assert!(report.is_sound(), "{report}");
}

#[test]
fn killed_at_any_instant_it_loses_nothing_and_repeats_a_page_of_each_stream_at_most() {
    check(Signal::Kill, false);
}

#[test]
fn killed_together_with_its_servers_or_without_it_loses_nothing_either() {
    check(Signal::Kill, true);
}

#[test]
fn told_to_stop_at_any_instant_it_repeats_nothing() {
    check(Signal::Term, false);
}
