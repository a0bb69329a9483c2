//! Many accounts by hand, at full size: `cargo run --release -p op-dd-tests --bin accounts`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use op_dd_tests::accounts::{Traffic, Trial};

/// Runs op-dd with hundreds of accounts, without broken ones and with twenty, and compares how long the
/// events of the others take.
#[derive(Parser)]
struct Args {
    /// Accounts that work, each with three feeds.
    #[arg(long, default_value_t = 480)]
    accounts: usize,
    /// How often to compare.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of traffic in each run; the first 20 are not measured.
    #[arg(long, default_value_t = 80)]
    seconds: u64,
    /// Seconds from one event of a feed to the next.
    #[arg(long, default_value_t = 20)]
    every: u64,
    /// Print what the program said in the last run with broken accounts.
    #[arg(long)]
    log: bool,
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn main() -> ExitCode {
    let args = Args::parse();
    let trial = Trial {
        accounts: args.accounts,
        traffic: Traffic {
            time: Duration::from_secs(args.seconds),
            every: Duration::from_secs(args.every),
            warm: Duration::from_secs(20),
        },
    };
    let comparison = trial.compare(args.rounds);
    println!("{comparison}");
    if args.log {
        println!("{}", comparison.log());
    }
    let faults = comparison.faults();
    for fault in &faults {
        println!("{fault}");
    }
    if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
