use serde_json::{Map, Value};

use super::super::object::text;

/// The types that the API knows.
const TYPES: [&str; 23] = [
    "audit alert",
    "ci-pipelines alert",
    "ci-tests alert",
    "composite",
    "cost alert",
    "data-jobs alert",
    "data-quality alert",
    "database-monitoring alert",
    "error-tracking alert",
    "event alert",
    "event-v2 alert",
    "llm-observability alert",
    "log alert",
    "metric alert",
    "network-path alert",
    "network-performance alert",
    "process alert",
    "query alert",
    "rum alert",
    "service check",
    "slo alert",
    "synthetics alert",
    "trace-analytics alert",
];

/// Those whose queries end with no comparison.
const WITHOUT_COMPARISON: [&str; 2] = ["composite", "service check"];

/// Why the server would refuse the monitor: the first thing that is wrong with it.
pub(crate) fn check(monitor: &Map<String, Value>) -> Result<(), String> {
    for name in ["type", "query"] {
        if !monitor.contains_key(name) {
            return Err(format!("'{name}' is a required property"));
        }
    }
    let of = text(monitor, "type");
    if !TYPES.contains(&of) {
        return Err(invalid("type"));
    }
    if let Some(priority) = monitor.get("priority").filter(|value| !value.is_null())
        && !matches!(priority.as_u64(), Some(1..=5))
    {
        return Err(invalid("priority"));
    }
    if WITHOUT_COMPARISON.contains(&of) {
        return Ok(());
    }
    let query = text(monitor, "query");
    let limit = limit(query)?;
    if of == "log alert"
        && !["logs(", "formula("]
            .iter()
            .any(|way| query.starts_with(way))
    {
        return Err(invalid("query"));
    }
    check_thresholds(
        &monitor.get("options").unwrap_or(&Value::Null)["thresholds"],
        limit,
    )
}

/// The number that the query ends with, behind a comparison.
fn limit(query: &str) -> Result<f64, String> {
    let mut words = query.split_whitespace().rev();
    let number = words.next().unwrap_or_default();
    let operator = words.next().unwrap_or_default();
    if ![">", ">=", "<", "<=", "==", "!="].contains(&operator) {
        return Err(format!(
            "{}: invalid operator specified: ",
            invalid("query")
        ));
    }
    number.parse().map_err(|_| invalid("query"))
}

fn check_thresholds(thresholds: &Value, limit: f64) -> Result<(), String> {
    let Some(thresholds) = thresholds.as_object() else {
        return Ok(());
    };
    if thresholds
        .values()
        .any(|value| !value.is_number() && !value.is_null())
    {
        return Err("Non-numeric threshold value.".to_owned());
    }
    match thresholds.get("critical").and_then(Value::as_f64) {
        Some(critical) if critical != limit => Err(format!(
            "Alert threshold ({critical:?}) does not match that used in the query ({limit:?})."
        )),
        None if !thresholds.is_empty() => Err("Alert status is required.".to_owned()),
        _ => Ok(()),
    }
}

fn invalid(name: &str) -> String {
    format!("The value provided for parameter '{name}' is invalid")
}
