//! Whatever an event looks like, its log is good and holds all of it.

use onepassword_events::Feed;
use proptest::prelude::*;
use proptest::sample::select;

use crate::event::{map, text};
use crate::json::{Member, member, members};

const DATE: &str = "\"2026-06-15T12:00:00.000Z\"";

/// Keys that the log writes itself.
const OURS: [&str; 11] = [
    "ddsource",
    "ddtags",
    "hostname",
    "service",
    "status",
    "message",
    "evt",
    "usr",
    "network",
    "onepassword",
    "timestamp",
];

/// Keys as they are written: those that mean something, odd spellings of them, and any others.
fn key() -> impl Strategy<Value = String> {
    let known = select(vec![
        r#""timestamp""#,
        r#""timest\u0061mp""#,
        r#""type""#,
        r#""category""#,
        r#""action""#,
        r#""country""#,
        r#""vault_uuid""#,
        r#""object_type""#,
        r#""object_uuid""#,
        r#""actor_uuid""#,
        r#""aux_uuid""#,
        r#""target_user""#,
        r#""user""#,
        r#""actor_details""#,
        r#""client""#,
        r#""session""#,
        r#""location""#,
        r#""uuid""#,
        r#""name""#,
        r#""email""#,
        r#""ip""#,
        r#""ip_address""#,
        r#""latitude""#,
        r#""city""#,
        r#""region""#,
        r#""evt""#,
        r#""\u0065vt""#,
        r#""evt.type""#,
        r#""usr""#,
        r#""network.client.ip""#,
        r#""onepassword""#,
        r#""syslog""#,
        r#""status""#,
        r#""message""#,
        r#""date""#,
        r#""@timestamp""#,
        r#""""#,
        r#""\ud800""#,
        r#""\"""#,
        r#""a\\""#,
    ]);
    let any = any::<String>().prop_map(|key| serde_json::to_string(&key).unwrap());
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => any]
}

fn leaf() -> impl Strategy<Value = String> {
    let odd = select(vec![
        "null",
        "true",
        "false",
        "0",
        "-0.0",
        "1e400",
        "-1E+9999",
        "0.10",
        "12345678901234567890123",
        r#""""#,
        r#""x""#,
        r#""{""#,
        r#""\ud800""#,
        r#""\u0000""#,
        r#""a\"b\\""#,
        "{}",
        "[]",
        "[ ]",
        r#""2026-06-15T11:00:00Z""#,
        r#""2026-06-15T11:00:0\u0030Z""#,
        r#""2025-01-01T00:00:00Z""#,
        r#""mfa_failed""#,
        r#""grant""#,
        r#""uva""#,
        r#""192.0.2.1""#,
        r#""PT""#,
    ]);
    let text = any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap());
    let deep = (1..300_usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth));
    prop_oneof![8 => odd.prop_map(str::to_owned), 2 => text, 1 => deep]
}

fn value() -> impl Strategy<Value = String> {
    leaf().prop_recursive(3, 24, 5, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            list.prop_map(|items| format!("[{}]", items.join(","))),
            object(inner, 0..5),
        ]
    })
}

fn object(
    value: impl Strategy<Value = String>,
    size: std::ops::Range<usize>,
) -> impl Strategy<Value = String> {
    let space = || select(vec!["", "", " ", "\n\t"]);
    let member = (space(), key(), space(), value, space())
        .prop_map(|(a, key, b, value, c)| format!("{a}{key}{b}:{c}{value}{a}"));
    let members = prop::collection::vec(member, size);
    members.prop_map(|members| format!("{{{}}}", members.join(",")))
}

/// Takes `wanted` out of `all`, and says whether it was there. What made way twice is numbered.
fn take(all: &mut Vec<Member>, (wanted, value): &Member) -> bool {
    let is_wanted = |key: &str| match key.strip_prefix(wanted.as_str()) {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix('_')
            .is_some_and(|n| n.parse::<usize>().is_ok()),
        None => false,
    };
    let found = all
        .iter()
        .position(|(key, found)| found == value && is_wanted(key));
    found.map(|index| all.remove(index)).is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_of_an_event_is_lost(feed in select(&Feed::ALL[..]), event in object(value(), 0..12)) {
        let mapped = map(feed, &event);
        let log = text(&mapped.entry);
        let root = members(&log);
        let raw = members(&event);

        let count = |members: &[Member], name: &str| {
            members.iter().filter(|(key, _)| key == name).count()
        };
        for (key, _) in &root {
            let most = if OURS.contains(&key.as_str()) { 1 } else { count(&raw, key) };
            prop_assert!(count(&root, key) <= most, "{key} in {log}");
        }

        let moved = member(&log, "onepassword").and_then(|ours| member(&ours, "event"));
        let moved = moved.map(|event| members(&event)).unwrap_or_default();
        prop_assert_eq!(moved.len(), mapped.collisions);
        for (key, _) in &moved {
            prop_assert_eq!(count(&moved, key), 1, "{} in {}", key, log);
        }
        let mut places = [root.clone(), moved].concat();
        let lost: Vec<_> = raw.iter().filter(|wanted| !take(&mut places, wanted)).collect();
        match lost[..] {
            [] => {}
            [(key, _)] => prop_assert!(mapped.late && key == "timestamp", "{lost:?}: {log}"),
            _ => prop_assert!(false, "{lost:?}: {log}"),
        }

        let tags = member(&log, "ddtags").unwrap();
        prop_assert_eq!(tags.contains("late:true"), mapped.late);
        let date = member(&log, "timestamp");
        prop_assert_eq!(date.as_deref() == Some(DATE), mapped.late, "{}", log);
    }
}
