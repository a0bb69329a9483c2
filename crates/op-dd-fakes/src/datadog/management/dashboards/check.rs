use serde_json::{Map, Value};

use super::super::object::{items, text};
use super::widget;

/// Why the server would refuse the dashboard: the first thing that is wrong with it.
pub(crate) fn check(dashboard: &Map<String, Value>) -> Result<(), String> {
    for name in ["title", "layout_type", "widgets"] {
        if !dashboard.contains_key(name) {
            return Err(format!("'{name}' is a required property"));
        }
    }
    if !dashboard["title"].is_string() {
        return Err("'title' is invalid".to_owned());
    }
    one_of(dashboard, "layout_type", &["ordered", "free"])?;
    one_of(dashboard, "reflow_type", &["auto", "fixed"])?;
    check_tags(dashboard)?;
    check_variables(dashboard)?;
    check_presets(dashboard)?;
    let placed =
        text(dashboard, "layout_type") == "free" || text(dashboard, "reflow_type") == "fixed";
    widget::check(&dashboard["widgets"], placed)
}

fn one_of(dashboard: &Map<String, Value>, name: &str, allowed: &[&str]) -> Result<(), String> {
    match dashboard.get(name) {
        Some(value) if !value.as_str().is_some_and(|value| allowed.contains(&value)) => {
            Err(format!("'{name}' is invalid"))
        }
        _ => Ok(()),
    }
}

/// A dashboard has no tags of one's own: only the names of teams, and five at most.
fn check_tags(dashboard: &Map<String, Value>) -> Result<(), String> {
    let tags = items(dashboard, "tags");
    let of_team = |tag: &Value| tag.as_str().is_some_and(|tag| tag.starts_with("team:"));
    if tags.len() > 5 || !tags.iter().all(of_team) {
        return Err("'tags' is invalid".to_owned());
    }
    Ok(())
}

fn check_variables(dashboard: &Map<String, Value>) -> Result<(), String> {
    for variable in items(dashboard, "template_variables") {
        if !variable["name"].is_string()
            || variable.get("default").is_some() && variable.get("defaults").is_some()
        {
            return Err("'template_variables' is invalid".to_owned());
        }
        let defaults = variable["defaults"].as_array();
        if defaults.is_some_and(|defaults| defaults.iter().any(|value| value == "")) {
            return Err("Minimum length of parameter 'defaults' should be 1".to_owned());
        }
    }
    Ok(())
}

fn check_presets(dashboard: &Map<String, Value>) -> Result<(), String> {
    for preset in items(dashboard, "template_variable_presets") {
        let variables = preset["template_variables"].as_array();
        for variable in variables.into_iter().flatten() {
            if variable.get("value").is_some() && variable.get("values").is_some() {
                let value = as_python(variable);
                return Err(format!("'template_variables' value '{value}' is invalid"));
            }
            if variable["values"].as_array().is_some_and(Vec::is_empty) {
                let error = "Minimum number of elements in parameter 'values' should be 1";
                return Err(error.to_owned());
            }
        }
    }
    Ok(())
}

/// A value as the server quotes it, which is written in Python.
fn as_python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{text}'"),
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(as_python).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Object(members) => {
            let member = |(name, value)| format!("'{name}': {}", as_python(value));
            let members: Vec<_> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}
