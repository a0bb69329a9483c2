use serde_json::{Map, Value};

use super::super::object::{items, text};

/// The types of widgets, each with the members that its definition must have.
const TYPES: [(&str, &[&str]); 40] = [
    ("alert_graph", &["alert_id", "viz_type"]),
    ("alert_value", &["alert_id"]),
    ("bar_chart", &["requests"]),
    ("change", &["requests"]),
    ("check_status", &["check", "grouping"]),
    ("cohort", &["requests"]),
    ("distribution", &["requests"]),
    ("event_stream", &["query"]),
    ("event_timeline", &["query"]),
    ("free_text", &["text"]),
    ("funnel", &["requests"]),
    ("geomap", &["requests", "style", "view"]),
    ("group", &["layout_type", "widgets"]),
    ("heatmap", &["requests"]),
    ("hostmap", &["requests"]),
    ("iframe", &["url"]),
    ("image", &["url"]),
    ("list_stream", &["requests"]),
    ("log_stream", &[]),
    ("manage_status", &["query"]),
    ("note", &["content"]),
    ("point_plot", &["requests"]),
    ("powerpack", &["powerpack_id"]),
    ("query_table", &["requests"]),
    ("query_value", &["requests"]),
    ("retention_curve", &["requests"]),
    ("run_workflow", &["workflow_id"]),
    ("sankey", &["requests"]),
    ("scatterplot", &["requests"]),
    ("servicemap", &["filters", "service"]),
    ("slo", &["view_type"]),
    ("slo_list", &["requests"]),
    (
        "split_group",
        &["size", "source_widget_definition", "split_config"],
    ),
    ("sunburst", &["requests"]),
    ("timeseries", &["requests"]),
    ("toplist", &["requests"]),
    ("topology_map", &["requests"]),
    ("trace_service", &["env", "service", "span_name"]),
    ("treemap", &["requests"]),
    ("wildcard", &["requests", "specification"]),
];

/// What is wrong with the first widget that has a fault. `placed` ones need a layout.
pub(crate) fn check(widgets: &Value, placed: bool) -> Result<(), String> {
    let Some(widgets) = widgets.as_array() else {
        return Err("'widgets' is invalid".to_owned());
    };
    for (position, widget) in widgets.iter().enumerate() {
        let Some(widget) = widget.as_object() else {
            return Err(format!("Invalid widget at position {position}."));
        };
        for name in ["definition", "layout"] {
            if !widget.contains_key(name) && (name == "definition" || placed) {
                let error = format!("Error: '{name}' is a required property");
                return Err(format!("Invalid widget at position {position}. {error}"));
            }
        }
        let Some(definition) = widget["definition"].as_object() else {
            return Err(format!("Invalid widget definition at position {position}."));
        };
        check_definition(definition).map_err(|error| {
            let of = text(definition, "type");
            format!("Invalid widget definition at position {position} of type {of}. Error: {error}")
        })?;
    }
    Ok(())
}

fn check_definition(definition: &Map<String, Value>) -> Result<(), String> {
    check_type(definition)?;
    if text(definition, "type") != "group" {
        return Ok(());
    }
    for (position, widget) in items(definition, "widgets").iter().enumerate() {
        let inner = widget["definition"].as_object();
        let of = inner.map_or("", |inner| text(inner, "type"));
        let fault = match inner {
            None => Err("'definition' is a required property.".to_owned()),
            Some(_) if of == "group" => Err("Groups cannot be in groups.".to_owned()),
            Some(inner) => check_type(inner),
        };
        fault.map_err(|error| {
            format!("Invalid inner widget definition at position {position} of type {of}. Error: {error}")
        })?;
    }
    Ok(())
}

fn check_type(definition: &Map<String, Value>) -> Result<(), String> {
    let Some(of) = definition.get("type").and_then(Value::as_str) else {
        return Err("'type' is a required property.".to_owned());
    };
    let Some((_, required)) = TYPES.iter().find(|(name, _)| *name == of) else {
        return Err(format!("'{of}' is not a known widget type."));
    };
    match required
        .iter()
        .find(|name| !definition.contains_key(**name))
    {
        Some(name) => Err(format!("'{name}' is a required property.")),
        None => Ok(()),
    }
}
