//! The example, the schema and the reader say the same.

use serde_json::Value as Json;

use super::*;

/// The example with every setting taken into use that can be together with the others.
fn whole_example() -> String {
    let lines = every_setting();
    let lines = lines
        .lines()
        .filter(|line| !line.starts_with("url = \"s3:"));
    lines.collect::<Vec<_>>().join("\n")
}

fn every_setting() -> String {
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn json(text: &str) -> Json {
    let value: toml::Value = toml::from_str(text).unwrap();
    serde_json::to_value(value).unwrap()
}

/// Every key below a schema, as a path.
fn keys(schema: &Json, path: &str, all: &mut Vec<String>) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        assert!(property["description"].is_string(), "{path}");
        keys(property, &path, all);
        all.push(path);
    }
    for (below, path) in [
        ("items", path.to_owned()),
        ("additionalProperties", format!("{path}.*")),
    ] {
        if schema[below].is_object() {
            keys(&schema[below], &path, all);
        }
    }
}

/// Every key in a document, as a path; what a user names isn't a key.
fn written(value: &Json, path: &str, all: &mut Vec<String>) {
    match value {
        Json::Object(entries) => {
            let named = path == ".feeds" || path == ".content.watch";
            for (name, value) in entries {
                let path = format!("{path}.{}", if named { "*" } else { name });
                written(value, &path, all);
                if !named {
                    all.push(path);
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| written(item, path, all)),
        _ => {}
    }
}

#[test]
fn the_example_has_every_key_and_no_other() {
    let schema: Json = serde_json::from_str(&schema()).unwrap();
    let (mut known, mut shown) = (Vec::new(), Vec::new());
    keys(&schema, "", &mut known);
    written(&json(&every_setting()), "", &mut shown);
    for all in [&mut known, &mut shown] {
        all.sort();
        all.dedup();
    }
    assert_eq!(known, shown);
}

#[test]
fn the_example_is_good_as_it_is_and_with_every_setting() {
    let schema: Json = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for text in [EXAMPLE, &whole_example()] {
        let (_, mut odd) = Config::parse(text, Need::Accounts).unwrap();
        assert!(odd.lines(Path::new("f"), text, false).is_empty());
        let errors: Vec<_> = validator
            .iter_errors(&json(text))
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let active = EXAMPLE
        .lines()
        .filter(|line| line.contains(" = ") && !line.starts_with('#'));
    let active: Vec<_> = active.filter_map(|line| line.split_once(" = ")).collect();
    let active: Vec<_> = active.iter().map(|(key, _)| *key).collect();
    assert_eq!(active, ["site", "api_key", "name", "token"]);
}

/// What the example shows of what has a default is that.
#[test]
fn the_example_shows_the_defaults() {
    let schema: Json = serde_json::from_str(&schema()).unwrap();
    let example = json(&whole_example());
    let mut compared = 0;
    let mut compare = |schema: &Json, example: &Json| {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let Some(default) = property.get("default") else {
                continue;
            };
            let same = match (default.as_str(), example[key].as_str()) {
                (Some(default), Some(shown)) => duration(default).ok() == duration(shown).ok(),
                _ => {
                    default.as_f64() == example[key].as_f64()
                        && default.as_bool() == example[key].as_bool()
                }
            };
            assert!(same, "{key}: {default} is not {}", example[key]);
            compared += 1;
        }
    };
    let sections = &schema["properties"];
    for section in ["datadog", "http", "polling", "telemetry", "content"] {
        compare(&sections[section], &example[section]);
    }
    compare(&sections["accounts"]["items"], &example["accounts"][0]);
    compare(
        &sections["feeds"]["additionalProperties"],
        &example["feeds"]["itemusages"],
    );
    assert_eq!(compared, 11);
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema: Json = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let whole = whole_example();
    assert!(validator.is_valid(&json(&whole)));
    for (from, to) in [
        ("site =", "sight ="),
        ("[http]", "[htp]"),
        ("timeout = \"30s\"", "timeout = 30"),
        ("timeout = \"30s\"", "timeout = \"soon\""),
        ("name = \"acme\"", "name = \"Acme\""),
        ("name = \"acme\"", ""),
        ("token = \"env:OP_EVENTS_TOKEN\"", ""),
        ("token = \"env:OP_EVENTS_TOKEN\"", "token = \"vault:x\""),
        ("token = \"env:OP_EVENTS_TOKEN\"", "token = \"env:a b\""),
        ("token = \"env:OP_EVENTS_TOKEN\"", "token = \"op://x\""),
        ("token = \"env:OP_EVENTS_TOKEN\"", "token = 7"),
        ("region = \"us\"", "region = \"mars\""),
        ("feeds = [\"signinattempts\"", "feeds = [\"audit\""),
        ("[feeds.itemusages]", "[feeds.items]"),
        ("tags = [\"env:prod\"]", "tags = \"env:prod\""),
        ("compression = \"zstd\"", "compression = \"lzma\""),
        ("site = \"datadoghq.eu\"", "site = \"europe\""),
        ("burst = 100", "burst = 0"),
        ("burst = 100", "burst = 1.5"),
        ("requests_per_second = 8", "requests_per_second = 0"),
        ("with_pipeline = false", "with_pipeline = \"no\""),
        ("truncate_ip = false", "truncate_ip = 0"),
        ("listen = \"127.0.0.1:9464\"", "listen = \"127.0.0.1\""),
        ("proxy = \"http://", "proxy = \"ftp://"),
        (
            "url = \"https://events.example.com\"",
            "url = \"events.example.com\"",
        ),
        (
            "dir = \"/var/lib/op-dd/archive\"",
            "url = \"https://bucket\"",
        ),
        (
            "dir = \"/var/lib/op-dd/archive\"",
            "url = \"s3://key:x@bucket\"",
        ),
        ("dir = \"/var/lib/op-dd/archive\"", "dir = \"\""),
        ("start = \"2026-05-01T00:00:00Z\"", "start = \"yesterday\""),
        ("\"@slack-security\"", "\"slack-security\""),
    ] {
        let slip = whole.replace(from, to);
        assert_ne!(slip, whole, "{from}");
        assert!(parse(&slip).is_err(), "the reader takes {to}");
        assert!(!validator.is_valid(&json(&slip)), "the schema takes {to}");
    }
}
