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
mod widget;

/// Below `/api/v1/dashboard`.
#[derive(Debug, Default)]
pub(crate) struct Dashboards(Shelf);

/// What a client may say of a dashboard. The rest of what it sends is left out.
const SETTABLE: [&str; 13] = [
    "title",
    "description",
    "layout_type",
    "reflow_type",
    "is_read_only",
    "template_variables",
    "template_variable_presets",
    "widgets",
    "notify_list",
    "restricted_roles",
    "tags",
    "tabs",
    "default_timeframe",
];

/// What the list says of a dashboard.
const LISTED: [&str; 9] = [
    "id",
    "title",
    "description",
    "author_handle",
    "layout_type",
    "url",
    "is_read_only",
    "created_at",
    "modified_at",
];

impl Dashboards {
    pub(crate) fn answer(
        &mut self,
        call: &Call<'_>,
        identities: &mut Identities,
    ) -> Result<Reply, ApiError> {
        match (call.method, call.place) {
            (&Method::GET, "") => self.list(call),
            (&Method::POST, "") => {
                let id = identities.short();
                let dashboard = dress(call, &id, &call.time(), identities)?;
                let reply = Reply::value(&dashboard);
                self.0.push(id, dashboard);
                Ok(reply)
            }
            (&Method::GET, id) => self.0.get(id).map(Reply::value).ok_or_else(|| unknown(id)),
            (&Method::PUT, id) => {
                let kept = self.0.get_mut(id).ok_or_else(|| unknown(id))?;
                let created = kept["created_at"].as_str().unwrap_or_default();
                *kept = dress(call, id, created, identities)?;
                Ok(Reply::value(kept))
            }
            (&Method::DELETE, id) => {
                self.0.remove(id).ok_or_else(|| unknown(id))?;
                Ok(Reply::value(&json!({ "deleted_dashboard_id": id })))
            }
            _ => Err(ApiError::method_not_allowed()),
        }
    }

    pub(crate) fn kept(&self) -> BTreeMap<String, Value> {
        self.0.kept(|_| true)
    }

    fn list(&self, call: &Call<'_>) -> Result<Reply, ApiError> {
        let (start, count) = (call.number("start", 0)?, call.number("count", usize::MAX)?);
        let listed: Vec<Value> = self
            .0
            .objects()
            .skip(start)
            .take(count)
            .map(summary)
            .collect();
        Ok(Reply::value(&json!({ "dashboards": listed })))
    }
}

fn summary(dashboard: &Value) -> Value {
    let said = LISTED.map(|name| (name.to_owned(), dashboard[name].clone()));
    Value::Object(said.into_iter().collect())
}

/// The dashboard as the server keeps it.
fn dress(
    call: &Call<'_>,
    id: &str,
    created: &str,
    identities: &mut Identities,
) -> Result<Value, ApiError> {
    let mut dashboard = call.object()?;
    check::check(&dashboard).map_err(ApiError::bad_request)?;
    dashboard.retain(|name, _| SETTABLE.contains(&name.as_str()));
    number_widgets(&mut dashboard, identities);

    let url = format!("/dashboard/{id}/{}", slug(text(&dashboard, "title")));
    for (name, value) in [
        ("id", json!(id)),
        ("author_handle", json!("frog@example.com")),
        ("author_name", Value::Null),
        ("url", json!(url)),
        ("created_at", json!(created)),
        ("modified_at", json!(call.time())),
    ] {
        dashboard.insert(name.to_owned(), value);
    }
    object::default(&mut dashboard, "description", Value::Null);
    object::default(&mut dashboard, "template_variables", Value::Null);
    object::default(&mut dashboard, "notify_list", Value::Null);
    object::default(&mut dashboard, "restricted_roles", json!([]));
    Ok(Value::Object(dashboard))
}

/// Each widget gets an identifier, those in groups too, unless it has one.
fn number_widgets(holder: &mut Map<String, Value>, identities: &mut Identities) {
    for widget in object::objects(holder, "widgets") {
        object::default(widget, "id", identities.widget());
        if let Some(definition) = widget.get_mut("definition").and_then(Value::as_object_mut) {
            number_widgets(definition, identities);
        }
    }
}

/// A title as it is in a URL.
fn slug(title: &str) -> String {
    let letter = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() => Some(letter),
        ' ' | '-' => Some('-'),
        _ => None,
    };
    title.to_lowercase().chars().filter_map(letter).collect()
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("Dashboard with ID {id} not found"))
}
