use std::collections::BTreeSet;

use serde_json::Value;

use super::fields::check_query;
use super::report::{Report, Spot};
use super::scope::Scope;
use super::spelling::did_you_mean;
use super::{marks, objects, texts, variables};
use crate::{Asset, Rule, RuleError, WatchLists};

/// How many stories a rule has to see, and how many it must not see.
const STORIES: usize = 2;

pub(super) fn check(
    asset: &Asset,
    json: &Value,
    lists: &BTreeSet<String>,
    report: &mut Report<'_>,
    samples: Option<&mut Report<'_>>,
) {
    for (pointer, query) in objects(json, "", "queries") {
        check_fields(query, &pointer, report);
    }
    check_lists(json, lists, report);
    check_notifications(json, report);
    check_message(json, report);
    check_options(json, report);
    marks::check_tags(asset, json, report);
    if asset.is_bundled() {
        check_tactics(json, report);
    }
    if report.has_faults() {
        return;
    }
    match Rule::from_json(json) {
        Err(error) => tell(&error, report),
        Ok(rule) if !check_parts(&rule, json, report) => {}
        Ok(rule) if rule.is_evaluated() => check_samples(asset, json, report, samples),
        Ok(_) => report.notice(
            "/options/detectionMethod",
            "how Datadog does this isn't published: the rule isn't tried here",
        ),
    }
}

/// Looks whether the parts of a rule fit together.
fn check_parts(rule: &Rule, json: &Value, report: &mut Report<'_>) -> bool {
    for (at, query) in rule.queries().iter().enumerate() {
        let mut earlier = rule.queries()[..at].iter();
        if earlier.any(|earlier| earlier.name() == query.name()) {
            let problem = format!("another query is called {}, too", query.name());
            report.fault(&format!("/queries/{at}"), problem);
        }
    }
    for (at, earlier) in rule.unreached_cases() {
        let condition = json["cases"][earlier]["condition"].as_str();
        let condition = condition.unwrap_or_default();
        let problem =
            format!("this case is never reached: `{condition}` before it holds whenever this does");
        report.fault(&format!("/cases/{at}/condition"), problem);
    }
    !report.has_faults()
}

/// Names in queries for lists that only their user knows; `others` are those of other rules.
fn check_lists(json: &Value, others: &BTreeSet<String>, report: &mut Report<'_>) {
    for (pointer, query) in objects(json, "", "queries") {
        let place = format!("{pointer}/query");
        let text = query["query"].as_str().unwrap_or_default();
        for (at, name) in variables::named(text) {
            let known = others.iter().map(String::as_str);
            let meant = did_you_mean(name, known, "$");
            if !others.contains(name) && !meant.is_empty() {
                let problem = format!("no other rule has the list ${name}{meant}");
                report.notice(Spot::Within(&place, at), problem);
            }
        }
    }
}

/// Whom a case notifies.
fn check_notifications(json: &Value, report: &mut Report<'_>) {
    for (pointer, case) in objects(json, "", "cases") {
        for (place, whom) in texts(case, &pointer, "notifications") {
            if !whom.starts_with('@') && !whom.starts_with("{{") {
                report.notice(
                    &place,
                    format!("Datadog notifies nobody by this: write @{whom}"),
                );
            }
        }
    }
}

fn check_fields(query: &Value, pointer: &str, report: &mut Report<'_>) {
    let text = query["query"].as_str().unwrap_or_default();
    let place = format!("{pointer}/query");
    let Some(scope) = check_query(report, |at| Spot::Within(&place, at), text, false) else {
        return;
    };
    let metric = query["metric"].as_str().filter(|metric| !metric.is_empty());
    let metric = metric.map(|metric| (format!("{pointer}/metric"), metric));
    let fields = ["groupByFields", "distinctFields", "metrics"].into_iter();
    let fields = fields
        .flat_map(|key| texts(query, pointer, key))
        .chain(metric);
    for (place, field) in fields {
        scope.check_field(report, Spot::Value(&place), field);
    }
}

/// A message names fields of the logs: `{{@usr.email}}`.
fn check_message(json: &Value, report: &mut Report<'_>) {
    let message = json["message"].as_str().unwrap_or_default();
    for (at, _) in message.match_indices("{{@") {
        let rest = &message[at + 2..];
        match rest.find("}}") {
            Some(end) => Scope::signals().check_field(
                report,
                Spot::Within("/message", at + 2),
                rest[..end].trim(),
            ),
            None => report.fault(Spot::Within("/message", at), "}} is missing"),
        }
    }
}

fn check_options(json: &Value, report: &mut Report<'_>) {
    let options = &json["options"];
    let seconds = |key: &str| options[key].as_u64();
    if let (Some(alive), Some(longest)) = (seconds("keepAlive"), seconds("maxSignalDuration"))
        && longest < alive
    {
        let problem =
            format!("{longest} is less than the {alive} of keepAlive: Datadog refuses that");
        report.fault("/options/maxSignalDuration", problem);
    }
    let method = options["detectionMethod"].as_str().unwrap_or("threshold");
    let aggregation = match method {
        "new_value" => Some("new_value"),
        "impossible_travel" => Some("geo_data"),
        _ => None,
    };
    for (pointer, query) in objects(json, "", "queries") {
        let written = query["aggregation"].as_str().unwrap_or("count");
        if let Some(needed) = aggregation.filter(|needed| *needed != written) {
            let problem =
                format!("the method {method} needs the aggregation {needed}, not {written}");
            report.fault(&format!("{pointer}/aggregation"), problem);
        }
    }
    for (pointer, case) in objects(json, "", "cases") {
        let condition = case["condition"].as_str().unwrap_or_default();
        if ["threshold", "sequence_detection"].contains(&method) && condition.trim().is_empty() {
            report.fault(
                &pointer,
                format!("the method {method} needs a condition, such as a > 0"),
            );
        }
    }
}

/// What the MITRE ATT&CK map of Cloud SIEM puts a rule by.
fn check_tactics(json: &Value, report: &mut Report<'_>) {
    let tags = texts(json, "", "tags");
    for start in ["security:attack", "tactic:TA", "technique:T"] {
        if !tags.iter().any(|(_, tag)| tag.starts_with(start)) {
            report.fault("/tags", format!("a tag {start}… is missing"));
        }
    }
}

fn check_samples(
    asset: &Asset,
    json: &Value,
    report: &mut Report<'_>,
    samples: Option<&mut Report<'_>>,
) {
    let (Some(file), Some(samples)) = (asset.samples(), samples) else {
        let problem = format!(
            "nothing shows what it detects: put stories into samples/{}.json beside it",
            asset.name()
        );
        return match asset.is_bundled() {
            true => report.fault(Spot::File, problem),
            false => report.notice(Spot::File, problem),
        };
    };
    let stories: Value = match serde_json::from_str(file.text()) {
        Ok(stories) => stories,
        Err(error) => return samples.unreadable(&format!("not JSON: {error}")),
    };
    match Rule::try_samples(asset.text(), file) {
        Err(error) => return tell(&error, samples),
        Ok(trials) => {
            for trial in trials {
                for difference in trial.differences {
                    samples.fault(&trial.pointer, format!("{}: {difference}", trial.title));
                }
            }
        }
    }
    for key in ["matching", "near_misses"] {
        let count = stories[key].as_array().map_or(0, Vec::len);
        if count < STORIES {
            let problem = format!("{key} has {count}, and needs {STORIES}: one alone shows little");
            match asset.is_bundled() {
                true => samples.fault(&format!("/{key}"), problem),
                false => samples.notice(&format!("/{key}"), problem),
            }
        }
    }
    let needed = WatchLists::named_in(json);
    for (name, _) in stories["watch_lists"].as_object().into_iter().flatten() {
        if !needed.contains(name) {
            samples.fault(
                Spot::Name(&format!("/watch_lists/{name}")),
                format!("the rule has no ${name}"),
            );
        }
    }
}

fn tell(error: &RuleError, report: &mut Report<'_>) {
    match error.at {
        None if error.pointer.is_empty() => report.unreadable(&error.problem),
        Some(at) => report.fault(Spot::Within(&error.pointer, at), &*error.problem),
        None => report.fault(&error.pointer, &*error.problem),
    }
}
