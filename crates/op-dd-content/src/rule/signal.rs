use std::collections::HashMap;
use std::fmt;
use std::time::SystemTime;

use serde::Deserialize;

use super::{Case, Rule};
use crate::Log;

/// What a rule raises.
#[derive(Clone, Debug)]
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
