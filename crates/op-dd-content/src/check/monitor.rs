use serde_json::Value;

use super::expression::{Argument, Expression};
use super::fields::check_query;
use super::report::{Report, Spot};
use super::request::MEASURES;
use super::spelling::did_you_mean;
use super::{marks, objects, request, variables};
use crate::Asset;

pub(super) fn check(asset: &Asset, json: &Value, report: &mut Report<'_>) {
    marks::check_tags(asset, json, report);
    let query = json["query"].as_str().unwrap_or_default();
    if json["type"] != "log alert" {
        if let Some(kind) = json["type"].as_str() {
            report.notice("/type", format!("the query of a {kind} isn't checked here"));
        }
        return;
    }
    request::check_queries(
        &json["options"],
        "/options",
        "variables",
        report,
        |report, place, query| {
            variables::check_none(report, |at| Spot::Within(place, at), query);
        },
    );
    match Expression::parse(query) {
        Err((at, problem)) => report.fault(Spot::Within("/query", at), problem),
        Ok(expression) => check_expression(&expression, json, report),
    }
}

fn check_expression(expression: &Expression<'_>, json: &Value, report: &mut Report<'_>) {
    let [first, rest @ ..] = expression.calls.as_slice() else {
        return;
    };
    let scope = match (first.name, first.arguments.as_slice()) {
        ("logs", [query]) => {
            let text = query.read();
            let spot = |at| Spot::Within("/query", query.place_of(at));
            variables::check_none(report, spot, &text);
            check_query(report, spot, &text, false)
        }
        ("formula", [formula]) => {
            let queries = objects(&json["options"], "/options", "variables");
            let queries: Vec<&str> = queries
                .iter()
                .filter_map(|(_, query)| query["name"].as_str())
                .collect();
            let spot = |at| Spot::Within("/query", formula.place_of(at));
            request::check_formula(&formula.read(), spot, &queries, report);
            None
        }
        _ => {
            report.fault(
                Spot::Within("/query", first.at),
                "it has to begin with logs(\"…\") or formula(\"…\")",
            );
            None
        }
    };
    for call in rest {
        let fields: Vec<(usize, &str)> = match (call.name, call.arguments.as_slice()) {
            ("rollup", [method, fields]) => {
                check_rollup(method, report);
                fields.split()
            }
            ("rollup", [method]) => {
                check_rollup(method, report);
                if first.name == "logs" && MEASURES.contains(&method.read().as_str()) {
                    let problem = format!("nothing says of what the {} is", method.read());
                    report.fault(Spot::Within("/query", call.at), problem);
                }
                Vec::new()
            }
            ("last", [window]) => {
                check_window(window, report);
                Vec::new()
            }
            ("by", [fields]) => fields.split(),
            ("index", [_]) => Vec::new(),
            _ => {
                let problem = format!(
                    "{} isn't known here, or not with these arguments",
                    call.name
                );
                report.fault(Spot::Within("/query", call.at), problem);
                continue;
            }
        };
        for (at, field) in fields {
            if let Some(scope) = &scope {
                scope.check_field(report, Spot::Within("/query", at), field);
            }
        }
    }
    if !rest.iter().any(|call| call.name == "last") {
        report.fault(
            Spot::Within("/query", first.at),
            "nothing says how far it looks back: write .last(\"5m\")",
        );
    }
    check_thresholds(expression, json, report);
    let groups = rest.iter().filter(|call| call.name == "by");
    let groups = groups.flat_map(|call| &call.arguments);
    let groups = groups.flat_map(|fields| fields.split().into_iter().map(|(_, field)| field));
    let variables = objects(&json["options"], "/options", "variables");
    let facets = variables
        .iter()
        .flat_map(|(_, query)| query["group_by"].as_array().into_iter().flatten())
        .filter_map(|group| group["facet"].as_str());
    let groups: Vec<&str> = groups.chain(facets).collect();
    let messages = [
        ("/message", &json["message"]),
        (
            "/options/escalation_message",
            &json["options"]["escalation_message"],
        ),
    ];
    for (place, message) in messages {
        check_message(message.as_str().unwrap_or_default(), place, &groups, report);
    }
}

fn check_rollup(method: &Argument, report: &mut Report<'_>) {
    let written = method.read();
    if written != "count" && !MEASURES.contains(&written.as_str()) {
        let known = MEASURES.join(", ");
        let problem = format!("{written} isn't one of count, {known}");
        report.fault(Spot::Within("/query", method.place_of(0)), problem);
    }
}

/// How far a monitor of logs looks back: 48 hours at most.
fn check_window(window: &Argument, report: &mut Report<'_>) {
    let written = window.read();
    let minutes = written.strip_suffix(['m', 'h', 'd']).and_then(|number| {
        let unit = match written.chars().last()? {
            'm' => 1,
            'h' => 60,
            _ => 24 * 60,
        };
        number.parse::<u32>().ok()?.checked_mul(unit)
    });
    if !minutes.is_some_and(|minutes| (1..=48 * 60).contains(&minutes)) {
        let problem =
            format!("{written} is no time that Datadog looks back: write 1m to 2880m, 1h to 48h");
        report.fault(Spot::Within("/query", window.place_of(0)), problem);
    }
}

fn check_thresholds(expression: &Expression<'_>, json: &Value, report: &mut Report<'_>) {
    let thresholds = &json["options"]["thresholds"];
    let critical = &thresholds["critical"];
    if critical
        .as_f64()
        .is_some_and(|critical| critical.to_bits() != expression.limit.to_bits())
    {
        let problem =
            format!("the threshold critical is {critical}: Datadog refuses another number here");
        report.fault(Spot::Within("/query", expression.limit_at), problem);
    }
    let Some(warning) = thresholds["warning"].as_f64() else {
        return;
    };
    let is_reached_first = match expression.comparison {
        ">" | ">=" => warning < expression.limit,
        "<" | "<=" => warning > expression.limit,
        _ => return,
    };
    if !is_reached_first {
        let (comparison, limit) = (expression.comparison, expression.limit);
        let problem = format!(
            "the warning {warning} isn't reached before the query's {comparison} {limit}: Datadog refuses that"
        );
        report.fault("/options/thresholds/warning", problem);
    }
}

/// A message names what it is about: `{{account.name}}` of a monitor by `account`.
fn check_message(message: &str, place: &str, groups: &[&str], report: &mut Report<'_>) {
    for (at, _) in message.match_indices("{{") {
        let rest = &message[at + 2..];
        let name = rest.split("}}").next().unwrap_or_default().trim();
        let Some(group) = name.strip_suffix(".name") else {
            continue;
        };
        let group = group.trim_start_matches('[').trim_end_matches(']');
        let is_other = ["log.", "event.", "issue."];
        if is_other.iter().any(|other| group.starts_with(other)) || groups.contains(&group) {
            continue;
        }
        let meant = match did_you_mean(group, groups.iter().copied(), "") {
            none if none.is_empty() && groups.is_empty() => "; it has no groups".to_owned(),
            none if none.is_empty() => format!("; it is by {}", groups.join(", ")),
            meant => meant,
        };
        report.fault(
            Spot::Within(place, at),
            format!("the monitor isn't by {group}{meant}"),
        );
    }
}
