use serde_json::{Map, Value, json};

use super::super::error::ApiError;
use super::super::object::items;
use super::{INVALID, check};
use crate::server::Reply;

/// Answers for each log whether its query does to it what is expected.
pub(crate) fn answer(said: &Map<String, Value>) -> Result<Reply, ApiError> {
    let Some(rule) = said.get("rule").and_then(Value::as_object) else {
        return Err(ApiError::bad_request("rule is required"));
    };
    let details = check::check(rule);
    if !details.is_empty() {
        let status = http::StatusCode::BAD_REQUEST;
        return Err(ApiError::Invalid(status, INVALID, details));
    }
    let queries = items(rule, "queries");
    let results: Result<Vec<bool>, ApiError> = items(said, "ruleQueryPayloads")
        .iter()
        .map(|trial| {
            let place = trial["index"]
                .as_u64()
                .and_then(|index| usize::try_from(index).ok());
            let query = place.and_then(|place| queries.get(place)?["query"].as_str());
            let Some(query) = query else {
                return Err(ApiError::bad_request("index names no query"));
            };
            let expected = trial["expectedResult"].as_bool().unwrap_or_default();
            Ok(matches(query, &trial["payload"])? == expected)
        })
        .collect();
    Ok(Reply::value(&json!({ "results": results? })))
}

/// Whether a log has all terms of a query. Datadog's language has much more, which the fake refuses.
fn matches(query: &str, log: &Value) -> Result<bool, ApiError> {
    let mut all = true;
    for term in query.split_whitespace() {
        let (wanted, term) = match term.strip_prefix('-') {
            Some(term) => (false, term),
            None => (true, term),
        };
        let Some((key, value)) = term.split_once(':') else {
            return Err(too_hard(term));
        };
        if value.contains(['"', '(', '[', '<', '>', '\\', '?']) || key.contains('(') {
            return Err(too_hard(term));
        }
        all &= has(log, key, value) == wanted;
    }
    Ok(all)
}

fn too_hard(term: &str) -> ApiError {
    ApiError::bad_request(format!(
        "This fake tests queries of terms like key:value* only, not `{term}`"
    ))
}

fn has(log: &Value, key: &str, pattern: &str) -> bool {
    match key.strip_prefix('@') {
        Some(path) => {
            let found = path.split('.').try_fold(log, |value, name| value.get(name));
            found.is_some_and(|value| is_like(&in_text(value), pattern))
        }
        None if key == "source" => is_like(&in_text(&log["ddsource"]), pattern),
        None if ["host", "service", "status"].contains(&key) => {
            let name = if key == "host" { "hostname" } else { key };
            is_like(&in_text(&log[name]), pattern)
        }
        None => {
            let tags = in_text(&log["ddtags"]);
            let mut tags = tags.split(',').filter_map(|tag| tag.split_once(':'));
            tags.any(|(name, value)| name == key && is_like(value, pattern))
        }
    }
}

fn in_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Whether a text is what a pattern says, in which `*` stands for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            let mut places = rest
                .char_indices()
                .map(|(place, _)| place)
                .chain([rest.len()]);
            places.any(|place| is_like(&rest[place..], tail))
        }),
    }
}
