use serde_json::{Map, Value, json};

use super::super::error::ApiError;
use super::super::object::items;
use super::super::query;
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
            Ok(query::matches(query, &trial["payload"])? == expected)
        })
        .collect();
    Ok(Reply::value(&json!({ "results": results? })))
}
