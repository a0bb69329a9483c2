//! Whose logs are asked for, and which fields those have.

use super::logs::Logs;
use super::report::{Report, Spot};
use super::spelling::{did_you_mean, nearest};
use crate::search::{Field, Query, Surrounded, Term};
use crate::{Attribute, Origin, Reserved};

/// Whose logs are asked for: it says which fields there are.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Of ours.
    pub(super) logs: Vec<Logs>,
    pub(super) others: Others,
    /// Datadog's signals, and no logs.
    is_signals: bool,
}

/// Whether logs of other sources are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Others {
    No,
    /// Nothing is said of sources.
    Unsaid,
    Yes,
}

/// The tags of our logs, and those that Datadog wants on everything.
const TAGS: [&str; 8] = [
    "account",
    "feed",
    "late",
    "env",
    "service",
    "team",
    "version",
    "datacenter",
];

/// The tags of our rules, which signals bear.
const RULE_TAGS: [&str; 5] = [
    "security",
    "tactic",
    "technique",
    "managed-by",
    "op-dd-asset",
];

/// Where Datadog's standard attributes begin, which logs of other sources may have.
const STANDARD: [&str; 14] = [
    "client",
    "db",
    "dns",
    "duration",
    "error",
    "evt",
    "http",
    "logger",
    "network",
    "os",
    "syslog",
    "threat_intel",
    "url",
    "usr",
];

impl Scope {
    /// Any of op-dd's logs.
    pub(super) fn ours() -> Self {
        Self {
            logs: Logs::ALL.to_vec(),
            others: Others::No,
            is_signals: false,
        }
    }

    pub(super) fn signals() -> Self {
        Self {
            logs: Logs::ALL.to_vec(),
            others: Others::No,
            is_signals: true,
        }
    }

    /// What a query as a whole asks for.
    pub(super) fn of(query: &Query) -> Self {
        Self::that(query, |known| query.may_hold(known), Logs::may_be)
    }

    /// What is asked for through one of a query's conditions.
    pub(super) fn beside(query: &Query, condition: &Surrounded<'_>) -> Self {
        let scope = Self::that(query, |known| condition.may_hold(known), Logs::are);
        // Of what contradicts itself, fields can be judged all the same.
        if scope.is_empty() {
            Self::ours()
        } else {
            scope
        }
    }

    fn that(
        query: &Query,
        may_hold: impl Fn(&dyn Fn(&Term) -> Option<bool>) -> bool,
        known: fn(Logs, &Term) -> Option<bool>,
    ) -> Self {
        let names_source = || {
            let mut terms = query.terms().into_iter();
            terms.any(|term| *term.field() == Field::Reserved(Reserved::Source))
        };
        let logs = Logs::ALL.into_iter();
        Self {
            logs: logs
                .filter(|logs| may_hold(&|term| known(*logs, term)))
                .collect(),
            others: match may_hold(&of_others) {
                false => Others::No,
                true if names_source() => Others::Yes,
                true => Others::Unsaid,
            },
            is_signals: false,
        }
    }

    /// What this or another asks for.
    pub(super) fn or(&self, other: &Self) -> Self {
        let either = |logs: &Logs| self.logs.contains(logs) || other.logs.contains(logs);
        Self {
            logs: Logs::ALL.into_iter().filter(either).collect(),
            others: self.others.max(other.others),
            is_signals: self.is_signals || other.is_signals,
        }
    }

    /// Whether no log can be meant.
    pub(super) fn is_empty(&self) -> bool {
        self.logs.is_empty() && self.others == Others::No
    }

    /// Looks at a field as queries write it: `@usr.email`, `service`, `account`.
    pub(super) fn check_field(&self, report: &mut Report<'_>, spot: Spot<'_>, name: &str) {
        match name.strip_prefix('@') {
            Some(path) => self.check_attribute(report, spot, path),
            None => self.check_tag(report, spot, name),
        }
    }

    fn check_attribute(&self, report: &mut Report<'_>, spot: Spot<'_>, path: &str) {
        let problem = match Attribute::at(path) {
            Some(attribute) if self.has(attribute) => return,
            Some(attribute) => self.stranger(attribute, path),
            None if TAGS.contains(&path) || Reserved::named(path).is_some() => {
                format!("no attribute is called @{path}: write {path} without the @")
            }
            None => {
                let known = Attribute::ALL.iter().filter(|known| self.has(known));
                let near = nearest(path, known.map(|known| known.path));
                match (near, self.others) {
                    (None, Others::Yes | Others::Unsaid) => {
                        return self.check_foreign(report, spot, path);
                    }
                    (Some(_), Others::Yes) if self.logs.is_empty() && is_standard(path) => return,
                    (near, _) => {
                        let meant = near.map(|near| format!(": did you mean @{near}?"));
                        let meant = meant.unwrap_or_default();
                        format!("no attribute is called @{path}{meant}")
                    }
                }
            }
        };
        match self.others {
            Others::Yes if self.logs.is_empty() && is_standard(path) => {}
            Others::Yes => report.notice(spot, problem),
            Others::No | Others::Unsaid => report.fault(spot, problem),
        }
    }

    /// An attribute that isn't ours, where logs of other sources may be asked for.
    fn check_foreign(&self, report: &mut Report<'_>, spot: Spot<'_>, path: &str) {
        if self.others == Others::Unsaid {
            let problem = format!(
                "op-dd's logs have no @{path}: if those of another source are meant, say source:…"
            );
            report.notice(spot, problem);
        } else if !is_standard(path) {
            let problem = format!(
                "@{path} isn't one of Datadog's standard attributes: whether such logs have it isn't known here"
            );
            report.notice(spot, problem);
        }
    }

    /// What there is to say of an attribute that is known, and that none has that is asked for.
    fn stranger(&self, attribute: &Attribute, path: &str) -> String {
        let having: Vec<Logs> = Logs::ALL
            .into_iter()
            .filter(|logs| logs.have(attribute))
            .collect();
        if attribute.origin == Origin::Heartbeat {
            format!("no event has @{path}: heartbeats do, source:op-dd")
        } else if having.is_empty() {
            format!("no log has @{path}: signals do")
        } else if self.logs == [Logs::Heartbeats] {
            format!("no heartbeat has @{path}: events do, source:1password")
        } else {
            let (asked, having) = (named(&self.logs), named(&having));
            format!("it never matches: of {asked} none has @{path}, which is of {having}")
        }
    }

    fn check_tag(&self, report: &mut Report<'_>, spot: Spot<'_>, key: &str) {
        let is_known = TAGS.contains(&key)
            || Reserved::named(key).is_some()
            || self.is_signals && RULE_TAGS.contains(&key);
        if is_known {
            return;
        }
        if Attribute::at(key).is_some() {
            report.fault(
                spot,
                format!("no tag is called {key}: did you mean @{key}?"),
            );
        } else if self.others != Others::Yes {
            let meant = did_you_mean(key, TAGS, "");
            let problem =
                format!("no log has the tag {key} unless your configuration sets it{meant}");
            report.notice(spot, problem);
        }
    }

    fn has(&self, attribute: &Attribute) -> bool {
        self.is_signals || self.logs.iter().any(|logs| logs.have(attribute))
    }
}

/// What is known of a condition on a log of another source.
fn of_others(term: &Term) -> Option<bool> {
    let of_ours = match term.field() {
        Field::Reserved(Reserved::Source) => ["1password", "op-dd"]
            .into_iter()
            .any(|source| term.is_text() && term.takes_in_any_case(source) == Some(true)),
        Field::Attribute(path) if path == "evt.type" => Logs::ALL
            .into_iter()
            .filter_map(Logs::kind)
            .any(|kind| term.is_text() && term.takes(kind) == Some(true)),
        _ => false,
    };
    of_ours.then_some(false)
}

fn is_standard(path: &str) -> bool {
    STANDARD.contains(&path.split('.').next().unwrap_or_default())
}

/// The kinds of logs as a sentence has them.
pub(super) fn named(logs: &[Logs]) -> String {
    let are_late_alone = !logs.contains(&Logs::SignIns);
    let logs = logs
        .iter()
        .filter(|logs| **logs != Logs::LateSignIns || are_late_alone);
    let names: Vec<&str> = logs
        .map(|logs| logs.kind().unwrap_or("heartbeats"))
        .collect();
    names.join(" and ")
}
