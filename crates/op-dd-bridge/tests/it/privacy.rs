//! What of an event doesn't leave, and that the rest does.

use onepassword_events::Feed::{self, AuditEvents, ItemUsages, SignInAttempts};
use op_dd_bridge::{DefaultMapper, HashKey, Privacy};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::event::{AUDIT, ITEM_USAGE, SIGN_IN, map, map_by, text};

const FEEDS: [(Feed, &str); 3] = [
    (SignInAttempts, SIGN_IN),
    (ItemUsages, ITEM_USAGE),
    (AuditEvents, AUDIT),
];

fn key() -> HashKey {
    HashKey::new("0123456789abcdef").unwrap()
}

/// What is sent of an event.
fn sent(privacy: &Privacy, feed: Feed, event: &str) -> String {
    text(&map_by(&privacy.around(DefaultMapper::new()), feed, event).entry)
}

/// The event as it stands at the root.
fn root(privacy: &Privacy, feed: Feed, event: &str) -> String {
    let mapped = map_by(&privacy.around(DefaultMapper::new()), feed, event);
    let root = mapped.entry.attributes_ref().last().unwrap().members();
    String::from_utf8(root.to_vec()).unwrap()
}

fn check(privacy: &Privacy, event: &str, left: &str) {
    let event = format!(r#"{{"timestamp":"2026-06-15T11:00:00Z",{event}}}"#);
    let left = format!(r#""timestamp":"2026-06-15T11:00:00Z"{left}"#);
    assert_eq!(root(privacy, SignInAttempts, &event), left);
}

#[test]
fn nothing_is_touched_unless_told() {
    let elsewhere = Privacy::new().truncate_ip(ItemUsages);
    for privacy in [Privacy::new(), elsewhere] {
        for (feed, event) in [(SignInAttempts, SIGN_IN), (AuditEvents, AUDIT)] {
            let untouched = map(feed, event).entry;
            let mapper = privacy.around(DefaultMapper::new());
            let private = map_by(&mapper, feed, event).entry;
            assert_eq!(private, untouched);
        }
    }
}

#[test]
fn a_member_goes_and_its_neighbours_stay_as_they_are_written() {
    let drop = Privacy::new()
        .drop_field(SignInAttempts, "target_user.email")
        .unwrap();
    check(
        &drop,
        r#" "n" : 1.50e3, "target_user":{ "uuid" : "U", "email":"a@b", "name":"A"} "#,
        r#","n":1.50e3,"target_user":{"uuid":"U","name":"A"}"#,
    );
    check(
        &drop,
        r#""target_user":{"e\u006dail":"a@b","email":"c@d","Email":"e"},"email":"f""#,
        r#","target_user":{"Email":"e"},"email":"f""#,
    );
    check(
        &drop,
        r#""target_user":[{"email":"a"},[{"email":"b","x":1}],"c"],"t\u0061rget_user.email":"d""#,
        r#","target_user":[{},[{"x":1}],"c"]"#,
    );
    check(
        &drop,
        r#""target_user":"a","target_user":null,"target_users":{"email":"a"}"#,
        r#","target_user":"a","target_user":null,"target_users":{"email":"a"}"#,
    );
    let all = Privacy::new()
        .drop_field(SignInAttempts, "target_user")
        .unwrap();
    check(
        &all,
        r#""a":{"target_user":1},"target_user":{"x":1}"#,
        r#","a":{"target_user":1}"#,
    );
}

#[test]
fn hashes_are_texts_that_bring_logs_together() {
    let hash = Privacy::new()
        .hash_field(SignInAttempts, "target_user", &key())
        .unwrap();
    let ada = "hash:512383176ce1b4c279ee430548cf07ec";
    check(
        &hash,
        r#""target_user":{"email":"Ada@Example.com","l":["ada@example.c\u006fm",null,""]}"#,
        &format!(r#","target_user":{{"email":"{ada}","l":["{ada}",null,""]}}"#),
    );
    // printf 1.50 | openssl dgst -sha256 -hmac 0123456789abcdef
    check(
        &hash,
        r#""target_user":{"n":1.50}"#,
        r#","target_user":{"n":"hash:a056620904076ee8b9f0a3b2cd795080"}"#,
    );
    let strict = hash.drop_field(SignInAttempts, "usr.email").unwrap();
    check(
        &strict,
        r#""target_user":{"email":"a@b","x":"ada@example.com"}"#,
        &format!(r#","target_user":{{"x":"{ada}"}}"#),
    );
}

#[test]
fn addresses_lose_their_ends() {
    let cut = Privacy::new().truncate_ip(SignInAttempts);
    check(
        &cut,
        r#""client":{"ip_address":"203.0.113.77","a":"203.0.113.77"},"details":{"value":"2001:db8::1"}"#,
        r#","client":{"ip_address":"203.0.113.0","a":"203.0.113.77"},"details":{"value":"2001:db8::"}"#,
    );
    check(
        &cut,
        r#""client":{"ip_address":"203.0.113.77:443"},"details":{"value":"Germany"}"#,
        r#","client":{},"details":{"value":"Germany"}"#,
    );
    check(
        &cut,
        r#""client":{"ip_address":3405803853},"details":{"value":"from 203.0.113.77"}"#,
        r#","client":{},"details":{}"#,
    );
    check(
        &cut,
        r#""details":{"value":"IP:203.0.113.77"}"#,
        r#","details":{}"#,
    );
    check(
        &cut,
        r#""details":"203.0.113.77""#,
        r#","details":"203.0.113.0""#,
    );
    check(&cut, r#""details":"from 203.0.113.77","n":1"#, r#","n":1"#);
    for (feed, event) in FEEDS {
        let cut = Privacy::new().truncate_ip(feed);
        let log: Value = serde_json::from_str(&sent(&cut, feed, event)).unwrap();
        let ip = log["network"]["client"]["ip"].as_str().unwrap();
        assert!(ip.ends_with(".0") || ip.ends_with("::"), "{ip}");
        assert_eq!(log["network"]["client"]["geoip"], {
            let log: Value = serde_json::from_str(&text(&map(feed, event).entry)).unwrap();
            log["network"]["client"]["geoip"].clone()
        });
    }
}

#[test]
fn the_names_of_datadog_stand_for_every_place() {
    for (feed, event) in FEEDS {
        for (name, kind) in [
            ("usr.email", "email"),
            ("usr.name", "name"),
            ("usr.id", "uuid"),
        ] {
            let mut event: Value = serde_json::from_str(event).unwrap();
            let mut marked = Vec::new();
            for who in [
                "target_user",
                "user",
                "actor_details",
                "object_details",
                "aux_details",
            ] {
                let known =
                    event.get(who).is_some() || feed == AuditEvents && who.ends_with("details");
                if known {
                    let value = format!("marked-{}@example.com", marked.len());
                    event[who][kind] = json!(value);
                    marked.push(value);
                }
            }
            if name == "usr.id" && feed == AuditEvents {
                for (member, value) in [
                    ("actor_uuid", "marked-actor"),
                    ("aux_uuid", "marked-aux"),
                    ("object_uuid", "marked-object"),
                    ("object_type", "user"),
                ] {
                    event[member] = json!(value);
                }
            }
            if name == "usr.email" {
                event["aux_info"] = json!("to marked@example.com");
                event["details"]["value"] = json!("marked@example.com");
            }
            if name == "usr.email" && feed != AuditEvents {
                event.as_object_mut().unwrap().remove("aux_info");
            }
            if name == "usr.email" && feed != SignInAttempts {
                event.as_object_mut().unwrap().remove("details");
            }
            let event = event.to_string();
            assert!(text(&map(feed, &event).entry).contains("marked"));
            for privacy in [
                Privacy::new().drop_field(feed, name).unwrap(),
                Privacy::new().hash_field(feed, name, &key()).unwrap(),
            ] {
                let sent = sent(&privacy, feed, &event);
                assert!(!sent.contains("marked"), "{feed} {name}: {sent}");
            }
        }
    }
}

#[test]
fn a_vault_is_no_user_and_giving_oneself_access_is_seen_still() {
    let ids = Privacy::new()
        .hash_field(AuditEvents, "usr.id", &key())
        .unwrap();
    let mut event: Value = serde_json::from_str(AUDIT).unwrap();
    event["aux_uuid"] = event["actor_uuid"].clone();
    let log: Value = serde_json::from_str(&sent(&ids, AuditEvents, &event.to_string())).unwrap();
    assert_eq!(log["object_uuid"], event["object_uuid"]);
    assert_eq!(log["onepassword"]["vault_uuid"], event["object_uuid"]);
    assert_eq!(log["onepassword"]["self_grant"], true);
    assert_eq!(log["usr"]["id"], log["aux_uuid"]);
    assert!(log["usr"]["id"].as_str().unwrap().starts_with("hash:"));
}

#[test]
fn what_is_made_of_an_event_is_made_of_what_is_left() {
    let privacy = Privacy::new()
        .drop_field(SignInAttempts, "usr.name")
        .unwrap()
        .hash_field(SignInAttempts, "usr.email", &key())
        .unwrap()
        .drop_field(SignInAttempts, "network.client.geoip")
        .unwrap();
    let log: Value = serde_json::from_str(&sent(&privacy, SignInAttempts, SIGN_IN)).unwrap();
    let hash = log["usr"]["email"].as_str().unwrap();
    assert!(hash.starts_with("hash:"));
    assert_eq!(log["target_user"]["email"], hash);
    assert!(
        log["message"].as_str().unwrap().starts_with(hash),
        "{}",
        log["message"]
    );
    assert_eq!(log["usr"].get("name"), None);
    assert_eq!(log.get("location"), None);
    assert_eq!(log["network"]["client"].get("geoip"), None);
}

#[test]
fn a_place_that_a_rule_keeps_out_is_a_place() {
    let drop = Privacy::new()
        .drop_field(SignInAttempts, "network.client.geoip")
        .unwrap();
    for details in [r#"{"value":"Germany"}"#, r#""Germany""#] {
        let event = format!(
            r#"{{"country":"Germany","location":{{"country":"Germany"}},"details":{details}}}"#
        );
        let sent = sent(&drop, SignInAttempts, &event);
        assert!(!sent.contains("Germany"), "{sent}");
    }
}

#[test]
fn an_address_in_plain_details_goes_with_the_others() {
    let drop = Privacy::new()
        .drop_field(SignInAttempts, "usr.email")
        .unwrap();
    check(
        &drop,
        r#""details":"for ada@example.com","n":1"#,
        r#","n":1"#,
    );
    check(&drop, r#""details":"Germany""#, r#","details":"Germany""#);
}

#[test]
fn what_may_be_a_user_goes_as_one() {
    let drop = Privacy::new().drop_field(AuditEvents, "usr.id").unwrap();
    for (about, goes) in [
        (r#""object_type":"user","#, true),
        (r#""object_type":"invite","#, true),
        (r#""object_type":"a type to come","#, true),
        (r#""object_type":"vault","object_type":"user","#, true),
        (r#""object_type":"vault","object_details":{},"#, true),
        ("", true),
        (r#""object_type":"vault","object_details":null,"#, false),
        (r#""object_type":"gm","#, false),
    ] {
        let event = format!(r#"{{{about}"object_uuid":"OBJECT"}}"#);
        let root = root(&drop, AuditEvents, &event);
        assert_eq!(root.contains("OBJECT"), !goes, "{about}");
    }
}

#[test]
fn nesting_without_end_is_dropped() {
    let privacy = Privacy::new()
        .hash_field(SignInAttempts, "target_user", &key())
        .unwrap();
    let deep = format!("{}\"marked\"{}", "[".repeat(100_000), "]".repeat(100_000));
    let event = format!(r#"{{"target_user":{deep},"type":"x"}}"#);
    let sent = sent(&privacy, SignInAttempts, &event);
    assert!(!sent.contains("marked") && sent.len() < 1_000);
}

#[test]
fn what_has_no_fields_is_kept_back_and_told() {
    let cut = Privacy::new().truncate_ip(SignInAttempts);
    let mapper = cut.around(DefaultMapper::new());
    let mapped = map_by(&mapper, SignInAttempts, r#"["marked"]"#);
    assert!(mapped.fault.unwrap().contains("may leave"));
    assert!(!text(&mapped.entry).contains("marked"));
    assert_eq!(map_by(&mapper, SignInAttempts, SIGN_IN).fault, None);
}

#[test]
fn a_field_of_no_known_event_is_told() {
    let privacy = Privacy::new()
        .drop_field(ItemUsages, "risk.verdict")
        .unwrap();
    let unknown: Vec<_> = privacy.unknown_fields().collect();
    assert_eq!(unknown, [(ItemUsages, "risk.verdict")]);
    let left = root(
        &privacy,
        ItemUsages,
        r#"{"risk":{"verdict":"bad","n":1},"timestamp":"2026-06-15T11:00:00Z"}"#,
    );
    assert_eq!(left, r#""risk":{"n":1},"timestamp":"2026-06-15T11:00:00Z""#);
    assert!(Privacy::new().drop_field(ItemUsages, "usr.mail").is_err());
}

const MARK: &str = "M4rk3d";

/// A key, maybe with one of its characters escaped.
fn spelled(key: &'static str) -> impl Strategy<Value = String> {
    (0..key.len() * 2).prop_map(move |at| match key.char_indices().nth(at) {
        Some((at, c)) => {
            format!(
                "\"{}\\u{:04x}{}\"",
                &key[..at],
                u32::from(c),
                &key[at + c.len_utf8()..]
            )
        }
        None => format!("\"{key}\""),
    })
}

/// Some JSON with the mark in all texts.
fn marked() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(format!("\"{MARK}\"")),
        Just(format!("\"{MARK}@example.com 203.0.113.7 \\ud800\"")),
        Just("1e999".to_owned()),
        Just("null".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|all| format!("[{}]", all.join(" , "))),
            prop::collection::vec(
                (
                    prop::sample::select(vec!["a", "email", "uuid", "a.b", ""]),
                    inner
                ),
                0..4
            )
            .prop_map(|all| {
                let members = all
                    .iter()
                    .map(|(key, value)| format!("\"{key}\" : {value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

/// Members with the mark wherever the rules below reach, and others without, in any order and number.
fn any_event() -> impl Strategy<Value = String> {
    let email = (spelled("email"), marked()).prop_map(|(key, value)| format!("{key}:{value}"));
    let beside = Just(r#""name" : "N""#.to_owned());
    let person = prop::collection::vec(prop_oneof![email, beside], 0..4)
        .prop_map(|members| format!("{{{}}}", members.join(" ,\n")));
    let people = prop_oneof![
        person.clone(),
        prop::collection::vec(person, 0..3).prop_map(|people| format!("[[{}]]", people.join(","))),
    ];
    let member = prop_oneof![
        (spelled("target_user"), people).prop_map(|(key, value)| format!("{key}:{value}")),
        (spelled("target_user.email"), marked()).prop_map(|(key, value)| format!("{key}:{value}")),
        (spelled("location"), marked()).prop_map(|(key, value)| format!("{key}:{value}")),
        Just(r#""usr":{"email":"M4rk3d","x":[1]}"#.to_owned()),
        Just(r#""client" : {"ip_address":"M4rk3d", "app_name":"A"}"#.to_owned()),
        Just(r#""timestamp":"2026-06-15T11:00:00Z""#.to_owned()),
        Just(r#""\ud800":"\ud800""#.to_owned()),
        Just(r#""status":1e999"#.to_owned()),
    ];
    prop::collection::vec(member, 0..8).prop_map(|members| format!("{{ {} }}", members.join(" , ")))
}

proptest! {
    #[test]
    fn what_is_marked_never_leaves(event in any_event(), hash in any::<[bool; 2]>()) {
        let mut privacy = Privacy::new().truncate_ip(SignInAttempts);
        for (field, hash) in ["usr.email", "location"].into_iter().zip(hash) {
            privacy = if hash {
                privacy.hash_field(SignInAttempts, field, &key()).unwrap()
            } else {
                privacy.drop_field(SignInAttempts, field).unwrap()
            };
        }
        let sent = sent(&privacy, SignInAttempts, &event);
        prop_assert!(!sent.contains(MARK), "{}", sent);
        prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&sent).is_ok(), "{}", sent);
        let names = |text: &str| text.matches(r#""N""#).count();
        let root = root(&privacy, SignInAttempts, &event);
        prop_assert_eq!(names(&root), names(&event), "its neighbours are all there: {}", root);
    }
}
