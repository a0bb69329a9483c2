//! What is wrong with files, and where.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Asset, Content, Kind, WatchLists};

mod beyond;
mod dashboard;
mod expression;
mod fields;
mod finding;
mod layout;
mod logs;
mod marks;
mod monitor;
mod pipeline;
#[cfg(test)]
mod recorded;
mod report;
mod request;
mod rule;
mod schema;
mod scope;
mod slips;
mod spelling;
mod values;
mod variables;
mod written;

pub use finding::{Finding, Level};
use report::Report;
use schema::Schema;

impl Content {
    /// Checks every file: whether Datadog would take it, whether its queries can be understood and ask for
    /// attributes that logs have, whether its parts fit together, and whether rules and pipelines do on their
    /// samples what the samples say. No account is needed.
    ///
    /// ```
    /// use op_dd_content::{Content, Level};
    ///
    /// let findings = Content::bundled().check();
    /// assert!(findings.iter().all(|finding| finding.level != Level::Fault));
    /// ```
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        let mut findings: Vec<_> = self
            .passed_over()
            .iter()
            .map(|path| Finding::passed_over(path))
            .collect();
        let widgets = Schema::of(Kind::Widget);
        for kind in Kind::ALL {
            let other = (kind != Kind::Widget).then(|| Schema::of(kind));
            let schema = other.as_ref().unwrap_or(&widgets);
            for asset in self.of(kind) {
                let mut report = Report::new(asset.file(), asset.text());
                let mut samples = asset
                    .samples()
                    .map(|samples| Report::new(samples.file(), samples.text()));
                match serde_json::from_str::<Value>(asset.text()) {
                    Err(error) => report.unreadable(&format!("not JSON: {error}")),
                    Ok(json) => {
                        let beyond = (kind == Kind::Rule).then(|| beyond::of_rule(&json));
                        if let Some((place, problem)) = beyond.flatten() {
                            report.notice(&place, problem);
                            findings.extend(report.findings());
                            continue;
                        }
                        schema.check(&mut report, "", &json);
                        match kind {
                            Kind::Dashboard => {
                                dashboard::check(asset, &json, &widgets, &mut report);
                            }
                            Kind::Widget => {
                                dashboard::check_widget(self, &json, &widgets, &mut report);
                            }
                            Kind::Rule => {
                                let lists = self.lists_beside(asset);
                                rule::check(asset, &json, &lists, &mut report, samples.as_mut());
                            }
                            Kind::Monitor => monitor::check(asset, &json, &mut report),
                            Kind::Pipeline => {
                                pipeline::check(
                                    asset,
                                    &json,
                                    schema,
                                    &mut report,
                                    samples.as_mut(),
                                );
                            }
                        }
                    }
                }
                findings.extend(report.findings());
                findings.extend(samples.into_iter().flat_map(Report::findings));
            }
        }
        findings
    }

    /// The watch lists of the rules beside one, and of those of this crate.
    fn lists_beside(&self, rule: &Asset) -> BTreeSet<String> {
        let bundled = Self::bundled();
        let rules = self.of(Kind::Rule).chain(bundled.of(Kind::Rule));
        let others = rules.filter(|other| other.name() != rule.name());
        others
            .filter_map(|other| serde_json::from_str(other.text()).ok())
            .flat_map(|json: Value| WatchLists::named_in(&json))
            .collect()
    }
}

/// The objects of a list, each with its place.
fn objects<'a>(of: &'a Value, pointer: &str, key: &str) -> Vec<(String, &'a Value)> {
    let list = of[key].as_array().into_iter().flatten().enumerate();
    let objects = list.filter(|(_, item)| item.is_object());
    objects
        .map(|(at, item)| (format!("{pointer}/{key}/{at}"), item))
        .collect()
}

/// The texts of a list, each with its place.
fn texts<'a>(of: &'a Value, pointer: &str, key: &str) -> Vec<(String, &'a str)> {
    let list = of[key].as_array().into_iter().flatten().enumerate();
    list.filter_map(|(at, item)| Some((format!("{pointer}/{key}/{at}"), item.as_str()?)))
        .collect()
}
