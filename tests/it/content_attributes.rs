//! The attributes that content may name are those that logs have.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, SystemTime};

use datadog_logs::Tags;
use onepassword_events::{Event, Feed};
use op_dd_bridge::{Context, DefaultMapper, Mapper as _, Name};
use op_dd_content::{Attribute, Content, Origin};
use op_dd_fakes::Generator;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Run, op_dd};

/// Enough for everything that the reference lists, and for late events.
const EVENTS: usize = 20_000;

/// What isn't an attribute once Datadog has taken it in.
const RESERVED: [&str; 6] = [
    "ddsource", "ddtags", "hostname", "message", "service", "status",
];

/// The logs of many events, and the feeds that they are of.
fn logs() -> impl Iterator<Item = (Value, String)> {
    let anchor = SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_636_800);
    Generator::new(1, anchor, EVENTS).map(move |event| {
        let feed: Feed = event.feed().to_string().parse().unwrap();
        let context = Context::new(
            Name::new("acme").unwrap(),
            feed,
            "host",
            &Tags::default(),
            anchor,
        )
        .unwrap();
        let event = Event::new(feed, event.json().to_owned()).unwrap();
        let mut text = Vec::new();
        DefaultMapper::new()
            .map(&event, &context)
            .entry
            .write_json(&mut text);
        (serde_json::from_slice(&text).unwrap(), feed.to_string())
    })
}

/// The path of each value in those logs, and the feeds in whose logs it is.
fn paths() -> BTreeMap<String, BTreeSet<String>> {
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (log, feed) in logs() {
        leaves(&log, "", &mut |path| {
            if !RESERVED.contains(&path) {
                paths
                    .entry(path.to_owned())
                    .or_default()
                    .insert(feed.clone());
            }
        });
    }
    paths
}

fn leaves(value: &Value, path: &str, see: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                leaves(member, &path, see);
            }
        }
        Value::Null => {}
        _ => see(path),
    }
}

fn set(feeds: &[&str]) -> BTreeSet<String> {
    feeds.iter().map(|feed| (*feed).to_owned()).collect()
}

#[test]
fn every_attribute_that_logs_of_events_have_is_listed_by_who_sets_it() {
    let paths = paths();
    for (path, feeds) in &paths {
        let listed = Attribute::ALL.iter().find(|listed| listed.path == path);
        let listed = listed.unwrap_or_else(|| panic!("{path} isn't listed"));
        match listed.origin {
            Origin::Event(of) => assert_eq!(*feeds, set(of), "{path}"),
            // 1Password writes countries as codes, of which maps are made, or as names.
            Origin::OpDd(of) => assert!(
                *feeds == set(of) || of.len() == 3 && feeds.is_subset(&set(of)),
                "{path}: {feeds:?}"
            ),
            other => panic!("{path} is listed as of {other:?}"),
        }
    }
    for listed in Attribute::ALL {
        let is_ours = matches!(listed.origin, Origin::Event(_) | Origin::OpDd(_));
        if is_ours && listed.rare.is_none() {
            assert!(
                paths.contains_key(listed.path),
                "no log has {}",
                listed.path
            );
        }
    }
}

#[test]
fn every_attribute_that_heartbeats_have_is_listed_as_theirs() {
    let folder = TempDir::new().unwrap();
    let mut command = op_dd();
    command
        .current_dir(folder.path())
        .args(["demo", "--events", "300", "--out", "out"]);
    let run = Run::of(command);
    assert_eq!(run.code, Some(0), "{run}");
    let text = fs::read_to_string(folder.path().join("out/heartbeats.ndjson")).unwrap();
    let mut paths = BTreeSet::new();
    for heartbeat in text.lines() {
        let heartbeat = serde_json::from_str(heartbeat).unwrap();
        leaves(&heartbeat, "", &mut |path| {
            paths.insert(path.to_owned());
        });
    }
    for path in paths.iter().filter(|path| path.starts_with("op_dd.")) {
        let listed = Attribute::ALL.iter().find(|listed| listed.path == path);
        let listed = listed.unwrap_or_else(|| panic!("{path} isn't listed"));
        assert_eq!(listed.origin, Origin::Heartbeat, "{path}");
    }
    for listed in Attribute::ALL {
        if listed.origin == Origin::Heartbeat && listed.rare.is_none() {
            assert!(
                paths.contains(listed.path),
                "no heartbeat has {}",
                listed.path
            );
        }
    }
    for shared in ["evt.name", "onepassword.account", "onepassword.feed"] {
        assert!(paths.contains(shared), "no heartbeat has {shared}");
    }
}

#[test]
fn values_that_events_have_are_known() {
    let mut queries = BTreeSet::new();
    for (log, feed) in logs() {
        let kind = &log["evt"]["type"];
        let about = format!("source:1password @onepassword.feed:{feed} @evt.type:{kind}");
        for path in [
            "evt.name",
            "evt.outcome",
            "object_type",
            "category",
            "action",
            "type",
        ] {
            let pointer = format!("/{}", path.replace('.', "/"));
            if let Some(value) = log.pointer(&pointer) {
                queries.insert(format!("{about} @{path}:{value}"));
            }
        }
    }
    assert!(queries.len() > 200, "{queries:#?}");
    let queries: Vec<Value> = queries
        .iter()
        .map(|query| json!({"query": query}))
        .collect();
    let rule = json!({
        "name": "x", "isEnabled": true, "message": "x",
        "queries": queries,
        "cases": [{"status": "high", "condition": "a > 0"}],
        "options": {"evaluationWindow": 0, "keepAlive": 0, "maxSignalDuration": 0,
            "detectionMethod": "anomaly_detection"}
    });
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("rules/x.json"), rule.to_string()).unwrap();
    let findings = Content::read(folder.path()).unwrap().check();
    let findings = findings.iter().map(ToString::to_string);
    let about_queries: Vec<String> = findings.filter(|line| line.contains('@')).collect();
    assert_eq!(about_queries, [""; 0]);
}

#[test]
fn no_attribute_is_listed_twice() {
    let paths: BTreeSet<&str> = Attribute::ALL.iter().map(|listed| listed.path).collect();
    assert_eq!(paths.len(), Attribute::ALL.len());
}
