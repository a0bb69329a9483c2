//! An event's own values of keys that the log needs, or that Datadog takes for its own.

use onepassword_events::Feed;

use crate::event::{map, text};
use crate::json::{Member, member, members};

/// The members of `event`, which is timely and holds `u` besides, that make way.
fn check(event: &str, moved: &[(&str, &str)]) {
    for (timestamp, late) in [
        ("2026-06-15T11:00:00Z", false),
        ("2026-01-01T00:00:00Z", true),
    ] {
        for feed in Feed::ALL {
            let event = format!("{{{event},\"u\":[1.50, 2],\"timestamp\":\"{timestamp}\"}}");
            let mapped = map(feed, &event);
            assert_eq!(
                (mapped.late, mapped.collisions),
                (late, moved.len()),
                "{event}"
            );
            let log = text(&mapped.entry);
            check_unique(&log);
            let ours = member(&log, "onepassword").unwrap();
            let found = member(&ours, "event").map(|event| members(&event));
            let expected: Vec<Member> = moved
                .iter()
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect();
            assert_eq!(found.unwrap_or_default(), expected, "{event}");
            assert_eq!(member(&log, "u").unwrap(), "[1.50, 2]");
            let kept = member(&log, "timestamp").unwrap();
            assert_eq!(kept.contains(timestamp), !late);
        }
    }
}

fn check_unique(log: &str) {
    let mut keys: Vec<_> = members(log).into_iter().map(|(key, _)| key).collect();
    keys.sort();
    let count = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), count, "{log}");
}

#[test]
fn an_own_value_of_a_key_that_is_taken_makes_way() {
    for key in [
        "evt",
        "usr",
        "network",
        "onepassword",
        "ddsource",
        "ddtags",
        "hostname",
        "host",
        "service",
        "status",
        "severity",
        "level",
        "message",
        "@timestamp",
        "_timestamp",
        "Timestamp",
        "eventTime",
        "date",
        "published_date",
        "syslog",
        "evt.type",
        "evt.outcome",
        "usr.id",
        "network.client.ip",
        "network.client.geoip.country.iso_code",
        "onepassword.account",
        "syslog.severity",
        "syslog.timestamp",
    ] {
        for value in ["\"x\"", "{ \"id\" : 1.0 }", "null", "-0.0", "1e400", "[ ]"] {
            check(&format!("\"{key}\":{value}"), &[(key, value)]);
        }
    }
}

#[test]
fn a_key_that_only_looks_like_it_stays() {
    for key in [
        "event",
        "evt_type",
        "Evt",
        "user",
        "usr2",
        "networks",
        "onepassword_x",
        "hosts",
        "host.name",
        "status.code",
        "Date",
        "time",
        "timestamp.iso",
        "client",
        "",
        ".",
        ".evt",
    ] {
        check(&format!("\"{key}\":1"), &[]);
        let event = format!("{{\"timestamp\":\"2026-06-15T11:00:00Z\",\"{key}\":1}}");
        let log = text(&map(Feed::ItemUsages, &event).entry);
        assert_eq!(member(&log, key).unwrap(), "1", "{log}");
    }
}

#[test]
fn a_key_is_known_however_it_is_spelled() {
    check(r#""\u0065vt":1"#, &[("evt", "1")]);
    check(r#""usr\u002eid":1"#, &[("usr.id", "1")]);
    check(r#""\u0040timestamp":"x""#, &[("@timestamp", "\"x\"")]);
    check(r#""host\u0020":1"#, &[]);
    check(r#""\u0065vt":1,"evt":2"#, &[("evt", "1"), ("evt_2", "2")]);
}

#[test]
fn several_make_way_in_their_order() {
    check(
        r#""status":"a","x":{"evt":1},"usr.id":"b","status":"c","evt":{}"#,
        &[
            ("status", "\"a\""),
            ("usr.id", "\"b\""),
            ("status_2", "\"c\""),
            ("evt", "{}"),
        ],
    );
}

#[test]
fn a_key_that_spells_no_text_stays_as_it_is_written() {
    let event = r#"{"\ud800":1,"evt":2,"timestamp":"2026-06-15T11:00:00Z"}"#;
    let mapped = map(Feed::ItemUsages, event);
    assert_eq!((mapped.late, mapped.collisions), (false, 1));
    let log = text(&mapped.entry);
    assert!(
        log.ends_with(r#","\ud800":1,"timestamp":"2026-06-15T11:00:00Z"}"#),
        "{log}"
    );
}

#[test]
fn what_is_below_the_root_makes_way_for_nothing() {
    let event = r#"{"timestamp":"2026-06-15T11:00:00Z","details":{"evt":1,"status":2,"host":3}}"#;
    let mapped = map(Feed::SignInAttempts, event);
    assert_eq!(mapped.collisions, 0);
    let log = text(&mapped.entry);
    assert_eq!(
        member(&log, "details").unwrap(),
        r#"{"evt":1,"status":2,"host":3}"#
    );
}

#[test]
fn a_number_makes_no_key_that_is_there_already() {
    check(
        r#""evt.a":1,"evt.a":2,"evt.a_2":3,"evt.a":4"#,
        &[
            ("evt.a", "1"),
            ("evt.a_2", "2"),
            ("evt.a_2_2", "3"),
            ("evt.a_3", "4"),
        ],
    );
    check(
        r#""evt.a_2":1,"evt.a":2,"evt.a":3"#,
        &[("evt.a_2", "1"), ("evt.a", "2"), ("evt.a_3", "3")],
    );
}

/// In a time that grows with their number, not with its square: that would be an hour.
#[test]
fn a_hundred_thousand_members_of_the_same_key_are_moved() {
    let event = format!("{{\"x\":1{}}}", ",\"evt\":0".repeat(100_000));
    let mapped = map(Feed::ItemUsages, &event);
    assert_eq!(mapped.collisions, 100_000);
    let log = text(&mapped.entry);
    let ours = member(&log, "onepassword").unwrap();
    let moved = members(&member(&ours, "event").unwrap());
    assert_eq!(moved.len(), 100_000);
    assert_eq!(moved[99_999].0, "evt_100000");
}
