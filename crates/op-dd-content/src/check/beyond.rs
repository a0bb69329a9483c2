//! What Datadog has beside logs and signals, of which nothing is known here.

use serde_json::Value;

use super::objects;

/// What queries of widgets may read, and lists, with `_stream` behind it.
const DATA: [&str; 36] = [
    "apm_dependency_stats",
    "apm_issue",
    "apm_metrics",
    "apm_resource_stats",
    "audit",
    "ci_pipeline",
    "ci_pipelines",
    "ci_test",
    "ci_tests",
    "cloud_cost",
    "container",
    "data_quality_metrics",
    "database_queries",
    "datadog_usage",
    "errors",
    "event",
    "events",
    "incident_analytics",
    "incidents",
    "issue",
    "llm_observability",
    "logs_issue",
    "logs_pattern",
    "logs_transaction",
    "metrics",
    "network",
    "network_path",
    "on_call_events",
    "process",
    "product_analytics",
    "product_analytics_extended",
    "profiles",
    "rum",
    "rum_issue",
    "slo",
    "spans",
];

/// The members by which a request asked before there were formulas.
const OLDER: [&str; 9] = [
    "q",
    "apm_query",
    "audit_query",
    "event_query",
    "log_query",
    "network_query",
    "process_query",
    "rum_query",
    "security_query",
];

const RULE_TYPES: [&str; 7] = [
    "api_security",
    "application_security",
    "cloud_configuration",
    "infrastructure_configuration",
    "signal_correlation",
    "workload_activity",
    "workload_security",
];

const RULE_METHODS: [&str; 3] = ["anomaly_threshold", "hardcoded", "third_party"];

/// What rules may read.
const RULE_DATA: [&str; 7] = [
    "app_sec_spans",
    "audit",
    "events",
    "network",
    "security_runtime",
    "security_signals",
    "spans",
];

/// Where something is, as a JSON pointer, and what there is to say of it.
type Beyond = (String, String);

/// Whether a query reads something else than logs or signals.
pub(super) fn is_query(query: &Value) -> bool {
    let source = query["data_source"].as_str().unwrap_or_default();
    DATA.contains(&source.strip_suffix("_stream").unwrap_or(source))
}

/// What a widget asks that isn't checked here.
pub(super) fn of_widget(definition: &Value, pointer: &str) -> Option<Beyond> {
    let requests = objects(definition, pointer, "requests").into_iter();
    let mut found = requests.flat_map(|(pointer, request)| {
        let older = OLDER.iter().filter(|key| request.get(**key).is_some());
        let older = older.map(|key| {
            let problem = format!("the older form `{key}` isn't checked here");
            (format!("{pointer}/{key}"), problem)
        });
        let one = (format!("{pointer}/query"), &request["query"]);
        let queries = objects(request, &pointer, "queries").into_iter();
        let queries = queries.chain([one]).filter(|(_, query)| is_query(query));
        let queries = queries.map(|(pointer, query)| unchecked(&pointer, "data_source", query));
        older.chain(queries).collect::<Vec<_>>()
    });
    found.next()
}

/// What a rule is or reads that isn't checked here.
pub(super) fn of_rule(json: &Value) -> Option<Beyond> {
    let is = |value: &Value, of: &[&str]| value.as_str().is_some_and(|value| of.contains(&value));
    if is(&json["type"], &RULE_TYPES) {
        return Some(unchecked("", "type", json));
    }
    if is(&json["options"]["detectionMethod"], &RULE_METHODS) {
        return Some(unchecked("/options", "detectionMethod", &json["options"]));
    }
    let queries = objects(json, "", "queries").into_iter();
    let mut queries = queries.filter(|(_, query)| is(&query["dataSource"], &RULE_DATA));
    queries
        .next()
        .map(|(pointer, query)| unchecked(&pointer, "dataSource", query))
}

fn unchecked(pointer: &str, key: &str, of: &Value) -> Beyond {
    let written = of[key].as_str().unwrap_or_default();
    (
        format!("{pointer}/{key}"),
        format!("the {key} {written} isn't checked here"),
    )
}
