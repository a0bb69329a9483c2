//! `$user`: a dashboard's template variables, and what stands in rules for a list.

use std::collections::BTreeSet;

use serde_json::Value;

use super::objects;
use super::report::{Report, Spot};
use super::spelling::did_you_mean;

/// The template variables of a dashboard, and which of them were used.
pub(super) struct Variables<'a> {
    declared: Vec<(String, &'a str)>,
    used: BTreeSet<&'a str>,
}

impl<'a> Variables<'a> {
    pub(super) fn of(dashboard: &'a Value) -> Self {
        let declared = objects(dashboard, "", "template_variables").into_iter();
        let declared =
            declared.filter_map(|(pointer, variable)| Some((pointer, variable["name"].as_str()?)));
        Self {
            declared: declared.collect(),
            used: BTreeSet::new(),
        }
    }

    /// Looks at each `$name` of a query.
    pub(super) fn check(&mut self, report: &mut Report<'_>, pointer: &str, query: &str) {
        for (at, name) in named(query) {
            match self.declared.iter().find(|(_, declared)| *declared == name) {
                Some((_, declared)) => {
                    self.used.insert(declared);
                }
                None => {
                    let meant =
                        did_you_mean(name, self.declared.iter().map(|(_, name)| *name), "$");
                    let problem = format!("the dashboard has no template variable {name}{meant}");
                    report.fault(Spot::Within(pointer, at), problem);
                }
            }
        }
    }

    /// Takes those for used that are named in what isn't checked.
    pub(super) fn see(&mut self, unchecked: &str) {
        for (_, name) in named(unchecked) {
            let mut declared = self.declared.iter();
            let declared = declared.find(|(_, declared)| *declared == name);
            self.used.extend(declared.map(|(_, declared)| *declared));
        }
    }

    /// Names those that no query uses.
    pub(super) fn check_unused(&self, report: &mut Report<'_>) {
        for (pointer, name) in &self.declared {
            if !self.used.contains(name) {
                report.notice(
                    pointer,
                    format!("no query uses the template variable {name}: write ${name} in one"),
                );
            }
        }
    }
}

/// Neither a monitor nor a pipeline has variables.
pub(super) fn check_none<'p>(
    report: &mut Report<'_>,
    spot: impl Fn(usize) -> Spot<'p>,
    query: &str,
) {
    for (at, name) in named(query) {
        let problem = format!(
            "nothing is put for ${name} here: only rules have lists, and dashboards template variables"
        );
        report.fault(spot(at), problem);
    }
}

/// The names after each `$`, with the place of the `$`.
pub(super) fn named(query: &str) -> impl Iterator<Item = (usize, &str)> {
    query.match_indices('$').filter_map(|(at, _)| {
        let rest = &query[at + 1..];
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        (end > 0).then_some((at, &rest[..end]))
    })
}
