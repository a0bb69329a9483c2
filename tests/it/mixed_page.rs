//! A page that holds good events and all sorts of others: every object arrives, whatever is in it, and
//! what is no object is kept aside.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use onepassword_events::Feed;
use op_dd_bridge::{FileStore, Progress};
use op_dd_fakes::Event;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{
    World, ago, attribute, drain, event_of, fake, numbered, patched, rfc3339, sample, step, tags,
};

const FEED: Feed = Feed::AuditEvents;

/// Events that no client should choke on, by what is odd about them.
fn odd_events() -> Vec<(&'static str, Value)> {
    let sample = sample(FEED);
    let odd = |changes: Value| patched(sample.clone(), changes);
    let timestamp = &sample["timestamp"];
    vec![
        ("nothing", odd(json!({}))),
        (
            "fields are missing",
            json!({ "uuid": "A", "timestamp": timestamp }),
        ),
        ("its time is missing", odd(json!({ "timestamp": null }))),
        ("its id is missing", odd(json!({ "uuid": null }))),
        ("all is missing", json!({})),
        (
            "values are unknown",
            odd(json!({ "action": "teleport", "object_type": "wormhole" })),
        ),
        (
            "fields are unknown",
            odd(json!({
                "mood": { "of": ["the", { "day": null }], "": -0.5 },
                "session": { "weather": "rain" },
                "ümlaut \"quoted\" \\ \u{1}\u{1f511}": "line\nbreak",
            })),
        ),
        (
            "fields are of other types",
            json!({
                "uuid": 17,
                "timestamp": timestamp,
                "action": ["join"],
                "actor_uuid": { "a": 1 },
                "actor_details": "Wendy",
                "session": [1, 2],
                "location": null,
                "object_type": false,
            }),
        ),
        (
            "keys are the log's own",
            odd(json!({
                "evt": { "name": "mine" },
                "usr": "mine",
                "network": [1],
                "onepassword": { "account": "mine", "event": { "x": 1 } },
                "usr.email": "dotted@example.com",
                "evt.name": "dotted",
                "network.client.ip": "203.0.113.1",
                "onepassword.account": "dotted",
            })),
        ),
        (
            "keys are Datadog's own",
            odd(json!({
                "ddsource": "mine",
                "ddtags": "env:mine",
                "hostname": "mine",
                "host": { "mine": true },
                "service": "mine",
                "status": "emergency",
                "severity": 7,
                "level": "mine",
                "message": "mine",
            })),
        ),
        (
            "keys would date the log",
            odd(json!({
                "@timestamp": "2001-01-01T00:00:00Z",
                "_timestamp": 1,
                "Timestamp": "2001-01-01T00:00:00Z",
                "eventTime": "2001-01-01T00:00:00Z",
                "date": 0,
                "published_date": "2001-01-01T00:00:00Z",
                "syslog": { "timestamp": "2001-01-01T00:00:00Z" },
                "syslog.timestamp": "2001-01-01T00:00:00Z",
            })),
        ),
        (
            "it is late, and its keys are the log's own",
            odd(json!({
                "timestamp": "2026-01-01T00:00:00.123456789+02:00",
                "status": "mine",
                "evt": {},
            })),
        ),
    ]
}

#[tokio::test]
async fn every_object_of_a_mixed_page_arrives_with_its_own_json() {
    let world = World::calm().await;
    let (faults, events): (Vec<_>, Vec<_>) = odd_events().into_iter().unzip();
    world.insert(FEED, &events);
    let report = step(&world.bridge(), FEED).await.unwrap();
    assert_eq!(
        (report.read, report.sent, report.refused),
        (events.len(), events.len(), 0)
    );

    let logs = world.logs();
    assert_eq!(logs.len(), events.len());
    for ((event, log), fault) in events.iter().zip(&logs).zip(faults) {
        assert_eq!(event_of(log), *event, "{fault}");
        assert_eq!(log["ddsource"], "1password", "{fault}");
        assert_eq!(log["service"], "1password", "{fault}");
        assert_eq!(log["onepassword"]["account"], "acme", "{fault}");
        assert_eq!(log["evt"]["type"], "1password-audit-events", "{fault}");
        assert!(
            log["message"].as_str().is_some_and(|text| text != "mine"),
            "{fault}"
        );
        assert!(
            ["info", "warn"].contains(&log["status"].as_str().unwrap()),
            "{fault}"
        );
        assert!(tags(log).contains(&"account:acme"), "{fault}");
    }
    assert_eq!(world.datadog.intake().dropped_by_time, 0);
}

#[tokio::test]
async fn what_collides_moves_aside_and_is_counted_and_no_key_is_written_twice() {
    let world = World::calm().await;
    let events: Vec<_> = odd_events().into_iter().map(|(_, event)| event).collect();
    world.insert(FEED, &events);
    let collisions = Arc::new(Mutex::new(0));
    let observer = {
        let collisions = Arc::clone(&collisions);
        move |progress: &Progress<'_>| {
            if let Progress::Step { report, .. } = progress {
                *collisions.lock().unwrap() += report.collisions;
            }
        }
    };
    let builder = world.builder_over(world.store.clone()).observer(observer);
    drain(&builder.account(world.account()).build().unwrap()).await;

    let logs = world.datadog.logs();
    let mut moved = 0;
    for text in &logs {
        let log: Value = serde_json::from_str(text).unwrap();
        moved +=
            attribute(&log, "onepassword.event").map_or(0, |own| own.as_object().unwrap().len());
        // Reading keeps one of two equal keys, so a log that has them gets shorter by it.
        assert_eq!(log.to_string().len(), text.len(), "{text}");
        assert!(
            log.as_object()
                .unwrap()
                .keys()
                .all(|key| !key.contains('.')),
            "{text}"
        );
    }
    assert_eq!(moved, 8 + 9 + 8 + 2);
    assert_eq!(*collisions.lock().unwrap(), moved);
}

#[tokio::test]
async fn a_key_collides_however_it_is_spelled() {
    let world = World::calm().await;
    let timestamp = rfc3339(ago(std::time::Duration::ZERO));
    let json =
        format!(r#"{{"uuid":"A","timestamp":"{timestamp}","\u0065v\u0074":1,"st\u0061tus":"x"}}"#);
    world.events.insert(fake(FEED), json).unwrap();
    step(&world.bridge(), FEED).await.unwrap();

    let [log] = &world.logs()[..] else {
        panic!("one log is expected")
    };
    assert_eq!(log["evt"]["type"], "1password-audit-events");
    assert_eq!(log["status"], "info");
    assert_eq!(
        log["onepassword"]["event"],
        json!({ "evt": 1, "status": "x" })
    );
}

#[tokio::test]
async fn an_event_without_collisions_stands_in_its_log_byte_for_byte() {
    let world = World::calm().await;
    let timestamp = rfc3339(ago(std::time::Duration::ZERO));
    let members = format!(
        r#""z":1e400,"uuid":"A","timestamp":"{timestamp}","a":-0.10,"a":"\u00e9é\/","n":123456789012345678901234567890"#
    );
    world
        .events
        .insert(fake(FEED), format!("{{{members}}}"))
        .unwrap();
    step(&world.bridge(), FEED).await.unwrap();

    let [log] = &world.datadog.logs()[..] else {
        panic!("one log is expected")
    };
    assert!(log.contains(&members), "{log}");
}

#[tokio::test]
async fn what_is_no_object_is_a_dead_letter_with_its_reason_and_the_cursor_moves_on() {
    const NO_OBJECTS: [&str; 6] = [
        "17",
        "null",
        "\"a \\u00e9 text\"",
        "[ {\"uuid\": \"B\"} ]",
        "true",
        "[]",
    ];

    let world = World::calm().await;
    let good = numbered(FEED, 0..NO_OBJECTS.len());
    for (good, bad) in good.iter().zip(NO_OBJECTS) {
        world.insert(FEED, std::slice::from_ref(good));
        let bad = Event::at(fake(FEED), ago(std::time::Duration::ZERO), bad).unwrap();
        world.events.insert_all([bad]).unwrap();
    }
    let state = TempDir::new().unwrap();
    let store = Arc::new(FileStore::open(state.path()).unwrap());
    let bridge = world.bridge_over(store);
    let report = step(&bridge, FEED).await.unwrap();
    assert_eq!((report.read, report.sent, report.refused), (12, 6, 6));
    assert!(report.moved);
    assert_eq!(world.logs().iter().map(event_of).collect::<Vec<_>>(), good);

    let file = state
        .path()
        .join("dead-letters/acme/auditevents/datadog.ndjson");
    let letters = fs::read_to_string(&file).unwrap();
    assert!(letters.ends_with('\n'));
    let letters: Vec<Value> = letters
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(letters.len(), NO_OBJECTS.len());
    for (letter, raw) in letters.iter().zip(NO_OBJECTS) {
        let at = letter["at"].as_str().unwrap();
        assert!(at.parse::<onepassword_events::Timestamp>().is_ok(), "{at}");
        let expected = json!({
            "at": at,
            "reason": "the event is not a JSON object",
            "status": null,
            "uuid": null,
            "raw": raw,
        });
        assert_eq!(*letter, expected);
    }

    // Both are there for later, and for nobody else to read.
    let cursor = state.path().join("cursors/acme/auditevents/datadog.json");
    for file in [&file, &cursor] {
        let mode = fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    let cursor: Value = serde_json::from_slice(&fs::read(cursor).unwrap()).unwrap();
    assert!(cursor["position"]["after"].is_string(), "{cursor}");

    drain(&bridge).await;
    assert_eq!(world.logs().len(), good.len(), "the page was sent again");
    assert_eq!(
        fs::read_to_string(file).unwrap().lines().count(),
        NO_OBJECTS.len()
    );
}

#[tokio::test]
async fn a_time_that_is_no_text_is_kept_as_one() {
    let world = World::calm().await;
    let odd = |timestamp: Value| patched(sample(FEED), json!({ "timestamp": timestamp }));
    world.insert(
        FEED,
        &[
            odd(json!(1_767_225_600)),
            odd(json!("yesterday")),
            odd(json!({ "s": 1 })),
        ],
    );
    step(&world.bridge(), FEED).await.unwrap();
    let logs = world.logs();
    let times: Vec<_> = logs
        .iter()
        .map(|log| &log["onepassword"]["event_time"])
        .collect();
    assert_eq!(
        times,
        [
            &json!("1767225600"),
            &json!("yesterday"),
            &json!(r#"{"s":1}"#)
        ]
    );
    assert_eq!(world.datadog.intake().dropped_by_time, 0);
}
