use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::time::SystemTime;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Case, Rule};
use crate::Log;

/// What a rule raises.
///
/// It prints as a line: `2026-05-01T12:00:00Z high, for everyone: @usr.id:ADA`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signal {
    /// The name of the rule.
    pub rule: String,
    /// The name of the gravest case that held.
    pub case: String,
    /// How serious it is.
    pub severity: Severity,
    /// When its condition first held.
    pub at: SystemTime,
    /// What it was grouped by: the field as the rule writes it, and its value.
    pub group: Vec<(String, String)>,
}

/// How serious a signal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

/// The signals of a rule as they come about: what holds again while a signal is alive belongs to it.
pub(super) struct Signals<'a> {
    rule: &'a Rule,
    raised: Vec<Signal>,
    alive: HashMap<Vec<String>, Alive>,
}

struct Alive {
    signal: usize,
    since: i64,
    last: i64,
}

impl<'a> Signals<'a> {
    pub(super) fn new(rule: &'a Rule) -> Self {
        Self {
            rule,
            raised: Vec::new(),
            alive: HashMap::new(),
        }
    }

    /// A case holds at this log, for this group of the fields.
    pub(super) fn hold(&mut self, case: &Case, log: &Log, fields: &[String], group: &[String]) {
        let now = log.millis();
        if let Some(alive) = self.alive.get_mut(group)
            && now - alive.last <= self.rule.keep_alive
            && now - alive.since <= self.rule.longest
        {
            alive.last = now;
            let signal = &mut self.raised[alive.signal];
            if signal.severity < case.severity {
                signal.severity = case.severity;
                signal.case.clone_from(&case.name);
            }
            return;
        }
        let alive = Alive {
            signal: self.raised.len(),
            since: now,
            last: now,
        };
        self.alive.insert(group.to_vec(), alive);
        self.raised.push(Signal {
            rule: self.rule.name.clone(),
            case: case.name.clone(),
            severity: case.severity,
            at: log.time(),
            group: fields.iter().cloned().zip(group.iter().cloned()).collect(),
        });
    }

    pub(super) fn raised(self) -> Vec<Signal> {
        self.raised
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // To the second, which is what a person looks for.
        match Timestamp::try_from(self.at) {
            Ok(at) => write!(f, "{} ", at.strftime("%Y-%m-%dT%H:%M:%SZ"))?,
            Err(_) => f.write_str("at no time ")?,
        }
        write!(f, "{}", self.severity)?;
        if !self.case.is_empty() {
            write!(f, ", {}", self.case)?;
        }
        let mut before = ": ";
        for (field, value) in &self.group {
            write!(f, "{before}{field}:")?;
            before = " ";
            // Whoever wrote the log has no say in what a terminal does.
            for c in value.chars() {
                if c.is_control() {
                    write!(f, "{}", c.escape_default())?;
                } else {
                    f.write_char(c)?;
                }
            }
        }
        Ok(())
    }
}

impl Severity {
    /// As the API has it, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_a_line_that_says_who_and_when() {
        let at: Timestamp = "2026-05-01T12:00:00.482Z".parse().unwrap();
        let mut signal = Signal {
            rule: "Exports".to_owned(),
            case: String::new(),
            severity: Severity::High,
            at: at.into(),
            group: Vec::new(),
        };
        assert_eq!(signal.to_string(), "2026-05-01T12:00:00Z high");
        signal.case = "for everyone".to_owned();
        let group = [("@usr.id", "ADA"), ("service", "a\u{1b}[2J\nb")];
        signal.group = group.map(|(f, v)| (f.to_owned(), v.to_owned())).into();
        assert_eq!(
            signal.to_string(),
            "2026-05-01T12:00:00Z high, for everyone: @usr.id:ADA service:a\\u{1b}[2J\\nb"
        );
    }
}
