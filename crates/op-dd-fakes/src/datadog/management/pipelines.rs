use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::{ApiError, Detail};
use super::identities::Identities;
use super::object;
use super::shelf::Shelf;
use crate::server::Reply;

mod check;
mod datadogs;

/// Below `/api/v1/logs/config`: the pipelines, and their order.
#[derive(Debug, Default)]
pub(crate) struct Pipelines(Shelf);

/// What a client may say of a pipeline. The rest of what it sends is left out.
const SETTABLE: [&str; 6] = [
    "name",
    "description",
    "tags",
    "is_enabled",
    "filter",
    "processors",
];

impl Pipelines {
    pub(crate) fn answer(
        &mut self,
        call: &Call<'_>,
        identities: &mut Identities,
    ) -> Result<Reply, ApiError> {
        match (call.method, call.place) {
            (&Method::GET, "pipeline-order") => Ok(self.order()),
            (&Method::PUT, "pipeline-order") => self.arrange(call),
            (&Method::GET, "pipelines") => {
                let pipelines: Vec<&Value> = self.0.objects().collect();
                Ok(Reply::value(&json!(pipelines)))
            }
            (&Method::POST, "pipelines") => {
                let id = identities.long();
                let pipeline = dress(call, &id)?;
                let reply = Reply::value(&pipeline);
                self.0.push(id, pipeline);
                Ok(reply)
            }
            (method, place) => match place.strip_prefix("pipelines/") {
                Some(id) => self.one(method, id, call),
                None if place == "pipeline-order" || place == "pipelines" => {
                    Err(ApiError::method_not_allowed())
                }
                None => Err(ApiError::not_found("Not found")),
            },
        }
    }

    /// Those that clients made.
    pub(crate) fn kept(&self) -> BTreeMap<String, Value> {
        self.0.kept(|pipeline| !is_read_only(pipeline))
    }

    /// Puts Datadog's own pipeline for 1Password before all others, unless it is there.
    pub(crate) fn integrate_1password(&mut self, identities: &mut Identities) {
        if self.0.objects().any(is_read_only) {
            return;
        }
        let id = identities.long();
        self.0.push(id.clone(), datadogs::pipeline(&id));
        self.0.arrange(&[&id]);
    }

    fn one(&mut self, method: &Method, id: &str, call: &Call<'_>) -> Result<Reply, ApiError> {
        let kept = self
            .0
            .get_mut(id)
            .ok_or_else(|| ApiError::not_found("Not found"))?;
        match *method {
            Method::GET => Ok(Reply::value(kept)),
            // Whatever is in front of the API knows nothing of pipelines that can't be changed.
            _ if is_read_only(kept) => Err(ApiError::Page),
            Method::PUT => {
                *kept = dress(call, id)?;
                Ok(Reply::value(kept))
            }
            Method::DELETE => {
                self.0.remove(id);
                Ok(Reply::value(&json!({})))
            }
            _ => Err(ApiError::method_not_allowed()),
        }
    }

    fn order(&self) -> Reply {
        let ids: Vec<&str> = self.0.ids().collect();
        Reply::value(&json!({ "pipeline_ids": ids }))
    }

    /// Takes a new order, which has to name every pipeline once.
    fn arrange(&mut self, call: &Call<'_>) -> Result<Reply, ApiError> {
        let said = call.object()?;
        let wanted: Vec<&str> = object::items(&said, "pipeline_ids")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let sorted = |mut ids: Vec<&str>| {
            ids.sort_unstable();
            ids.join(" ")
        };
        if sorted(wanted.clone()) != sorted(self.0.ids().collect()) {
            let detail = Detail::new("Every pipeline has to be named once", "pipeline_ids");
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(ApiError::Invalid(status, "Invalid order", vec![detail]));
        }
        self.0.arrange(&wanted);
        Ok(self.order())
    }
}

/// The pipeline as the server keeps it.
fn dress(call: &Call<'_>, id: &str) -> Result<Value, ApiError> {
    let mut pipeline = call.object()?;
    let details = check::check(&pipeline);
    if !details.is_empty() {
        let status = StatusCode::BAD_REQUEST;
        return Err(ApiError::Invalid(status, "Invalid Pipeline", details));
    }
    pipeline.retain(|name, _| SETTABLE.contains(&name.as_str()));
    pipeline.insert("id".to_owned(), json!(id));
    pipeline.insert("type".to_owned(), json!("pipeline"));
    pipeline.insert("is_read_only".to_owned(), json!(false));
    object::default(&mut pipeline, "is_enabled", false);
    object::default(&mut pipeline, "filter", json!({ "query": "" }));
    object::default(&mut pipeline, "tags", json!([]));
    object::default(&mut pipeline, "processors", json!([]));
    dress_processors(&mut pipeline);
    Ok(Value::Object(pipeline))
}

fn dress_processors(pipeline: &mut Map<String, Value>) {
    for processor in object::objects(pipeline, "processors") {
        object::default(processor, "name", "");
        object::default(processor, "is_enabled", false);
        dress_processor(processor);
    }
}

fn dress_processor(processor: &mut Map<String, Value>) {
    match object::text(processor, "type") {
        "attribute-remapper" => {
            object::default(processor, "preserve_source", false);
            object::default(processor, "override_on_conflict", false);
        }
        "string-builder-processor" | "arithmetic-processor" => {
            object::default(processor, "is_replace_missing", false);
        }
        "pipeline" => {
            object::default(processor, "processors", json!([]));
            dress_processors(processor);
        }
        "array-map-processor" => {
            object::default(processor, "preserve_source", true);
            object::objects(processor, "processors").for_each(dress_processor);
        }
        _ => {}
    }
}

fn is_read_only(pipeline: &Value) -> bool {
    pipeline["is_read_only"] == true
}
