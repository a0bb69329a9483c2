use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::object::{self, default};

/// The number of the user that the application key is of.
const AUTHOR: u64 = 1_445_416;

/// Sets what the client left out, as the server does.
pub(crate) fn dress(rule: &mut Map<String, Value>) {
    default(rule, "type", "log_detection");
    default(rule, "tags", json!([]));
    default(rule, "filters", json!([]));
    default(rule, "hasExtendedTitle", false);
    for query in object::objects(rule, "queries") {
        default(query, "name", "");
        default(query, "aggregation", "count");
        default(query, "dataSource", "logs");
        default(query, "groupByFields", json!([]));
        default(query, "distinctFields", json!([]));
        default(query, "hasOptionalGroupByFields", false);
        query.retain(|name, value| {
            let is_empty = value == "" || value.as_array().is_some_and(Vec::is_empty);
            !(is_empty && ["metric", "metrics"].contains(&name.as_str()))
        });
        if let Some(metric) = query.get("metric").cloned() {
            default(query, "metrics", json!([metric]));
        }
    }
    for case in object::objects(rule, "cases") {
        default(case, "name", "");
        default(case, "notifications", json!([]));
    }
    if let Some(options) = rule.get_mut("options").and_then(Value::as_object_mut) {
        dress_options(options);
    }
}

fn dress_options(options: &mut Map<String, Value>) {
    default(options, "detectionMethod", "threshold");
    default(options, "evaluationWindow", 0);
    // As recorded: 900 was sent, and 1800 was answered.
    if options["detectionMethod"] == "anomaly_detection" {
        options.insert("evaluationWindow".to_owned(), json!(1800));
    }
    let anomaly = options.get_mut("anomalyDetectionOptions");
    if let Some(anomaly) = anomaly.and_then(Value::as_object_mut) {
        default(anomaly, "instantaneousBaseline", false);
        default(anomaly, "instantaneousBaselineTimeoutMinutes", 30);
    }
    let travel = options.get_mut("impossibleTravelOptions");
    if let Some(travel) = travel.and_then(Value::as_object_mut) {
        default(travel, "detectIpTransition", false);
    }
}

/// What only the server says of a new rule.
pub(crate) fn of_server(id: &str, call: &Call<'_>) -> [(String, Value); 13] {
    [
        ("id", json!(id)),
        ("version", json!(1)),
        ("createdAt", json!(call.milliseconds())),
        ("creationAuthorId", json!(AUTHOR)),
        (
            "creator",
            json!({ "handle": "frog@example.com", "name": "frog" }),
        ),
        ("updater", json!({ "handle": "", "name": "" })),
        ("isDefault", json!(false)),
        ("isPartner", json!(false)),
        ("isBeta", json!(false)),
        ("isDeleted", json!(false)),
        ("isDeprecated", json!(false)),
        ("blocking", json!(false)),
        ("metadata", json!({ "entities": null, "sources": null })),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// What only the server says of a rule that was changed.
pub(crate) fn of_change(call: &Call<'_>) -> [(String, Value); 3] {
    [
        ("updatedAt", json!(call.milliseconds())),
        ("updateAuthorId", json!(AUTHOR)),
        (
            "updater",
            json!({ "handle": "frog@example.com", "name": "frog" }),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}
