use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use crate::config::duration;

#[derive(Debug, clap::Args)]
#[command(after_help = CHECKS)]
pub(crate) struct ChecklistArgs {
    /// The configuration, in TOML; without it, what the environment says
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// The state folder, instead of the one that the configuration says
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,

    /// Open no connection: look at files, secrets and tokens only
    #[arg(long, conflicts_with = "end_to_end")]
    pub(crate) offline: bool,

    /// Send Datadog one marked log, find it again, and read what Datadog's own pipeline sets; it takes
    /// an application key
    #[arg(long)]
    pub(crate) end_to_end: bool,

    /// With --end-to-end: how long the log may take to be found
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = duration)]
    pub(crate) patience: Duration,

    /// Every check of every account, also where all is well
    #[arg(long, short)]
    pub(crate) verbose: bool,

    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Form,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A line for each check, and what to do
    #[default]
    Human,
    /// An array of objects: check, subject, outcome, detail, remedy, ms
    Json,
}

const CHECKS: &str = "\
Nothing is sent and no cursor moves, unless --end-to-end is given; a running op-dd may go on
meanwhile. One page of each feed is read and mapped, and let go of.

The exit code is 0 if no check fails, else that of what fails (see op-dd --help): 2 for the
configuration, 3 for a token, 4 for a key or its permissions, 5 for a server, 6 for a folder, 7
for a checkpoint; 9 if several of these fail, or if something else does. Warnings fail nothing.";
