use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use onepassword_events::Feed;
use op_dd_bridge::Name;

use crate::archive::Place;
use crate::config::{Start, duration};

#[derive(Debug, clap::Args)]
#[command(after_help = WHERE)]
pub(crate) struct BackfillArgs {
    /// The configuration, in TOML; see op-dd run --help
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where the state is kept, instead of where the configuration says
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,

    /// The account, by its name in the configuration
    #[arg(long, value_name = "NAME", required_unless_present_any = ["list", "forget", "cancel"])]
    pub(crate) account: Option<Name>,

    /// Only this feed; may be repeated
    #[arg(long, value_name = "FEED")]
    pub(crate) feed: Vec<Feed>,

    /// The earliest time: 2026-05-01, 2026-05-01T08:00:00Z, or 90d for 90 days back
    #[arg(long, value_name = "TIME", required_unless_present_any = ["list", "forget", "cancel"])]
    pub(crate) from: Option<When>,

    /// The time to end before
    #[arg(long, value_name = "TIME", default_value = "now")]
    pub(crate) to: When,

    /// Keep the events in this folder or bucket, instead of the configuration's
    #[arg(long, value_name = "DIR|URL", conflicts_with = "redate")]
    pub(crate) archive: Option<Place>,

    /// Send events that are too old for Datadog there all the same, with the date of sending
    #[arg(long)]
    pub(crate) redate: bool,

    /// Send those of the last 17 hours to Datadog, too, which live polling carries as well
    #[arg(long)]
    pub(crate) recent: bool,

    /// List the jobs of the state folder, and how far they are
    #[arg(long)]
    pub(crate) list: bool,

    /// Call a job off, by its id in the list; what it has carried stays
    #[arg(long, value_name = "ID", conflicts_with_all = ["list", "forget"])]
    pub(crate) cancel: Option<String>,

    /// Remove a job that is over from the state folder, and its cursors; asked for again, it is done
    /// anew
    #[arg(long, value_name = "ID", conflicts_with_all = ["list", "account", "from"])]
    pub(crate) forget: Option<String>,

    /// How long to finish what is under way once told to stop
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) grace: Duration,
}

const WHERE: &str = "\
Datadog drops logs that are dated over 18 hours back. So events go to an archive: files that
Datadog rehydrates, by the events' own dates. With --redate they go to Datadog, and those that
are too old are dated by the time of sending and tagged late:true. What live polling brings to
the same place is left to that, from where it began or from 17 hours back; with --recent Datadog
gets the last 17 hours once more.

If op-dd run is at work, it does the job, beside live polling; this command shows how far it
is, and may be left. If not, this command does both until the job is done. A job that is broken
off goes on where it was, with the same command or with op-dd run.";

/// A time, in the words of whoever gave it.
#[derive(Clone, Debug)]
pub(crate) struct When {
    pub(crate) text: String,
    start: Start,
}

impl When {
    /// The moment that it means now.
    pub(crate) fn time(&self, now: SystemTime) -> SystemTime {
        self.start.time(now)
    }
}

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let start = match text {
            "now" => Start::Ago(Duration::ZERO),
            other => other.parse()?,
        };
        Ok(Self {
            text: text.to_owned(),
            start,
        })
    }
}
