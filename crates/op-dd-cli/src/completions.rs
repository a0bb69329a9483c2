use std::io::{Write as _, stdout};

use clap::CommandFactory as _;

use crate::args::{Args, CompletionsArgs};
use crate::exit::{Exit, Failure};

/// Prints what makes a shell complete our command line.
pub(crate) fn execute(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "op-dd", &mut script);
    // In the script for bash, half of it spells a program's name with a hyphen in another way than the
    // other half, and no option of a command is completed (clap-rs/clap#6421).
    let script = String::from_utf8_lossy(&script).replace("op__subcmd__dd", "op__dd");
    // Whoever reads may have gone.
    let _ = stdout().lock().write_all(script.as_bytes());
    Ok(Exit::Clean)
}
