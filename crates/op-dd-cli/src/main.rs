//! `op-dd`: carries 1Password's audit trail into Datadog and loses nothing on the way.
//!
//! A thin user of the libraries: it reads the configuration, puts the parts together, and says in
//! exit codes and one-line messages what came of it.

mod accounts;
mod archive;
mod args;
mod assembly;
mod backfill;
mod check;
mod completions;
mod config;
mod config_texts;
mod content;
mod counted;
mod crew;
mod cursor;
mod demo;
mod exit;
mod expiry;
mod job;
mod logging;
mod man;
mod preview;
mod privacy;
mod record;
mod remedy;
mod run;
mod secrets;
mod shift;
mod signal;
mod state;
mod systemd;
mod telemetry;
mod upkeep;

use std::io::Write as _;
use std::process::ExitCode;

use args::{Args, Command};
use clap::Parser as _;
use exit::{Exit, Failure};

fn main() -> ExitCode {
    let args = Args::parse();
    logging::start(args.log_format);
    match execute(args) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // Whoever read it may be gone; the exit code says it, too.
            let mut stderr = std::io::stderr().lock();
            for line in failure.lines() {
                let _ = writeln!(stderr, "op-dd: {line}");
            }
            failure.exit().into()
        }
    }
}

fn execute(args: Args) -> Result<Exit, Failure> {
    // The one TLS provider, chosen here and in no library.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        return Err(Failure::new(
            Exit::Defect,
            "a TLS provider was installed already",
        ));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Defect, format!("no runtime: {error}")))?;
    let done = runtime.block_on(async {
        match args.command {
            Command::Run(args) => run::execute(&args).await,
            Command::Check(args) => check::execute(&args).await,
            Command::Config(args) => config_texts::print(&args),
            Command::Backfill(args) => backfill::execute(&args).await,
            Command::Cursor(args) => cursor::execute(&args).await,
            Command::Demo(args) => demo::execute(&args).await,
            Command::Content(args) => content::execute(&args).await,
            Command::Preview(args) => preview::execute(&args),
            Command::Completions(args) => completions::execute(&args),
            Command::Man(args) => man::execute(&args),
        }
    });
    // A look-up or a disk that hangs can't be broken off, and nobody waits for it: files are replaced
    // whole or not at all.
    runtime.shutdown_background();
    done
}
