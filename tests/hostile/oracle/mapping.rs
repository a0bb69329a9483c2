use std::time::{Duration, SystemTime};

use datadog_logs::Tags;
use onepassword_events::{Event, Feed};
use op_dd_bridge::{Context, DefaultMapper, Mapper as _, Name};
use serde_json::value::RawValue;

use super::json::{self, Member};

/// The time of all mappings: 2026-06-15T12:00:00Z.
const NOW: Duration = Duration::from_secs(1_781_524_800);
const DATE: &str = "\"2026-06-15T12:00:00.000Z\"";

/// Keys that the log writes itself, once each.
const OURS: [&str; 8] = [
    "ddsource",
    "ddtags",
    "hostname",
    "service",
    "status",
    "message",
    "evt",
    "onepassword",
];

/// Keys that the log writes itself if there is something to say.
const OURS_PERHAPS: [&str; 3] = ["usr", "network", "timestamp"];

/// The most characters of a log's sentence.
const SENTENCE: usize = 1_001;

/// Any JSON object makes a log that is JSON, in which we write no key twice, and in which every member
/// of the event is kept as it is written, in its place or in `onepassword.event`; but the date of a
/// late one.
///
/// # Panics
///
/// If that doesn't hold.
pub fn mapping(event: &[u8]) {
    for feed in Feed::ALL {
        let Ok(event) = Event::new(feed, event.to_vec()) else {
            return;
        };
        if event.is_object() {
            check(&event);
        }
    }
}

fn check(event: &Event) {
    let now = SystemTime::UNIX_EPOCH + NOW;
    let account = Name::new("acme").unwrap();
    let context = Context::new(
        account,
        event.feed(),
        "events.1password.com",
        &Tags::new(["env:test"]).unwrap(),
        now,
    )
    .unwrap();
    let mapped = DefaultMapper::new().map(event, &context);
    let mut log = Vec::new();
    mapped.entry.write_json(&mut log);
    let log = str::from_utf8(&log).unwrap();
    let _: &RawValue = serde_json::from_str(log).unwrap();
    assert!(mapped.entry.message().chars().count() <= SENTENCE);

    let root = json::members(log).unwrap();
    let raw = json::members(event.json()).unwrap();
    let (in_root, in_raw) = (json::counts(&root), json::counts(&raw));
    for (key, count) in &in_root {
        let most = if OURS.contains(key) || OURS_PERHAPS.contains(key) {
            1
        } else {
            in_raw.get(key).copied().unwrap_or_default()
        };
        assert!(*count <= most, "{key} in {log}");
    }
    for key in OURS {
        assert_eq!(in_root.get(key), Some(&1), "{key} in {log}");
    }

    let ours = json::members(json::member(&root, "onepassword").unwrap()).unwrap();
    let moved = json::member(&ours, "event").map(|event| json::members(event).unwrap());
    let moved = moved.unwrap_or_default();
    assert_eq!(moved.len(), mapped.collisions, "{log}");
    for (key, count) in json::counts(&moved) {
        assert_eq!(count, 1, "{key} in {log}");
    }

    let tags = json::member(&root, "ddtags").unwrap();
    assert_eq!(tags.contains("late:true"), mapped.late);
    let date = json::member(&root, "timestamp");
    assert_eq!(date == Some(DATE), mapped.late, "{log}");

    if !mapped.late && moved.is_empty() {
        let members = event.json().strip_prefix('{').unwrap();
        let members = members.strip_suffix('}').unwrap().trim_ascii();
        assert!(log.ends_with(&format!("{members}}}")), "{log}");
    }
    check_all_kept(&raw, &root, &moved, mapped.late);
}

/// Each member of the event comes next in the root, or next among those that made way.
fn check_all_kept(raw: &[Member<'_>], root: &[Member<'_>], moved: &[Member<'_>], late: bool) {
    let last_time = raw.iter().rposition(|(key, _)| key == "timestamp");
    let mut root = root.iter();
    let mut moved = moved.iter().peekable();
    for (index, (key, value)) in raw.iter().enumerate() {
        if late && Some(index) == last_time {
            // The root's date stands for it.
            continue;
        }
        let made_way = |(name, kept): &&Member<'_>| kept == value && is_numbered(name, key);
        if moved.next_if(made_way).is_none() {
            let kept = root.any(|(name, kept)| name == key && kept == value);
            assert!(kept, "{key} of {raw:?} is lost");
        }
    }
    assert_eq!(moved.next(), None, "{raw:?}");
}

fn is_numbered(name: &str, key: &str) -> bool {
    match name.strip_prefix(key) {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix('_')
            .is_some_and(|n| n.parse::<usize>().is_ok()),
        None => false,
    }
}
