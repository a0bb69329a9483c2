use std::collections::HashSet;
use std::io::{self, Write, stdout};

use anstyle::{AnsiColor, Style};
use op_dd_content::install::Selection;
use op_dd_content::{Asset, Content, Finding, Level, Samples};

use super::{coverage, show};
use crate::args::CheckArgs;
use crate::config;
use crate::counted::counted;
use crate::exit::{Exit, Failure};
use crate::record::Record;

/// Says what is wrong with the files, and what they see of the logs.
pub(super) fn execute(
    content: &Content,
    kept: &config::Content,
    args: &CheckArgs,
) -> Result<Exit, Failure> {
    let selection: Selection = args.target.only.iter().collect();
    for name in selection.names() {
        show::find(content, name)?;
    }
    let (selected, others): (Vec<&Asset>, Vec<&Asset>) =
        content.assets().partition(|asset| selection.takes(asset));
    let samples = others.iter().filter_map(|asset| asset.samples());
    let others = others.iter().map(|asset| asset.file());
    let others: HashSet<&str> = others.chain(samples.map(Samples::file)).collect();
    let mut findings = content.check();
    findings.retain(|finding| !others.contains(finding.file.as_str()));
    let record = match &args.logs[..] {
        [] => None,
        logs => Some(Record::read(logs)?),
    };
    // Whoever reads may have gone.
    let _ = tell(selected.len(), &findings, &mut anstream::stdout().lock());
    if let Some(record) = record {
        record.complain();
        let lists = kept.watch_lists(&args.lists.watch);
        let mut coverage = content.coverage(&record.logs, &lists);
        coverage.retain(|seen| !others.contains(seen.file.as_str()));
        let own = selected.iter().filter(|asset| !asset.is_bundled());
        let own: HashSet<&str> = own.map(|asset| asset.file()).collect();
        // One's own come last, where a long list ends.
        coverage.sort_by_key(|seen| own.contains(seen.file.as_str()));
        let _ = coverage::tell(&coverage, record.logs.len(), &mut stdout().lock());
    }
    let is_clean = findings.iter().all(|finding| finding.level != Level::Fault);
    Ok(if is_clean {
        Exit::Clean
    } else {
        Exit::Configuration
    })
}

fn tell(files: usize, findings: &[Finding], to: &mut dyn Write) -> io::Result<()> {
    for finding in findings {
        let style = style(finding.level);
        writeln!(to, "{style}{finding}{style:#}")?;
    }
    let of = |level| {
        findings
            .iter()
            .filter(|finding| finding.level == level)
            .count()
    };
    let files = counted(files, "file");
    let faults = counted(of(Level::Fault), "fault");
    match of(Level::Notice) {
        0 => writeln!(to, "{files}: {faults}"),
        notices => writeln!(to, "{files}: {faults}, {}", counted(notices, "notice")),
    }
}

fn style(level: Level) -> Style {
    match level {
        Level::Fault => AnsiColor::Red.on_default(),
        _ => AnsiColor::Yellow.on_default(),
    }
}
