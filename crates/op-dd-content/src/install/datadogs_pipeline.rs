use serde_json::{Map, Value};

use super::resource::Resource;
use super::{ApiError, Client, mark};

/// The pipeline that Datadog installs by itself once it has a log whose source is `1password`, and that nobody can
/// change. It isn't published what is in it: this is what it says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatadogsPipeline {
    /// The attributes that it sets, sorted.
    pub sets: Vec<String>,
    /// Those among them of which it replaces a value that a log was sent with.
    pub replaces: Vec<String>,
    /// Whether it may set more than it says, such as what a parser finds in a text.
    pub may_set_more: bool,
}

/// Processors that set no attribute: those that change something else of a log, and those that hold others.
const SET_NONE: [&str; 7] = [
    "pipeline",
    "date-remapper",
    "status-remapper",
    "service-remapper",
    "message-remapper",
    "trace-id-remapper",
    "span-id-remapper",
];

impl Client {
    /// Datadog's own pipeline for 1Password, if it is there and enabled. It comes within a minute of the first log.
    ///
    /// # Errors
    ///
    /// As for any call. It takes the permission `logs_read_config`.
    pub async fn datadogs_pipeline(&self) -> Result<Option<DatadogsPipeline>, ApiError> {
        let mut pipelines = self.list(Resource::Pipeline).await?.into_iter();
        let own = pipelines.find(mark::is_datadogs_pipeline);
        Ok(own.map(|pipeline| DatadogsPipeline::of(&pipeline)))
    }
}

impl DatadogsPipeline {
    fn of(pipeline: &Map<String, Value>) -> Self {
        let mut own = Self::default();
        own.add(pipeline.get("processors"));
        for attributes in [&mut own.sets, &mut own.replaces] {
            attributes.sort();
            attributes.dedup();
        }
        own
    }

    /// Adds what these processors set, and those within them.
    fn add(&mut self, processors: Option<&Value>) {
        let processors = processors.and_then(Value::as_array).into_iter().flatten();
        for processor in processors {
            if processor["is_enabled"] == false {
                continue;
            }
            self.add(processor.get("processors"));
            // Those of arrays have it in what they do.
            let target = processor["target"].as_str();
            let Some(target) = target.or(processor["operation"]["target"].as_str()) else {
                let kind = processor["type"].as_str().unwrap_or_default();
                self.may_set_more |= !SET_NONE.contains(&kind);
                continue;
            };
            // Some set a tag instead.
            if processor["target_type"].as_str().unwrap_or("attribute") == "attribute" {
                self.sets.push(target.to_owned());
                if processor["override_on_conflict"] == true {
                    self.replaces.push(target.to_owned());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_pipeline_sets_is_what_its_processors_aim_at() {
        let pipeline = json!({"processors": [
            {"type": "date-remapper", "is_enabled": true, "sources": ["timestamp"]},
            {"type": "attribute-remapper", "is_enabled": true, "target": "usr.id", "target_type": "attribute"},
            {"type": "attribute-remapper", "is_enabled": true, "target": "team", "target_type": "tag"},
            {"type": "attribute-remapper", "is_enabled": false, "target": "off"},
            {"type": "pipeline", "is_enabled": true, "processors": [
                {"type": "category-processor", "is_enabled": true, "target": "evt.type"},
                {"type": "attribute-remapper", "target": "usr.id", "override_on_conflict": true},
            ]},
            {"type": "pipeline", "is_enabled": false, "processors": [{"target": "off"}]},
        ]});
        let own = DatadogsPipeline::of(pipeline.as_object().unwrap());
        assert_eq!(own.sets, ["evt.type", "usr.id"]);
        assert_eq!(own.replaces, ["usr.id"]);
        assert!(!own.may_set_more);
    }

    #[test]
    fn what_is_done_to_arrays_has_a_target_and_what_is_parsed_has_none() {
        let array = json!({"type": "array-processor", "is_enabled": true,
            "operation": {"type": "length", "source": "a", "target": "a.length"}});
        let grok = json!({"type": "grok-parser", "is_enabled": true, "source": "message"});
        for (processors, more) in [(json!([array]), false), (json!([array, grok]), true)] {
            let pipeline = json!({"processors": processors});
            let own = DatadogsPipeline::of(pipeline.as_object().unwrap());
            assert_eq!(
                (own.sets, own.may_set_more),
                (vec!["a.length".to_owned()], more)
            );
        }
    }
}
