//! Our schemas, held against Datadog's description of its API (version 1: it has dashboards, monitors and
//! pipelines; rules are of version 2).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::shared;

/// How places end where ours differ from Datadog's, and why.
const DIFFERENCES: [(&str, &str); 10] = [
    (
        "group_by[].should_exclude_missing: not theirs",
        "Datadog's own dashboards have it, and its description doesn't",
    ),
    (
        "is_enabled: required by us",
        "a missing one means no: nothing would happen",
    ),
    ("filter: required by us", "without one it takes every log"),
    (
        "filter.query: required by us",
        "without one it takes every log",
    ),
    (
        "categories[].name: required by us",
        "a category is its name",
    ),
    (
        "pipeline.processors: required by us",
        "without any it does nothing",
    ),
    (
        "monitor.name: required by us",
        "whoever is alerted reads it",
    ),
    (
        "monitor.message: required by us",
        "whoever is alerted reads it",
    ),
    (
        "requests[].queries: required by us",
        "the other ways to ask are of other products, or older",
    ),
    (
        "requests[].response_format: required by us",
        "every recorded request with queries has it",
    ),
];

/// One of our schemas beside Datadog's.
struct Comparison<'a> {
    ours: &'a Value,
    theirs: &'a Value,
    differences: BTreeSet<String>,
}

#[test]
fn our_schemas_allow_and_demand_what_datadogs_do() {
    if shared::is_absent() {
        return;
    }
    let text = fs::read_to_string(shared::folder().join("openapi-v1.yaml")).unwrap();
    let document: Value = read(&text);
    let theirs = &document["components"]["schemas"];
    let mut differences = BTreeSet::new();
    for (name, root, typed) in [
        ("dashboard", "Dashboard", None),
        ("widget", "Widget", Some("WidgetDefinition")),
        ("monitor", "Monitor", None),
        ("pipeline", "LogsPipeline", Some("LogsProcessor")),
    ] {
        let ours = schema(name);
        let mut comparison = Comparison {
            ours: &ours,
            theirs,
            differences: BTreeSet::new(),
        };
        comparison.compare(name, &ours, vec![&theirs[root]]);
        let types = ours["$defs"]["type"]["enum"].as_array();
        for kind in types.into_iter().flatten().filter_map(Value::as_str) {
            if let Some(definition) = ours["$defs"].get(kind) {
                let mut alternatives = comparison.alternatives(&theirs[typed.unwrap()]);
                alternatives.retain(|one| {
                    let kinds = comparison.alternatives(&one["properties"]["type"]);
                    kinds
                        .iter()
                        .any(|kinds| values(kinds).contains(&&Value::from(kind)))
                });
                assert!(!alternatives.is_empty(), "{kind}");
                comparison.compare(kind, definition, alternatives);
            }
        }
        differences.append(&mut comparison.differences);
    }
    for (end, reason) in DIFFERENCES {
        let before = differences.len();
        differences.retain(|difference| !difference.ends_with(end));
        assert!(
            differences.len() < before,
            "no longer so: {end}, because {reason}"
        );
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

/// `y` is a name here, and no boolean.
fn read(yaml: &str) -> Value {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(yaml, options).unwrap()
}

fn schema(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schema");
    serde_json::from_slice(&fs::read(folder.join(format!("{name}.json"))).unwrap()).unwrap()
}

impl<'a> Comparison<'a> {
    fn compare(&mut self, at: &str, ours: &'a Value, theirs: Vec<&'a Value>) {
        let ours = self.resolved(ours);
        let theirs: Vec<&Value> = theirs
            .into_iter()
            .flat_map(|one| self.alternatives(one))
            .collect();
        let theirs_have: Vec<&Value> = theirs.iter().flat_map(|one| values(one)).collect();
        let is_open = theirs.iter().any(|one| values(one).is_empty());
        for value in values(ours) {
            if !is_open && !theirs_have.contains(&value) {
                self.differences.insert(format!("{at}: allows {value}"));
            }
        }
        self.compare_types(at, ours, &theirs);
        if let Some(items) = ours.get("items") {
            let theirs = theirs.iter().filter_map(|one| one.get("items")).collect();
            self.compare(&format!("{at}[]"), items, theirs);
        }
        if let Some(members) = ours.get("properties").and_then(Value::as_object) {
            let theirs: Vec<&Value> = theirs
                .into_iter()
                .filter(|one| self.may_be(members, one))
                .collect();
            let has_all = |one: &&Value| {
                members
                    .keys()
                    .all(|name| one["properties"].get(name).is_some())
            };
            let whole: Vec<&Value> = theirs.iter().copied().filter(has_all).collect();
            self.compare_required(at, ours, if whole.is_empty() { &theirs } else { &whole });
            for (name, member) in members {
                let theirs: Vec<&Value> = theirs
                    .iter()
                    .filter_map(|one| one["properties"].get(name))
                    .collect();
                match theirs.is_empty() {
                    true => {
                        self.differences.insert(format!("{at}.{name}: not theirs"));
                    }
                    false => self.compare(&format!("{at}.{name}"), member, theirs),
                }
            }
        }
    }

    /// Whether what ours describes can be this alternative of theirs: a member such as `type` tells.
    fn may_be(&self, ours: &'a Map<String, Value>, theirs: &'a Value) -> bool {
        ours.iter().all(|(name, member)| {
            let ours = values(self.resolved(member));
            let theirs = self.alternatives(&theirs["properties"][name]);
            let theirs: Vec<&Value> = theirs.iter().flat_map(|one| values(one)).collect();
            ours.is_empty() || theirs.is_empty() || ours.iter().any(|value| theirs.contains(value))
        })
    }

    fn compare_types(&mut self, at: &str, ours: &Value, theirs: &[&Value]) {
        let types = match &ours["type"] {
            Value::Array(several) => several.iter().collect(),
            Value::Null => Vec::new(),
            one => vec![one],
        };
        for kind in types {
            let is_theirs = |one: &&Value| match kind.as_str().unwrap() {
                "null" => one["nullable"] == true,
                "object" => one["type"] == "object" || one.get("properties").is_some(),
                kind => one["type"] == kind,
            };
            if !theirs.iter().any(is_theirs) {
                self.differences.insert(format!("{at}: is {kind}"));
            }
        }
    }

    /// Where they have alternatives, what each of them demands.
    fn compare_required(&mut self, at: &str, ours: &Value, theirs: &[&Value]) {
        let ours = required(ours);
        let mut demands = theirs.iter().map(|one| required(one));
        let first = demands.next().unwrap_or_default();
        let theirs = demands.fold(first, |all, one| all.intersection(&one).copied().collect());
        for name in ours.difference(&theirs) {
            self.differences
                .insert(format!("{at}.{name}: required by us"));
        }
        for name in theirs.difference(&ours) {
            self.differences
                .insert(format!("{at}.{name}: required by them"));
        }
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self
                .ours
                .pointer(reference.trim_start_matches('#'))
                .unwrap(),
            None => schema,
        }
    }

    fn alternatives(&self, schema: &'a Value) -> Vec<&'a Value> {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap();
            return self.alternatives(&self.theirs[name]);
        }
        match schema["oneOf"].as_array() {
            Some(several) => several
                .iter()
                .flat_map(|one| self.alternatives(one))
                .collect(),
            None => vec![schema],
        }
    }
}

/// The values that a schema names.
fn values(schema: &Value) -> Vec<&Value> {
    let several = schema["enum"].as_array().into_iter().flatten();
    several.chain(schema.get("const")).collect()
}

fn required(schema: &Value) -> BTreeSet<&str> {
    let names = schema["required"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}
