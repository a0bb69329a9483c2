//! What queries are about, and which fields they may name.

use super::report::{Report, Spot};
use super::spelling::did_you_mean;
use crate::search::{Field, Query};
use crate::{Attribute, Origin, Reserved};

/// Whose logs are asked for: it says which fields there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those of 1Password's events.
    Events,
    /// op-dd's heartbeats.
    Heartbeats,
    /// Any of op-dd's.
    Ours,
    /// Those of other sources.
    Others,
    /// Datadog's signals.
    Signals,
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

/// Understands a query, and looks at each field that it names. `spot` says where its bytes are.
pub(super) fn check_query<'p>(
    report: &mut Report<'_>,
    spot: impl Fn(usize) -> Spot<'p>,
    text: &str,
    signals: bool,
) -> Option<Scope> {
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(error) => {
            report.fault(spot(error.at()), error.problem());
            return None;
        }
    };
    let scope = if signals {
        Scope::Signals
    } else {
        Scope::of(&query)
    };
    for term in query.terms() {
        let name = match term.field() {
            Field::Attribute(path) => format!("@{path}"),
            Field::Tag(key) => key.clone(),
            _ => continue,
        };
        // Of `@a:(x OR y)` a term is where its value is.
        let before = text.get(..term.at() + name.len()).unwrap_or(text);
        let at = before.rfind(&name).unwrap_or(term.at());
        scope.check_field(report, spot(at), &name);
    }
    Some(scope)
}

impl Scope {
    fn of(query: &Query) -> Self {
        match (query.may_be_of("1password"), query.may_be_of("op-dd")) {
            (true, true) => Self::Ours,
            (true, false) => Self::Events,
            (false, true) => Self::Heartbeats,
            (false, false) => Self::Others,
        }
    }

    /// Looks at a field as queries write it: `@usr.email`, `service`, `account`.
    pub(super) fn check_field(self, report: &mut Report<'_>, spot: Spot<'_>, name: &str) {
        match name.strip_prefix('@') {
            Some(path) => self.check_attribute(report, spot, path),
            None => self.check_tag(report, spot, name),
        }
    }

    fn check_attribute(self, report: &mut Report<'_>, spot: Spot<'_>, path: &str) {
        let attribute = Attribute::at(path);
        if attribute.is_some_and(|attribute| self.has(attribute)) {
            return;
        }
        let is_standard = || STANDARD.contains(&path.split('.').next().unwrap_or_default());
        let known = || {
            Attribute::ALL
                .iter()
                .filter(|known| self.has(known))
                .map(|known| known.path)
        };
        match (self, attribute) {
            (Self::Others, _) if is_standard() => {}
            (Self::Others, _) => report.notice(
                spot,
                format!("@{path} isn't one of Datadog's standard attributes: whether such logs have it isn't known here"),
            ),
            (Self::Heartbeats, Some(_)) => {
                report.fault(spot, format!("no heartbeat has @{path}: events do, source:1password"));
            }
            (_, Some(Attribute { origin: Origin::Heartbeat, .. })) => {
                report.fault(spot, format!("no event has @{path}: heartbeats do, source:op-dd"));
            }
            (_, Some(_)) => report.fault(spot, format!("no log has @{path}: signals do")),
            (_, None) if TAGS.contains(&path) || Reserved::named(path).is_some() => {
                report.fault(spot, format!("no attribute is called @{path}: write {path} without the @"));
            }
            (_, None) => {
                let meant = did_you_mean(path, known(), "@");
                report.fault(spot, format!("no attribute is called @{path}{meant}"));
            }
        }
    }

    fn check_tag(self, report: &mut Report<'_>, spot: Spot<'_>, key: &str) {
        let is_known = TAGS.contains(&key)
            || Reserved::named(key).is_some()
            || self == Self::Signals && RULE_TAGS.contains(&key);
        if is_known {
            return;
        }
        if Attribute::at(key).is_some() {
            report.fault(
                spot,
                format!("no tag is called {key}: did you mean @{key}?"),
            );
        } else if self != Self::Others {
            let meant = did_you_mean(key, TAGS, "");
            let problem =
                format!("no log has the tag {key} unless your configuration sets it{meant}");
            report.notice(spot, problem);
        }
    }

    fn has(self, attribute: &Attribute) -> bool {
        let is_shared =
            || ["evt.name", "onepassword.account", "onepassword.feed"].contains(&attribute.path);
        match attribute.origin {
            Origin::Event(_) | Origin::OpDd => self != Self::Heartbeats || is_shared(),
            Origin::Heartbeat => matches!(self, Self::Heartbeats | Self::Ours),
            Origin::Datadog => self != Self::Heartbeats,
            Origin::Signal => self == Self::Signals,
        }
    }
}
