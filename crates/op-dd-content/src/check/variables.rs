//! `$user`: a dashboard's template variables, and what stands in rules for a list.

use serde_json::Value;

use super::objects;
use super::report::{Report, Spot};
use super::scope::Scope;
use super::spelling::did_you_mean;
use crate::search::Query;

/// The template variables of a dashboard.
pub(super) struct Variables<'a> {
    declared: Vec<Variable<'a>>,
}

struct Variable<'a> {
    pointer: String,
    name: &'a str,
    prefix: Option<&'a str>,
    is_used: bool,
    /// What the queries ask for that use it, of those that are checked.
    scope: Option<Scope>,
}

impl<'a> Variables<'a> {
    pub(super) fn of(dashboard: &'a Value) -> Self {
        let declared = objects(dashboard, "", "template_variables").into_iter();
        let declared = declared.filter_map(|(pointer, variable)| {
            Some(Variable {
                pointer,
                name: variable["name"].as_str()?,
                prefix: variable["prefix"].as_str(),
                is_used: false,
                scope: None,
            })
        });
        Self {
            declared: declared.collect(),
        }
    }

    /// Looks at each `$name` of a query.
    pub(super) fn check(&mut self, report: &mut Report<'_>, pointer: &str, query: &str) {
        for (at, name) in named(query) {
            match self.declared(name) {
                Some(variable) => {
                    variable.is_used = true;
                    let scope = Query::parse(query).map(|query| Scope::of(&query));
                    variable.scope = match (variable.scope.take(), scope) {
                        (Some(one), Ok(other)) => Some(one.or(&other)),
                        (one, other) => one.or(other.ok()),
                    };
                }
                None => {
                    let declared = self.declared.iter().map(|variable| variable.name);
                    let meant = did_you_mean(name, declared, "$");
                    let problem = format!("the dashboard has no template variable {name}{meant}");
                    report.fault(Spot::Within(pointer, at), problem);
                }
            }
        }
    }

    /// Takes those for used that are named in what isn't checked.
    pub(super) fn see(&mut self, unchecked: &str) {
        for (_, name) in named(unchecked) {
            if let Some(variable) = self.declared(name) {
                variable.is_used = true;
            }
        }
    }

    /// Names those that no query uses, and looks at what the others stand for.
    pub(super) fn check_declared(&self, report: &mut Report<'_>) {
        for variable in &self.declared {
            let (pointer, name) = (&variable.pointer, variable.name);
            if let Some(prefix) = variable.prefix {
                let place = format!("{pointer}/prefix");
                let ours = Scope::ours();
                let scope = variable.scope.as_ref().unwrap_or(&ours);
                scope.check_field(report, Spot::Value(&place), prefix);
            }
            if !variable.is_used {
                report.notice(
                    pointer,
                    format!("no query uses the template variable {name}: write ${name} in one"),
                );
            }
        }
    }

    fn declared(&mut self, name: &str) -> Option<&mut Variable<'a>> {
        let mut declared = self.declared.iter_mut();
        declared.find(|variable| variable.name == name)
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
