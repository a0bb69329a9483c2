//! What widgets and rules see of logs, for a person.

use std::collections::BTreeMap;
use std::io::{self, Write};

use op_dd_content::{Coverage, Severity, Sight, Signal};

use crate::counted::counted;

/// How many signals of a rule are listed; more are counted.
const LISTED: usize = 5;

pub(super) fn tell(coverage: &[Coverage], logs: usize, to: &mut dyn Write) -> io::Result<()> {
    writeln!(
        to,
        "\nWhat they see of {}, evaluated by op-dd, not by Datadog:",
        counted(logs, "log")
    )?;
    let mut file = "";
    let (mut widgets, mut empty) = (0, 0);
    for seen in coverage {
        if seen.file != file {
            file = &seen.file;
            writeln!(to, "\n{file}")?;
        }
        let title = &seen.title;
        match &seen.sight {
            Sight::Logs(0) => {
                widgets += 1;
                empty += 1;
                writeln!(to, "{:>9}  {title} (stays empty)", 0)?;
            }
            Sight::Logs(logs) => {
                widgets += 1;
                writeln!(to, "{logs:>9}  {title}")?;
            }
            Sight::Signals => writeln!(to, "{:>9}  {title} (reads signals)", "-")?,
            Sight::Detections { logs, signals } => {
                writeln!(to, "{logs:>9}  {title}: {}", raised(signals))?;
                list(signals, to)?;
            }
            Sight::WatchLists(lists) => {
                let lists: Vec<String> = lists
                    .iter()
                    .map(|list| format!("--watch {list}=…"))
                    .collect();
                let lists = lists.join(" ");
                writeln!(to, "{:>9}  {title} (not tried: give {lists})", "-")?;
            }
            Sight::Unpublished => writeln!(
                to,
                "{:>9}  {title} (not tried: how Datadog does it isn't published)",
                "-"
            )?,
            _ => {}
        }
    }
    if widgets > 0 {
        let stay = if empty == 1 { "stays" } else { "stay" };
        writeln!(to, "\n{} {stay} empty", counted(empty, "widget"))?;
    }
    Ok(())
}

/// `signals: 3 high, 1 low`, or `no signals`.
fn raised(signals: &[Signal]) -> String {
    let mut counts: BTreeMap<Severity, usize> = BTreeMap::new();
    for signal in signals {
        *counts.entry(signal.severity).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .rev()
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    match &counts[..] {
        [] => "no signals".to_owned(),
        counts => format!("signals: {}", counts.join(", ")),
    }
}

/// Who did it and when.
fn list(signals: &[Signal], to: &mut dyn Write) -> io::Result<()> {
    for signal in signals.iter().take(LISTED) {
        writeln!(to, "{:>13}{signal}", "")?;
    }
    match signals.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(to, "{:>13}{more} more", ""),
    }
}
