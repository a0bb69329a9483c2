//! The marks by which an organisation's objects are known as ours. One's own files get theirs when they are
//! installed.

use serde_json::Value;

use super::report::Report;
use super::texts;
use crate::Asset;

/// A rule, a monitor or a pipeline is marked by tags.
pub(super) fn check_tags(asset: &Asset, json: &Value, report: &mut Report<'_>) {
    if !asset.is_bundled() {
        return;
    }
    let tags: Vec<&str> = texts(json, "", "tags")
        .into_iter()
        .map(|(_, tag)| tag)
        .collect();
    let name = format!("op-dd-asset:{}", asset.name());
    for tag in ["source:1password", "managed-by:op-dd", name.as_str()] {
        if !tags.contains(&tag) {
            report.fault("/tags", format!("the tag {tag} is missing"));
        }
    }
}

/// A dashboard is marked by its description.
pub(super) fn check_description(asset: &Asset, json: &Value, report: &mut Report<'_>) {
    let description = json["description"].as_str().unwrap_or_default();
    let mark = format!("Managed by op-dd: {}", asset.name());
    if asset.is_bundled() && description.lines().last() != Some(mark.as_str()) {
        report.fault("/description", format!("its last line has to be: {mark}"));
    }
}
