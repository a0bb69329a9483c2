use std::collections::BTreeSet;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator, ValidatorMap};
use serde_json::Value;

use super::report::{Report, Spot};
use super::spelling::{did_you_mean, nearest};
use crate::Kind;

/// What files may have in them, as far as a JSON Schema can say it.
pub(super) struct Schema {
    json: Value,
    /// One for each place of the schema.
    validators: Option<ValidatorMap>,
}

impl Schema {
    pub(super) fn of(kind: Kind) -> Self {
        let text = match kind {
            Kind::Dashboard => include_str!("../../assets/schema/dashboard.json"),
            Kind::Widget => include_str!("../../assets/schema/widget.json"),
            Kind::Rule => include_str!("../../assets/schema/rule.json"),
            Kind::Monitor => include_str!("../../assets/schema/monitor.json"),
            Kind::Pipeline => include_str!("../../assets/schema/pipeline.json"),
        };
        // A test sees to it that each is a schema.
        let json: Value = serde_json::from_str(text).unwrap_or_default();
        Self {
            validators: jsonschema::validator_map_for(&json).ok(),
            json,
        }
    }

    /// Checks what stands at a place against the schema.
    pub(super) fn check(&self, report: &mut Report<'_>, pointer: &str, value: &Value) {
        self.check_against("#", report, pointer, value);
    }

    /// Checks what stands at a place against what is demanded of its `type`, so that what is wrong is said
    /// exactly. A type that Datadog has and of which nothing is known here is a notice, and a no.
    pub(super) fn check_typed(
        &self,
        report: &mut Report<'_>,
        pointer: &str,
        value: &Value,
    ) -> bool {
        let Some(kind) = value["type"].as_str() else {
            return false;
        };
        let mut types = self.json["$defs"]["type"]["enum"]
            .as_array()
            .into_iter()
            .flatten();
        if !types.any(|known| known == kind) {
            return false;
        }
        let is_known = self.check_against(&format!("#/$defs/{kind}"), report, pointer, value);
        if !is_known {
            report.notice(
                &format!("{pointer}/type"),
                format!("the type {kind} isn't checked here"),
            );
        }
        is_known
    }

    fn check_against(
        &self,
        schema: &str,
        report: &mut Report<'_>,
        pointer: &str,
        value: &Value,
    ) -> bool {
        let validator = self
            .validators
            .as_ref()
            .and_then(|validators| validators.get(schema));
        if let Some(validator) = validator {
            self.tell(validator, schema, report, pointer, value);
        }
        validator.is_some()
    }

    fn tell(
        &self,
        validator: &Validator,
        schema: &str,
        report: &mut Report<'_>,
        base: &str,
        value: &Value,
    ) {
        let errors: Vec<ValidationError<'_>> = validator.iter_errors(value).collect();
        let mut explained = BTreeSet::new();
        for error in &errors {
            let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() else {
                continue;
            };
            let object = format!("{base}{}", error.instance_path().as_str());
            let known = self.members(schema, error);
            for name in unexpected {
                let meant = known
                    .iter()
                    .copied()
                    .filter(|known| error.instance().get(known).is_none());
                explained.extend(nearest(name, meant).map(|meant| format!("{object}/{meant}")));
                let meant = did_you_mean(name, known.iter().copied(), "");
                let member = format!("{object}/{}", name.replace('~', "~0").replace('/', "~1"));
                report.fault(
                    Spot::Name(&member),
                    format!("no member is called {name} here{meant}"),
                );
            }
        }
        for error in &errors {
            let pointer = format!("{base}{}", error.instance_path().as_str());
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { .. } => {}
                ValidationErrorKind::Required { property } => {
                    let name = property.as_str().unwrap_or_default();
                    // A misspelt member isn't also missing.
                    if !explained.contains(&format!("{pointer}/{name}")) {
                        report.fault(&pointer, format!("the member {name} is missing"));
                    }
                }
                _ => report.fault(&pointer, problem(error)),
            }
        }
    }

    /// The members that an object may have in which there is one that it may not have.
    fn members(&self, schema: &str, error: &ValidationError<'_>) -> Vec<&str> {
        let path = error.schema_path().as_str();
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        // The path begins at the definition, unless it goes through a reference.
        let definition = schema.trim_start_matches('#');
        let within = [
            format!("{definition}{parent}/properties"),
            format!("{parent}/properties"),
        ];
        let members = within
            .iter()
            .find_map(|pointer| self.json.pointer(pointer)?.as_object());
        members
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

fn problem(error: &ValidationError<'_>) -> String {
    let value = error.instance();
    match error.kind() {
        ValidationErrorKind::Enum { options } => {
            let options: Vec<String> = options
                .as_array()
                .into_iter()
                .flatten()
                .map(plain)
                .collect();
            let written = plain(value);
            let meant = did_you_mean(&written, options.iter().map(String::as_str), "");
            match options.len() {
                1..=16 => format!("{written} isn't one of {}{meant}", options.join(", ")),
                _ => format!("{written} isn't known here{meant}"),
            }
        }
        ValidationErrorKind::Constant { expected_value } => {
            format!(
                "it has to be {}, not {}",
                plain(expected_value),
                plain(value)
            )
        }
        ValidationErrorKind::Type { kind } => {
            let needed = match kind {
                TypeKind::Single(one) => one.to_string(),
                TypeKind::Multiple(several) => {
                    let several: Vec<String> = several.iter().map(|one| one.to_string()).collect();
                    several.join(" or ")
                }
            };
            format!("it has to be of type {needed}, not {}", kind_of(value))
        }
        ValidationErrorKind::Minimum { limit } => format!("{value} is less than {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("{value} is more than {limit}"),
        ValidationErrorKind::MinLength { .. } | ValidationErrorKind::MinItems { .. } => {
            "it may not be empty".to_owned()
        }
        ValidationErrorKind::MaxItems { limit } => format!("there may be no more than {limit}"),
        ValidationErrorKind::Pattern { pattern } => {
            format!("{} doesn't match {pattern}", plain(value))
        }
        _ => error.to_string(),
    }
}

fn plain(value: &Value) -> String {
    crate::log::plain(value)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::Schema;
    use crate::Kind;

    #[test]
    fn every_schema_can_be_used() {
        for kind in Kind::ALL {
            assert!(Schema::of(kind).validators.is_some(), "{kind}");
        }
    }

    #[test]
    fn widgets_and_processors_are_checked_by_their_type() {
        for (kind, name) in [(Kind::Widget, "toplist"), (Kind::Pipeline, "geo-ip-parser")] {
            let schema = Schema::of(kind);
            let mut report = super::Report::new("file", "{}");
            let value = serde_json::json!({"type": name});
            assert!(schema.check_typed(&mut report, "", &value));
            assert!(report.has_faults());
        }
    }
}
