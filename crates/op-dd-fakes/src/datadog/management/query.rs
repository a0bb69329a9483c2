use serde_json::Value;

use super::error::ApiError;

/// Whether a log has all terms of a query. Datadog's language has much more, which the fake refuses.
pub(crate) fn matches(query: &str, log: &Value) -> Result<bool, ApiError> {
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
        "This fake knows queries of terms like key:value* only, not `{term}`"
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
