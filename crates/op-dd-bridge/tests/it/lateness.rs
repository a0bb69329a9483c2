//! Which logs are not dated by their events' own times, and how that is told.

use std::time::Duration;

use onepassword_events::Feed::{AuditEvents, ItemUsages, SignInAttempts};
use op_dd_bridge::DefaultMapper;
use serde_json::Value;

use crate::event::{SIGN_IN, log, map, map_by, text, time};
use crate::json::member;

/// The time of mapping, as it is written into a late log.
const DATE: &str = "\"2026-06-15T12:00:00.000Z\"";

/// An event whose `timestamp` has this text, if any, comes out with this root and true time.
fn check_root(event: &str, root: &str, true_time: Option<&str>) {
    let mapped = map(ItemUsages, event);
    let members = mapped.entry.attributes_ref().last().unwrap().members();
    assert_eq!(str::from_utf8(members).unwrap(), root);
    let ours = member(&text(&mapped.entry), "onepassword").unwrap();
    assert_eq!(member(&ours, "event_time").as_deref(), true_time, "{event}");
    assert!(mapped.late, "{event}");
}

#[test]
fn an_event_in_the_window_dates_its_log() {
    for (timestamp, late) in [
        ("2026-06-15T12:00:00Z", false),
        ("2026-06-14T18:30:00Z", false),
        ("2026-06-14T18:29:59.999999999Z", true),
        ("2026-06-14T20:30:00+02:00", false),
        ("2026-02-20T18:30:00Z", true),
        ("2026-06-15T13:30:00Z", false),
        ("2026-06-15T13:30:00.000000001Z", true),
        ("2030-01-01T00:00:00Z", true),
    ] {
        let event = format!(r#"{{"uuid":"U","timestamp":"{timestamp}"}}"#);
        let mapped = map(AuditEvents, &event);
        assert_eq!(mapped.late, late, "{timestamp}");
        assert_eq!(mapped.event_time, Some(time(timestamp)), "{timestamp}");

        let log = log(AuditEvents, &event);
        let true_time = log.pointer("/onepassword/event_time");
        if late {
            assert_eq!(log["timestamp"], "2026-06-15T12:00:00.000Z");
            assert_eq!(true_time.unwrap(), timestamp);
            assert_eq!(
                log["ddtags"],
                "account:acme,feed:auditevents,env:prod,team:blue,late:true"
            );
        } else {
            assert_eq!(log["timestamp"], timestamp);
            assert_eq!(true_time, None);
            assert_eq!(
                log["ddtags"],
                "account:acme,feed:auditevents,env:prod,team:blue"
            );
        }
    }
}

#[test]
fn only_the_value_of_the_time_changes() {
    check_root(
        "{ \"n\" : 1.50e3,\t\"timestamp\" : \"2026-01-02T03:04:05.6Z\" ,\n\"x\":{\"timestamp\":1}}",
        &format!("\"n\" : 1.50e3,\t\"timestamp\" : {DATE} ,\n\"x\":{{\"timestamp\":1}}"),
        Some("\"2026-01-02T03:04:05.6Z\""),
    );
    check_root(
        r#"{"timest\u0061mp":"2026-01-02T03:04:05+01:00"}"#,
        &format!(r#""timest\u0061mp":{DATE}"#),
        Some("\"2026-01-02T03:04:05+01:00\""),
    );
}

#[test]
fn a_time_that_can_not_be_read_is_kept_as_a_text() {
    for (written, kept) in [
        ("\"yesterday\"", Some("\"yesterday\"")),
        ("\"a \\\"quoted\\\" day\"", Some("\"a \\\"quoted\\\" day\"")),
        ("\"\"", Some("\"\"")),
        ("1781524800", Some("\"1781524800\"")),
        ("1e400", Some("\"1e400\"")),
        ("true", Some("\"true\"")),
        ("{\"a\":\"b\"}", Some("\"{\\\"a\\\":\\\"b\\\"}\"")),
        ("null", None),
    ] {
        let event = format!("{{\"uuid\":\"U\",\"timestamp\":{written},\"z\":0}}");
        let root = format!("\"uuid\":\"U\",\"timestamp\":{DATE},\"z\":0");
        check_root(&event, &root, kept);
        assert_eq!(map(ItemUsages, &event).event_time, None, "{written}");
    }
}

#[test]
fn an_event_without_a_time_is_given_one() {
    check_root("{}", &format!("\"timestamp\":{DATE}"), None);
    check_root("{ }", &format!("\"timestamp\":{DATE}"), None);
    check_root(
        "{ \"a\":1 }",
        &format!("\"timestamp\":{DATE},\"a\":1"),
        None,
    );
    // That of a part of it isn't its own.
    check_root(
        r#"{"user":{"timestamp":"2026-06-15T12:00:00Z"}}"#,
        &format!(r#""timestamp":{DATE},"user":{{"timestamp":"2026-06-15T12:00:00Z"}}"#),
        None,
    );
}

#[test]
fn of_several_times_the_last_counts_and_none_is_lost() {
    let old = "\"2026-01-01T00:00:00Z\"";
    let new = "\"2026-06-15T11:00:00Z\"";
    for (times, late, root) in [
        ([old, new], false, new),
        ([new, old], true, DATE),
        ([old, "null"], true, DATE),
        (["null", new], false, new),
    ] {
        let [first, last] = times;
        let event = format!(r#"{{"timestamp":{first},"a":1,"timest\u0061mp":{last}}}"#);
        let mapped = map(ItemUsages, &event);
        let log = text(&mapped.entry);
        assert_eq!((mapped.late, mapped.collisions), (late, 1), "{event}");
        assert_eq!(member(&log, "timestamp").unwrap(), root, "{event}");
        assert_eq!(member(&log, "a").unwrap(), "1");
        let ours = member(&log, "onepassword").unwrap();
        let moved = member(&ours, "event").unwrap();
        assert_eq!(member(&moved, "timestamp").unwrap(), first, "{event}");
        let true_time = member(&ours, "event_time");
        assert_eq!(
            true_time.as_deref(),
            (late && last != "null").then_some(last),
            "{event}"
        );
    }
}

#[test]
fn a_late_sign_in_attempt_is_of_another_type() {
    let types = |feed| {
        let event = r#"{"timestamp":"2026-06-01T00:00:00Z"}"#;
        log(feed, event)["evt"]["type"].clone()
    };
    assert_eq!(types(SignInAttempts), "1password-sign-in-attempts-late");
    assert_eq!(types(ItemUsages), "1password-item-usages");
    assert_eq!(types(AuditEvents), "1password-audit-events");
}

#[test]
fn dates_are_kept_where_they_are_to_be() {
    let mapper = DefaultMapper::new().keep_dates();
    for timestamp in [
        "2026-06-15T12:00:00Z",
        "2026-02-20T18:30:00.123456789+02:00",
        "2030-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
    ] {
        let event = SIGN_IN.replace("2026-06-15T11:42:07.24645983Z", timestamp);
        let mapped = map_by(&mapper, SignInAttempts, &event);
        let log = text(&mapped.entry);
        assert!(!mapped.late, "{timestamp}");
        assert_eq!(mapped.event_time, Some(time(timestamp)));
        // What it would be if it were new, but for its date.
        let timely = text(&map(SignInAttempts, SIGN_IN).entry);
        assert_eq!(
            log,
            timely.replace("2026-06-15T11:42:07.24645983Z", timestamp)
        );
    }
    for (event, true_time) in [
        (r#"{"timestamp":"yesterday"}"#, Some("\"yesterday\"")),
        ("{}", None),
    ] {
        let mapped = map_by(&mapper, ItemUsages, event);
        let log = text(&mapped.entry);
        assert!(mapped.late, "{event}");
        assert_eq!(member(&log, "timestamp").unwrap(), DATE);
        let ours = member(&log, "onepassword").unwrap();
        assert_eq!(member(&ours, "event_time").as_deref(), true_time);
    }
}

#[test]
fn an_event_may_be_late_sooner_and_never_later() {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    for (after, timestamp, late) in [
        (hours(2), "2026-06-15T10:00:00Z", false),
        (hours(2), "2026-06-15T09:59:59.999Z", true),
        (hours(2), "2026-06-15T13:30:00Z", false),
        (hours(0), "2026-06-15T12:00:00Z", false),
        (hours(100), "2026-06-14T18:30:00Z", false),
        (hours(100), "2026-06-14T18:29:59.999Z", true),
    ] {
        let mapper = DefaultMapper::new().late_after(after);
        let event = format!(r#"{{"timestamp":"{timestamp}"}}"#);
        let mapped = map_by(&mapper, AuditEvents, &event);
        assert_eq!(mapped.late, late, "{after:?} {timestamp}");
    }
}

#[test]
fn a_late_log_has_all_its_other_attributes() {
    let late = SIGN_IN.replace(
        "2026-06-15T11:42:07.24645983Z",
        "2026-06-01T11:42:07.24645983Z",
    );
    let mut late: Value = log(SignInAttempts, &late);
    let timely = log(SignInAttempts, SIGN_IN);
    late["timestamp"] = timely["timestamp"].clone();
    late["ddtags"] = timely["ddtags"].clone();
    late["evt"]["type"] = timely["evt"]["type"].clone();
    let ours = late["onepassword"].as_object_mut().unwrap();
    assert_eq!(
        ours.remove("event_time").unwrap(),
        "2026-06-01T11:42:07.24645983Z"
    );
    assert_eq!(late, timely);
}
