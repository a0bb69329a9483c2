use std::time::SystemTime;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::ApiError;
use super::query;
use crate::datadog::index::{Index, Indexed};
use crate::server::Reply;

/// How many logs are given if a search doesn't say.
const LIMIT: usize = 10;

/// The members of an entry that a log has beside its attributes.
const RESERVED: [&str; 7] = [
    "ddsource",
    "ddtags",
    "hostname",
    "message",
    "service",
    "status",
    "timestamp",
];

/// Answers below `/api/v2/logs/events`: a search through the newest logs, one page of it.
pub(crate) fn answer(call: &Call<'_>, index: &Index) -> Result<Reply, ApiError> {
    if (call.method, call.place) != (&Method::POST, "search") {
        return Err(ApiError::not_found("Not found"));
    }
    let said = Value::Object(call.object()?);
    let filter = &said["filter"];
    let now = call.instant();
    let bound = |name: &str, otherwise: SignedDuration| match filter[name].as_str() {
        None => Ok(now - otherwise),
        Some(text) => {
            instant(text, now).ok_or_else(|| ApiError::bad_request(format!("Invalid {name}")))
        }
    };
    let from = bound("from", SignedDuration::from_mins(15))?;
    let to = bound("to", SignedDuration::ZERO)?;
    let query = filter["query"].as_str().unwrap_or("*");
    let limit = match said["page"]["limit"].as_u64() {
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        None => LIMIT,
    };

    let mut found = Vec::new();
    for log in index.found(now.into()) {
        let Ok(entry) = serde_json::from_str::<Value>(&log.entry) else {
            continue;
        };
        let in_time = (from..=to).contains(&timestamp(log.date));
        if in_time && (query == "*" || query::matches(query, &entry)?) {
            found.push((log, entry));
        }
    }
    found.sort_by_key(|(log, _)| log.date);
    if said["sort"] != "timestamp" {
        found.reverse();
    }
    let data: Vec<Value> = found
        .into_iter()
        .take(limit)
        .enumerate()
        .map(|(place, (log, entry))| shown(place, &log, entry))
        .collect();
    Ok(Reply::value(&json!({
        "data": data,
        "meta": { "elapsed": 1, "request_id": "pddv1ChYFAKE", "status": "done" },
    })))
}

/// A log as the API shows it.
fn shown(place: usize, log: &Indexed, entry: Value) -> Value {
    let mut attributes = match entry {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let mut take = |name: &str| attributes.remove(name).unwrap_or_default();
    let [source, tags, host, message, service, status, _] = RESERVED.map(&mut take);
    let source = source.as_str().map(|source| format!("source:{source}"));
    let tags = tags.as_str().unwrap_or_default().split(',');
    let tags: Vec<String> = tags
        .filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .chain(source)
        .collect();
    json!({
        "id": format!("AgAAAFAKE{place:06}"),
        "type": "log",
        "attributes": {
            "timestamp": timestamp(log.date).to_string(),
            "host": host,
            "message": message,
            "service": service,
            "status": status,
            "tags": tags,
            "attributes": attributes,
        },
    })
}

/// `now`, `now-15m`, a time in RFC 3339 or in milliseconds since 1970.
fn instant(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(ago) = text.strip_prefix("now") {
        return match ago.strip_prefix('-') {
            None => ago.is_empty().then_some(now),
            Some(ago) => now.checked_sub(ago.parse::<SignedDuration>().ok()?).ok(),
        };
    }
    match text.parse() {
        Ok(milliseconds) => Timestamp::from_millisecond(milliseconds).ok(),
        Err(_) => text.parse().ok(),
    }
}

fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or_default()
}
