use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::AddAssign;
use std::path::Path;
use std::time::Duration;

use op_dd_bridge::{Progress, StepReport};
use serde::Serialize;

use crate::exit::{Exit, Failure};

/// Of these there are none if nothing could be carried.
const HEARTBEATS: &str = "heartbeats.ndjson";

/// What a run did, in all and by feed.
#[derive(Debug, Default, Serialize)]
pub(super) struct Summary {
    #[serde(flatten)]
    all: Counts,
    feeds: BTreeMap<&'static str, Counts>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    events: usize,
    sent: usize,
    late: usize,
    refused: usize,
}

impl Summary {
    pub(super) fn add(&mut self, progress: &Progress<'_>) {
        if let Progress::Step { stream, report, .. } = progress {
            self.all += report;
            *self.feeds.entry(stream.feed.as_str()).or_default() += report;
        }
    }

    pub(super) fn events(&self) -> usize {
        self.all.events
    }

    pub(super) fn refused(&self) -> usize {
        self.all.refused
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::new(Exit::Defect, error.to_string()))?;
        std::fs::write(path, text + "\n").map_err(|error| {
            Failure::configuration(format!(
                "{} can't be written ({error}): choose another --out",
                path.display()
            ))
        })
    }

    /// A short account for a person.
    pub(super) fn tell(&self, to: &mut impl Write, out: &Path, took: Duration) -> io::Result<()> {
        let Counts {
            events,
            sent,
            late,
            refused,
        } = self.all;
        let seconds = took.as_secs_f64();
        writeln!(
            to,
            "{events} events read, {sent} logs accepted in {seconds:.1} s\n"
        )?;
        writeln!(
            to,
            "{:<16}{:>8}{:>8}{:>8}{:>9}",
            "feed", "events", "sent", "late", "refused"
        )?;
        for (feed, counts) in &self.feeds {
            let Counts {
                events,
                sent,
                late,
                refused,
            } = counts;
            writeln!(to, "{feed:<16}{events:>8}{sent:>8}{late:>8}{refused:>9}")?;
        }
        writeln!(to)?;
        if late > 0 {
            writeln!(
                to,
                "{late} were too old for Datadog to take at their own date: they carry the date of \
                 sending,\ntheir own time in onepassword.event_time, and the tag late:true.\n"
            )?;
        }
        if refused > 0 {
            writeln!(
                to,
                "{refused} could not be delivered for faults of their own.\n"
            )?;
        }
        let place = |name| out.join(name).display().to_string();
        writeln!(to, "logs     {}", place("logs.ndjson"))?;
        if out.join(HEARTBEATS).exists() {
            writeln!(to, "         {} (op-dd's own)", place(HEARTBEATS))?;
        }
        writeln!(to, "summary  {}", place("summary.json"))?;
        writeln!(to, "state    {}", place("state"))
    }
}

impl AddAssign<&StepReport> for Counts {
    fn add_assign(&mut self, report: &StepReport) {
        self.events += report.read;
        self.sent += report.sent;
        self.late += report.late;
        self.refused += report.refused;
    }
}
