use std::collections::BTreeMap;
use std::io::{self, Write, stdout};
use std::path::PathBuf;

use op_dd_content::{Content, Coverage, Finding, Level, Severity, Sight};

use crate::exit::{Exit, Failure};
use crate::record::Record;

/// Says what is wrong with the files, and what they see of the logs.
pub(super) fn execute(content: &Content, files: &[PathBuf]) -> Result<Exit, Failure> {
    let findings = content.check();
    let record = match files {
        [] => None,
        files => Some(Record::read(files)?),
    };
    // Whoever reads may have gone.
    let _ = tell(content, &findings, &mut stdout().lock());
    if let Some(record) = record {
        record.complain();
        let coverage = content.coverage(&record.logs);
        let _ = tell_coverage(&coverage, record.logs.len(), &mut stdout().lock());
    }
    let is_clean = findings.iter().all(|finding| finding.level != Level::Fault);
    Ok(if is_clean {
        Exit::Clean
    } else {
        Exit::Configuration
    })
}

fn tell(content: &Content, findings: &[Finding], to: &mut dyn Write) -> io::Result<()> {
    for finding in findings {
        writeln!(to, "{finding}")?;
    }
    let of = |level| {
        findings
            .iter()
            .filter(|finding| finding.level == level)
            .count()
    };
    let files = counted(content.assets().count(), "file");
    let faults = counted(of(Level::Fault), "fault");
    match of(Level::Notice) {
        0 => writeln!(to, "{files}: {faults}"),
        notices => writeln!(to, "{files}: {faults}, {}", counted(notices, "notice")),
    }
}

fn tell_coverage(coverage: &[Coverage], logs: usize, to: &mut dyn Write) -> io::Result<()> {
    writeln!(
        to,
        "\nWhat they see of {}, evaluated by op-dd, not by Datadog:",
        counted(logs, "log")
    )?;
    let mut file = "";
    let mut empty = 0;
    for seen in coverage {
        if seen.file != file {
            file = &seen.file;
            writeln!(to, "\n{file}")?;
        }
        let title = &seen.title;
        match &seen.sight {
            Sight::Logs(0) => {
                empty += 1;
                writeln!(to, "{:>9}  {title} (stays empty)", 0)?;
            }
            Sight::Logs(logs) => writeln!(to, "{logs:>9}  {title}")?,
            Sight::Signals => writeln!(to, "{:>9}  {title} (reads signals)", "-")?,
            Sight::Detections { logs, signals } => {
                writeln!(to, "{logs:>9}  {title}: {}", raised(signals))?;
            }
            Sight::Untried(reason) => writeln!(to, "{:>9}  {title} (not tried: {reason})", "-")?,
            _ => {}
        }
    }
    writeln!(
        to,
        "\n{} stay{} empty",
        counted(empty, "widget"),
        if empty == 1 { "s" } else { "" }
    )
}

/// `3 high, 1 low`, or `no signals`.
fn raised(signals: &BTreeMap<Severity, usize>) -> String {
    let signals = signals.iter().rev();
    let signals: Vec<String> = signals
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    match signals.as_slice() {
        [] => "no signals".to_owned(),
        signals => format!("signals: {}", signals.join(", ")),
    }
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
