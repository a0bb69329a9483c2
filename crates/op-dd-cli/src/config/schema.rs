//! The JSON Schema of the configuration, for editors and other programs.

use std::sync::LazyLock;

use serde_json::Value as Json;

use super::Config;
use super::value::Value as _;

static SCHEMA: LazyLock<Json> = LazyLock::new(Config::schema);

/// The schema, as text.
pub(crate) fn schema() -> String {
    let mut schema = SCHEMA.clone();
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "The configuration of op-dd".into();
    format!("{schema:#}")
}

/// The tables that have a key of this name, as they are headed.
pub(super) fn homes(key: &str) -> Vec<String> {
    let sections = SCHEMA["properties"].as_object().into_iter().flatten();
    let homes = sections.filter_map(|(name, section)| {
        let has = |table: &Json| table["properties"].get(key).is_some();
        if has(section) {
            Some(format!("[{name}]"))
        } else if has(&section["items"]) {
            Some(format!("[[{name}]]"))
        } else if has(&section["additionalProperties"]) {
            Some(format!("[{name}.…]"))
        } else {
            None
        }
    });
    homes.collect()
}

/// Whether keys of this name hold nothing secret, in whichever table.
pub(super) fn is_open(key: &str) -> bool {
    let sections = SCHEMA["properties"].as_object().into_iter().flatten();
    let tables = sections
        .flat_map(|(_, section)| [section, &section["items"], &section["additionalProperties"]]);
    let mut same = tables
        .filter_map(|table| table["properties"].get(key))
        .peekable();
    same.peek().is_some() && same.all(|property| property["writeOnly"] != true)
}
