//! Kills `op-dd`, and the fakes if asked for, again and again while events are carried, and says what
//! was lost (nothing) and what came twice.
#![expect(clippy::print_stdout, reason = "a program says what it found")]

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use op_dd_tests::kills::{Signal, Trial};

/// Kills op-dd again and again while events are carried, and counts what was lost or came twice.
#[derive(Debug, Parser)]
#[command(max_term_width = 100)]
struct Arguments {
    /// How often to kill
    #[arg(long, value_name = "N", default_value_t = 200)]
    kills: usize,

    /// How many events to carry
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    events: usize,

    /// What to invent the events and to draw the instants from [default: another each time]
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,

    /// How to end op-dd
    #[arg(long, value_enum, default_value_t = SignalName::Kill)]
    signal: SignalName,

    /// Kill the fakes as well: each time the program, the fakes, or both
    #[arg(long)]
    fakes: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SignalName {
    Kill,
    Term,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let trial = Trial {
        kills: arguments.kills,
        events: arguments.events,
        seed,
        signal: match arguments.signal {
            SignalName::Kill => Signal::Kill,
            SignalName::Term => Signal::Term,
        },
        fakes: arguments.fakes,
    };
    let report = trial.run();
    println!("{report}");
    if report.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
