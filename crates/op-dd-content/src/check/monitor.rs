use serde_json::Value;

use super::expression::Expression;
use super::fields::check_query;
use super::report::{Report, Spot};
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
            ("rollup", [_, fields]) | ("by", [fields]) => fields.split(),
            ("index" | "rollup" | "last", [_]) => Vec::new(),
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
    let critical = &json["options"]["thresholds"]["critical"];
    if critical
        .as_f64()
        .is_some_and(|critical| critical.to_bits() != expression.limit.to_bits())
    {
        let problem =
            format!("the threshold critical is {critical}: Datadog refuses another number here");
        report.fault(Spot::Within("/query", expression.limit_at), problem);
    }
}
