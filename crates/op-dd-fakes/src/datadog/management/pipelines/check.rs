use serde_json::{Map, Value};

use super::super::error::Detail;
use super::super::object::{items, text};

/// The types of processors, each with the members that it must have.
const TYPES: [(&str, &[&str]); 21] = [
    ("arithmetic-processor", &["target", "expression"]),
    ("array-map-processor", &["source", "target", "processors"]),
    ("array-processor", &["operation"]),
    ("attribute-remapper", &["sources", "target"]),
    ("category-processor", &["categories", "target"]),
    ("date-remapper", &["sources"]),
    (
        "decoder-processor",
        &[
            "source",
            "target",
            "binary_to_text_encoding",
            "input_representation",
        ],
    ),
    ("exclude-attribute", &["attribute_to_exclude"]),
    ("geo-ip-parser", &["sources", "target"]),
    ("grok-parser", &["source", "grok"]),
    ("lookup-processor", &["source", "target"]),
    ("message-remapper", &["sources"]),
    ("pipeline", &[]),
    ("schema-processor", &["name", "mappers", "schema"]),
    ("service-remapper", &["sources"]),
    ("span-id-remapper", &[]),
    ("status-remapper", &["sources"]),
    ("string-builder-processor", &["target", "template"]),
    ("trace-id-remapper", &[]),
    ("url-parser", &["sources", "target"]),
    ("user-agent-parser", &["sources", "target"]),
];

/// What is wrong with a pipeline.
pub(crate) fn check(pipeline: &Map<String, Value>) -> Vec<Detail> {
    let mut details = Vec::new();
    if text(pipeline, "name").is_empty() {
        details.push(Detail::new("Name cannot be empty", "name"));
    }
    check_processors(pipeline, "processors", 0, &mut details);
    details
}

fn check_processors(
    holder: &Map<String, Value>,
    place: &str,
    depth: usize,
    details: &mut Vec<Detail>,
) {
    for (position, processor) in items(holder, "processors").iter().enumerate() {
        let place = format!("{place}[{position}]");
        let empty = Map::new();
        let processor = processor.as_object().unwrap_or(&empty);
        let of = text(processor, "type");
        let Some((_, required)) = TYPES.iter().find(|(name, _)| *name == of) else {
            details.push(Detail::new(
                "Unknown processor type",
                format!("{place}.type"),
            ));
            continue;
        };
        for name in required
            .iter()
            .filter(|name| !processor.contains_key(**name))
        {
            details.push(Detail::new(
                format!("{name} is missing"),
                format!("{place}.{name}"),
            ));
        }
        if of == "pipeline" && depth > 0 {
            details.push(Detail::new("Pipelines nest once", format!("{place}.type")));
            continue;
        }
        check_processors(
            processor,
            &format!("{place}.processors"),
            depth + 1,
            details,
        );
    }
}
