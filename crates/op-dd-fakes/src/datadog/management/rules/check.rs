use serde_json::{Map, Value};

use super::super::error::Detail;
use super::super::object::{items, text};
use super::condition;

const METHODS: [&str; 8] = [
    "threshold",
    "new_value",
    "anomaly_detection",
    "impossible_travel",
    "hardcoded",
    "third_party",
    "anomaly_threshold",
    "sequence_detection",
];

const AGGREGATIONS: [&str; 8] = [
    "count",
    "cardinality",
    "sum",
    "max",
    "new_value",
    "geo_data",
    "event_count",
    "none",
];

const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

/// In minutes. Twelve and twenty-four hours are in the API's description and refused all the same.
const KEEP_ALIVE: &[u64] = &[0, 1, 5, 10, 15, 30, 60, 120, 180, 360];

/// In minutes.
const WINDOWS: &[u64] = &[0, 1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440];

/// Everything for which the server would refuse a rule. Options and cases are looked at if the queries are good.
///
/// The texts about an empty query, `keepAlive`, `maxSignalDuration` and a schedule are recorded; the others say what is
/// documented in the fake's own words.
pub(crate) fn check(rule: &Map<String, Value>) -> Vec<Detail> {
    let mut details = Vec::new();
    check_members(rule, &mut details);
    if details.is_empty() {
        check_queries(rule, &mut details);
    }
    if details.is_empty() {
        let empty = Map::new();
        let options = rule["options"].as_object().unwrap_or(&empty);
        check_options(options, &mut details);
        check_cases(rule, options, &mut details);
        check_schedule(rule, &mut details);
    }
    details
}

fn check_members(rule: &Map<String, Value>, details: &mut Vec<Detail>) {
    for (name, is_right) in [
        ("name", Value::is_string as fn(&Value) -> bool),
        ("message", Value::is_string),
        ("isEnabled", Value::is_boolean),
        ("options", Value::is_object),
        ("queries", Value::is_array),
        ("cases", Value::is_array),
    ] {
        match rule.get(name) {
            None => details.push(Detail::new(format!("{name} is required"), name)),
            Some(value) if !is_right(value) => {
                details.push(Detail::new(format!("{name} has the wrong type"), name));
            }
            Some(_) => {}
        }
    }
    if rule.get("name").is_some_and(|name| name == "") {
        details.push(Detail::new("Name cannot be empty", "name"));
    }
    if rule.get("type").is_some_and(|of| of != "log_detection") {
        let message = "This fake knows rules of type log_detection only";
        details.push(Detail::new(message, "type"));
    }
}

fn check_queries(rule: &Map<String, Value>, details: &mut Vec<Detail>) {
    let queries = items(rule, "queries");
    if queries.is_empty() && method(rule) != "third_party" {
        details.push(Detail::new("A rule needs a query", "queries"));
    }
    for (position, query) in queries.iter().enumerate() {
        let mut fault = |message: String, member: &str| {
            details.push(Detail::new(
                message,
                format!("queries[{position}].{member}"),
            ));
        };
        let empty = Map::new();
        let query = query.as_object().unwrap_or(&empty);
        if text(query, "query").trim().is_empty() {
            fault("Query filter cannot be empty".to_owned(), "query");
        }
        let aggregation = query
            .get("aggregation")
            .map_or("count", |_| text(query, "aggregation"));
        if !AGGREGATIONS.contains(&aggregation) {
            fault(format!("Unknown aggregation: {aggregation}"), "aggregation");
        }
        let metrics =
            items(query, "metrics").len() + usize::from(!text(query, "metric").is_empty());
        match aggregation {
            "cardinality" if items(query, "distinctFields").is_empty() => {
                fault(
                    "Cardinality needs distinct fields".to_owned(),
                    "distinctFields",
                );
            }
            "sum" | "max" | "new_value" | "geo_data" if metrics == 0 => {
                fault(
                    format!("Aggregation {aggregation} needs a metric"),
                    "metrics",
                );
            }
            "new_value" if items(query, "metrics").len() > 5 => {
                fault("At most 5 metrics are allowed".to_owned(), "metrics");
            }
            _ => {}
        }
    }
}

fn check_options(options: &Map<String, Value>, details: &mut Vec<Detail>) {
    let of = options
        .get("detectionMethod")
        .map_or("threshold", |_| text(options, "detectionMethod"));
    if !METHODS.contains(&of) {
        let message = format!("Unknown detection method: {of}");
        details.push(Detail::new(message, "detectionMethod"));
    }
    let seconds = |name| {
        options
            .get(name)
            .map(|value: &Value| value.as_u64().unwrap_or(u64::MAX))
    };
    let (keep_alive, longest) = (seconds("keepAlive"), seconds("maxSignalDuration"));
    if keep_alive > longest && longest.is_some() {
        let message = "Max signal duration must be greater than or equal to keep alive";
        details.push(Detail::new(message, "maxSignalDuration"));
    }
    for (title, target, seconds, allowed) in [
        ("Keep alive", "keepAlive", keep_alive, KEEP_ALIVE),
        ("Max signal duration", "maxSignalDuration", longest, WINDOWS),
        (
            "Evaluation window",
            "evaluationWindow",
            seconds("evaluationWindow"),
            WINDOWS,
        ),
    ] {
        if seconds.is_some_and(|seconds| !allowed.iter().any(|minutes| minutes * 60 == seconds)) {
            let allowed: Vec<_> = allowed.iter().map(u64::to_string).collect();
            let allowed = allowed.join(", ");
            let message = format!("{title} is not in allowed durations: {allowed} (in minutes)");
            details.push(Detail::new(message, target));
        }
    }
}

fn check_cases(rule: &Map<String, Value>, options: &Map<String, Value>, details: &mut Vec<Detail>) {
    let of = method(rule);
    let cases = items(rule, "cases");
    if cases.is_empty() && of != "third_party" {
        details.push(Detail::new("A rule needs a case", "cases"));
    }
    let names = match of {
        "sequence_detection" => {
            let empty = Map::new();
            let sequence = options
                .get("sequenceDetectionOptions")
                .and_then(Value::as_object);
            let steps = items(sequence.unwrap_or(&empty), "steps");
            check_steps(steps, &query_names(rule), details);
            steps
                .iter()
                .filter_map(|step| step["name"].as_str())
                .map(str::to_owned)
                .collect()
        }
        _ => query_names(rule),
    };
    for (position, case) in cases.iter().enumerate() {
        let mut fault = |message: String, member: &str| {
            details.push(Detail::new(message, format!("cases[{position}].{member}")));
        };
        let status = case["status"].as_str().unwrap_or_default();
        if !SEVERITIES.contains(&status) {
            fault(format!("Unknown case status: {status}"), "status");
        }
        let condition = case["condition"].as_str().unwrap_or_default();
        match (of, condition) {
            ("threshold" | "sequence_detection", "") => {
                fault("Case condition cannot be empty".to_owned(), "condition");
            }
            (_, "") => {}
            ("new_value" | "impossible_travel", _) => {
                fault(
                    format!("Detection method {of} has no case condition"),
                    "condition",
                );
            }
            _ => {
                if let Err(error) = condition::check(condition, &names) {
                    fault(format!("Case condition is invalid: {error}"), "condition");
                }
            }
        }
    }
}

fn check_steps(steps: &[Value], names: &[String], details: &mut Vec<Detail>) {
    for (position, step) in steps.iter().enumerate() {
        let condition = step["condition"].as_str().unwrap_or_default();
        if let Err(error) = condition::check(condition, names) {
            let target = format!("sequenceDetectionOptions.steps[{position}].condition");
            details.push(Detail::new(
                format!("Step condition is invalid: {error}"),
                target,
            ));
        }
    }
}

fn check_schedule(rule: &Map<String, Value>, details: &mut Vec<Detail>) {
    let schedule = rule.get("schedulingOptions").and_then(Value::as_object);
    if schedule.is_some_and(|schedule| text(schedule, "rrule").is_empty()) {
        let message = "The RRULE schedule is invalid for scheduled rules";
        details.push(Detail::new(message, "schedulingOptions.rrule"));
    }
}

fn method(rule: &Map<String, Value>) -> &str {
    rule["options"]["detectionMethod"]
        .as_str()
        .unwrap_or("threshold")
}

/// The names by which conditions know the queries: their own, or `a`, `b`, `c` by their place.
fn query_names(rule: &Map<String, Value>) -> Vec<String> {
    let name = |(place, query): (usize, &Value)| match query["name"].as_str() {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => (b'a'..=b'z')
            .nth(place)
            .map_or_else(String::new, |letter| char::from(letter).to_string()),
    };
    items(rule, "queries")
        .iter()
        .enumerate()
        .map(name)
        .collect()
}
