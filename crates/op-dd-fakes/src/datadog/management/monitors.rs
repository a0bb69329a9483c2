use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::ApiError;
use super::identities::Identities;
use super::object::{self, text};
use super::shelf::Shelf;
use crate::server::Reply;

mod check;

/// Below `/api/v1/monitor`.
#[derive(Debug, Default)]
pub(crate) struct Monitors(Shelf);

/// What a client may say of a monitor. The rest of what it sends is left out.
const SETTABLE: [&str; 10] = [
    "type",
    "name",
    "message",
    "tags",
    "query",
    "options",
    "priority",
    "restricted_roles",
    "draft_status",
    "assets",
];

/// The types whose options have no switch for simple alerts in groups.
const OF_METRICS: [&str; 5] = [
    "cost alert",
    "data-jobs alert",
    "data-quality alert",
    "metric alert",
    "query alert",
];

impl Monitors {
    pub(crate) fn answer(
        &mut self,
        call: &Call<'_>,
        identities: &mut Identities,
    ) -> Result<Reply, ApiError> {
        match (call.method, call.place) {
            (&Method::GET, "") => self.list(call),
            (&Method::POST, "") => {
                let mut monitor = settable(call)?;
                check::check(&monitor).map_err(ApiError::bad_request)?;
                let id = identities.monitor();
                dress(&mut monitor);
                monitor.extend(of_server(id, call));
                let monitor = Value::Object(monitor);
                let reply = Reply::value(&monitor);
                self.0.push(id.to_string(), monitor);
                Ok(reply)
            }
            (&Method::POST, "validate") => validate(call),
            (&Method::POST, place) if place.ends_with("/validate") => {
                self.0
                    .get(place.trim_end_matches("/validate"))
                    .ok_or_else(unknown)?;
                validate(call)
            }
            (&Method::GET, id) => self.0.get(id).map(Reply::value).ok_or_else(unknown),
            (&Method::PUT, id) => self.change(id, call),
            (&Method::DELETE, id) => {
                let deleted = self.0.remove(id).ok_or_else(unknown)?;
                Ok(Reply::value(
                    &json!({ "deleted_monitor_id": deleted["id"] }),
                ))
            }
            _ => Err(ApiError::method_not_allowed()),
        }
    }

    pub(crate) fn kept(&self) -> BTreeMap<String, Value> {
        self.0.kept(|_| true)
    }

    /// Those that have all the tags that are asked for; in pages only if one is asked for.
    fn list(&self, call: &Call<'_>) -> Result<Reply, ApiError> {
        let tags = call.parameter("monitor_tags").unwrap_or_default();
        let name = call.parameter("name").unwrap_or_default();
        let (page, size) = match call.parameter("page") {
            Some(_) => (call.number("page", 0)?, call.number("page_size", 100)?),
            None => (0, usize::MAX),
        };
        let found = self.0.objects().filter(|monitor| {
            let has = |tag: &str| {
                let of = monitor["tags"].as_array();
                of.is_some_and(|of| of.iter().any(|of| of == tag))
            };
            let named = monitor["name"].as_str().unwrap_or_default();
            tags.split(',').all(|tag| tag.is_empty() || has(tag)) && named.contains(&*name)
        });
        let found: Vec<&Value> = found.skip(page.saturating_mul(size)).take(size).collect();
        Ok(Reply::value(&json!(found)))
    }

    /// What isn't said stays as it was.
    fn change(&mut self, id: &str, call: &Call<'_>) -> Result<Reply, ApiError> {
        let kept = self.0.get_mut(id).ok_or_else(unknown)?;
        let mut monitor = kept.as_object().cloned().unwrap_or_default();
        monitor.extend(settable(call)?);
        check::check(&monitor).map_err(ApiError::bad_request)?;
        dress(&mut monitor);
        monitor.insert("modified".to_owned(), json!(call.time()));
        *kept = Value::Object(monitor);
        Ok(Reply::value(kept))
    }
}

fn settable(call: &Call<'_>) -> Result<Map<String, Value>, ApiError> {
    let mut said = call.object()?;
    said.retain(|name, _| SETTABLE.contains(&name.as_str()));
    Ok(said)
}

fn validate(call: &Call<'_>) -> Result<Reply, ApiError> {
    check::check(&settable(call)?).map_err(ApiError::bad_request)?;
    Ok(Reply::value(&json!({})))
}

/// Sets what the client left out, and writes its thresholds as the server does: `2` becomes `2.0`.
fn dress(monitor: &mut Map<String, Value>) {
    let query = text(monitor, "query").to_owned();
    let multi = [".by(", " by {"].iter().any(|by| query.contains(by));
    monitor.insert("multi".to_owned(), json!(multi));
    object::default(monitor, "name", query);
    object::default(monitor, "message", "");
    object::default(monitor, "tags", json!([]));
    object::default(monitor, "priority", Value::Null);
    object::default(monitor, "restricted_roles", Value::Null);
    object::default(monitor, "draft_status", "published");
    object::default(monitor, "assets", json!([]));
    object::default(monitor, "options", json!({}));

    let of_metrics = OF_METRICS.contains(&text(monitor, "type"));
    let Some(options) = monitor.get_mut("options").and_then(Value::as_object_mut) else {
        return;
    };
    object::default(options, "notify_no_data", false);
    object::default(options, "notify_audit", false);
    object::default(options, "new_host_delay", 300);
    object::default(options, "include_tags", true);
    object::default(options, "silenced", json!({}));
    if !of_metrics {
        object::default(options, "groupby_simple_monitor", false);
    }
    let thresholds = options.get_mut("thresholds").and_then(Value::as_object_mut);
    for threshold in thresholds.into_iter().flat_map(Map::values_mut) {
        if let Some(number) = threshold.as_f64() {
            *threshold = json!(number);
        }
    }
}

/// What only the server says of a monitor.
fn of_server(id: u64, call: &Call<'_>) -> [(String, Value); 10] {
    let creator = json!({
        "name": "frog", "handle": "frog@example.com", "email": "frog@example.com", "id": 1_445_416
    });
    // Whole seconds, though it is in milliseconds.
    let created_at = call.milliseconds() / 1000 * 1000;
    [
        ("id", json!(id)),
        ("org_id", json!(321_813)),
        ("created_at", json!(created_at)),
        ("created", json!(call.time())),
        ("modified", json!(call.time())),
        ("deleted", Value::Null),
        ("restriction_policy", Value::Null),
        ("overall_state", json!("No Data")),
        ("overall_state_modified", Value::Null),
        ("creator", creator),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

fn unknown() -> ApiError {
    ApiError::not_found("Monitor not found")
}
