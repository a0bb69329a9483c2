//! What a query asks for: the fields that it names, and their values.

use super::report::{Report, Spot};
use super::scope::{Others, Scope, named};
use super::slips;
use super::spelling::{did_you_mean, nearest};
use super::values::Values;
use super::written::Written;
use crate::search::{Field, Query, Surrounded};
use crate::{Attribute, Reserved};

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
    let found = report.count();
    for condition in query.surrounded() {
        let scope = match signals {
            true => Scope::signals(),
            false => Scope::beside(&query, &condition),
        };
        check_field(report, &spot, text, &condition, &scope);
        if !signals {
            check_value(report, &spot, text, &condition, &scope);
        }
    }
    let scope = match signals {
        true => Scope::signals(),
        false => Scope::of(&query),
    };
    slips::check(report, &spot, &query);
    if scope.is_empty() {
        if report.count() == found {
            report.fault(
                spot(0),
                "no log is all of this at once: its conditions exclude each other",
            );
        }
        return None;
    }
    Some(scope)
}

fn check_field<'p>(
    report: &mut Report<'_>,
    spot: impl Fn(usize) -> Spot<'p>,
    text: &str,
    condition: &Surrounded<'_>,
    scope: &Scope,
) {
    let term = condition.term;
    let name = match term.field() {
        // To leave out what isn't there is no fault.
        Field::Attribute(path) if condition.is_negated && Attribute::at(path).is_some() => return,
        Field::Attribute(path) => format!("@{path}"),
        Field::Tag(key) => key.clone(),
        _ => return,
    };
    // Of `@a:(x OR y)` a term is where its value is.
    let before = text.get(..term.at() + name.len()).unwrap_or(text);
    let at = before.rfind(&name).unwrap_or(term.at());
    scope.check_field(report, spot(at), &name);
}

fn check_value<'p>(
    report: &mut Report<'_>,
    spot: impl Fn(usize) -> Spot<'p>,
    text: &str,
    condition: &Surrounded<'_>,
    scope: &Scope,
) {
    let term = condition.term;
    let written = Written::of(term, text);
    if !term.is_text() || written.text.contains('$') {
        return;
    }
    let value = written.text;
    let path = match term.field() {
        Field::Attribute(path) => path,
        Field::Reserved(Reserved::Source) => return check_source(report, spot(written.at), value),
        _ => return,
    };
    let Some(values) = Values::of(path, &scope.logs) else {
        return;
    };
    let mut known = values.known.iter();
    if known.any(|known| term.takes(known) == Some(true)) {
        return;
    }
    let near = nearest(value, values.known.iter().copied()).filter(|_| !written.is_open());
    let is_ours = values.is_closed && scope.others != Others::Yes;
    match (is_ours, near) {
        (true, Some(near)) => report.fault(
            spot(written.at),
            format!("no log has the @{path} {value}: did you mean {near}?"),
        ),
        (true, None) => {
            let known = values.known.join(", ");
            let problem = format!("no log has the @{path} {value}; there are: {known}");
            report.fault(spot(written.at), problem);
        }
        (false, Some(near)) => report.notice(
            spot(written.at),
            format!(
                "no @{path} is known to be {value}: did you mean {near}? Or 1Password has added it"
            ),
        ),
        (false, None) if scope.others == Others::No => {
            let logs = named(&scope.logs);
            let problem =
                format!("no @{path} of {logs} is known to be {value}: 1Password may have added it");
            report.notice(spot(written.at), problem);
        }
        (false, None) => {}
    }
}

fn check_source(report: &mut Report<'_>, spot: Spot<'_>, value: &str) {
    let ours = ["1password", "op-dd"];
    let is_ours = ours.iter().any(|source| value.eq_ignore_ascii_case(source));
    let meant = did_you_mean(value, ours, "");
    if !is_ours && !meant.is_empty() {
        report.notice(
            spot,
            format!("op-dd sends no logs of the source {value}{meant}"),
        );
    }
}
