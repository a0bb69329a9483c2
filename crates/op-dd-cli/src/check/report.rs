//! What was found, for people and for programs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use op_dd_bridge::Name;
use serde::Serialize;

use super::finding::{Finding, Outcome, Subject};
use crate::counted::counted;

/// Writes a line for each check, by side and account, and how many came out how.
pub(super) fn tell(findings: &[Finding], verbose: bool, to: &mut dyn Write) -> io::Result<()> {
    let page = Page { verbose };
    let of = |which: fn(&Subject) -> bool| findings.iter().filter(move |one| which(&one.subject));
    page.side(
        "This machine",
        of(|subject| *subject == Subject::Machine),
        to,
    )?;
    let onepassword = of(|subject| *subject == Subject::OnePassword || subject.account().is_some());
    page.side("1Password", onepassword, to)?;
    page.side("Datadog", of(|subject| *subject == Subject::Datadog), to)?;
    writeln!(to, "\n{}", totals(findings))
}

/// Writes an array of objects.
pub(super) fn tell_in_json(findings: &[Finding], to: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Object<'a> {
        check: &'a str,
        subject: String,
        outcome: String,
        detail: &'a str,
        remedy: Option<&'a str>,
        ms: u128,
    }

    let objects: Vec<_> = findings
        .iter()
        .map(|finding| Object {
            check: finding.check,
            subject: finding.subject.to_string(),
            outcome: finding.outcome.word().to_lowercase(),
            detail: &finding.detail,
            remedy: finding.outcome.remedy(),
            ms: finding.took.as_millis(),
        })
        .collect();
    serde_json::to_writer_pretty(&mut *to, &objects)?;
    writeln!(to)
}

struct Page {
    verbose: bool,
}

impl Page {
    fn side<'a>(
        &self,
        name: &str,
        findings: impl Iterator<Item = &'a Finding>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        let (mut common, mut accounts) = (Vec::new(), BTreeMap::<&Name, Vec<&Finding>>::new());
        for finding in findings {
            match finding.subject.account() {
                Some(account) => accounts.entry(account).or_default().push(finding),
                None => common.push(finding),
            }
        }
        if common.is_empty() && accounts.is_empty() {
            return Ok(());
        }
        writeln!(to, "{name}")?;
        for (account, findings) in accounts {
            self.account(account, &findings, to)?;
        }
        for finding in common {
            self.line(finding, finding.check, to)?;
        }
        Ok(())
    }

    /// One line if all is well, else one for each check that isn't.
    fn account(&self, name: &Name, findings: &[&Finding], to: &mut dyn Write) -> io::Result<()> {
        let is_well = |finding: &&Finding| finding.outcome.remedy().is_none();
        let telling = findings
            .iter()
            .filter(|finding| ["introspection", "expiry"].contains(&finding.check))
            .filter(|finding| matches!(finding.outcome, Outcome::Ok));
        let telling: Vec<_> = telling.map(|finding| finding.detail.as_str()).collect();
        let is_told = findings.iter().all(is_well) && !telling.is_empty();
        if is_told && !self.verbose {
            let count = counted(findings.len(), "check");
            return writeln!(
                to,
                "  {} {name}: {}; {count}",
                word(&Outcome::Ok),
                telling.join("; "),
            );
        }
        for finding in findings {
            if self.verbose || telling.is_empty() || !is_well(finding) {
                let what = match &finding.subject {
                    Subject::Feed(_, feed) => format!("{name}/{feed} {}", finding.check),
                    _ => format!("{name} {}", finding.check),
                };
                self.line(finding, &what, to)?;
            }
        }
        Ok(())
    }

    fn line(&self, finding: &Finding, what: &str, to: &mut dyn Write) -> io::Result<()> {
        let Finding {
            outcome, detail, ..
        } = finding;
        writeln!(to, "  {} {what}: {detail}", word(outcome))?;
        match outcome.remedy() {
            Some(remedy) => writeln!(to, "          to do: {remedy}"),
            None => Ok(()),
        }
    }
}

/// The word for it, in its colour; whoever writes it takes the colour off where none is wanted.
fn word(outcome: &Outcome) -> String {
    let style = match outcome {
        Outcome::Ok => AnsiColor::Green.on_default(),
        Outcome::Warn { .. } => AnsiColor::Yellow.on_default(),
        Outcome::Fail { .. } => AnsiColor::Red.on_default().bold(),
        Outcome::Skipped => Style::new().dimmed(),
    };
    format!("{style}{:<7}{style:#}", outcome.word())
}

/// Such as `14 ok, 1 warn, 2 FAIL, 3 skipped`.
fn totals(findings: &[Finding]) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    for finding in findings {
        *counts.entry(finding.outcome.word()).or_default() += 1;
    }
    let of = |word| format!("{} {word}", counts.get(word).copied().unwrap_or_default());
    ["ok", "warn", "FAIL", "skipped"].map(of).join(", ")
}
