//! The soak by hand, at full size: `cargo run --release -p op-dd-tests --bin soak`.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use op_dd_tests::soak::{Soak, soak};

/// Carries hours of traffic of many accounts in virtual time, and tells what the process held.
#[derive(Parser)]
struct Args {
    /// Accounts, each with three feeds.
    #[arg(long, default_value_t = 200)]
    accounts: usize,
    /// Minutes of virtual time.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn main() -> ExitCode {
    let args = Args::parse();
    let begun = Instant::now();
    let soaked = soak(Soak {
        accounts: args.accounts,
        time: Duration::from_secs(60 * args.minutes),
    });
    println!(
        "{} accounts, {} minutes\n{soaked}",
        args.accounts, args.minutes
    );
    println!("{:.1} s", begun.elapsed().as_secs_f64());
    let faults = soaked.faults();
    for fault in &faults {
        println!("{fault}");
    }
    if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
