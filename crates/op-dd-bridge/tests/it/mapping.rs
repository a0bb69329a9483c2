//! Every attribute of the log, and when it is left out.

use onepassword_events::Feed::{self, AuditEvents, ItemUsages, SignInAttempts};
use serde_json::{Value, json};

use crate::event::{AUDIT, ITEM_USAGE, SIGN_IN, at, log, map, time, with};

/// The log is the event and `ours`, and nothing else.
fn check_whole(feed: Feed, event: &str, ours: &Value) {
    let mut expected: Value = serde_json::from_str(event).unwrap();
    let members = expected.as_object_mut().unwrap();
    members.extend(ours.as_object().unwrap().clone());
    assert_eq!(log(feed, event), expected);
}

#[test]
fn a_sign_in_attempt_is_a_whole_log() {
    check_whole(
        SignInAttempts,
        SIGN_IN,
        &json!({
            "ddsource": "1password",
            "ddtags": "account:acme,feed:signinattempts,env:prod,team:blue",
            "hostname": "events.1password.eu",
            "service": "1password",
            "status": "warn",
            "message": "Rosa Lima failed to sign in (password_secret_bad) \
                        with 1Password for Mac from Lisbon",
            "evt": {
                "type": "1password-sign-in-attempts", "name": "password_secret_bad",
                "outcome": "credentials_failed"
            },
            "usr": {
                "id": "7QXVYHCC6NA4RFPKPX5W4LSGJE", "name": "Rosa Lima",
                "email": "rosa.lima@example.com"
            },
            "network": { "client": {
                "ip": "203.0.113.24",
                "geoip": {
                    "country": { "iso_code": "PT" }, "city": { "name": "Lisbon" },
                    "subdivision": { "name": "Lisboa" },
                    "location": { "latitude": 38.7167, "longitude": -9.1333 }
                }
            } },
            "onepassword": { "account": "acme", "feed": "signinattempts" }
        }),
    );
    let mapped = map(SignInAttempts, SIGN_IN);
    assert_eq!((mapped.late, mapped.collisions), (false, 0));
    assert_eq!(
        mapped.event_time,
        Some(time("2026-06-15T11:42:07.24645983Z"))
    );
}

#[test]
fn an_item_usage_is_a_whole_log() {
    check_whole(
        ItemUsages,
        ITEM_USAGE,
        &json!({
            "ddsource": "1password",
            "ddtags": "account:acme,feed:itemusages,env:prod,team:blue",
            "hostname": "events.1password.eu",
            "service": "1password",
            "status": "info",
            "message": "Jonas Åkerblom revealed an item",
            "evt": { "type": "1password-item-usages", "name": "reveal" },
            "usr": {
                "id": "GTXOJH2LBVDPVLFQ5UHMBFWQZM", "name": "Jonas Åkerblom",
                "email": "jonas@example.org"
            },
            "network": { "client": {
                "ip": "2001:db8:4::17",
                "geoip": {
                    "city": { "name": "Malmö" }, "subdivision": { "name": "Skåne" },
                    "location": { "latitude": 55.605, "longitude": 13.0038 }
                }
            } },
            "onepassword": {
                "account": "acme", "feed": "itemusages",
                "vault_uuid": "vq7tkz5mprxcnlwjd2e3yh4goa"
            }
        }),
    );
}

#[test]
fn an_audit_event_is_a_whole_log() {
    check_whole(
        AuditEvents,
        AUDIT,
        &json!({
            "ddsource": "1password",
            "ddtags": "account:acme,feed:auditevents,env:prod,team:blue",
            "hostname": "events.1password.eu",
            "service": "1password",
            "status": "info",
            "message": "Amina Diallo granted access to a vault (Kofi Mensah)",
            "evt": { "type": "1password-audit-events", "name": "grant" },
            "usr": {
                "id": "E4CYJQ7L5NBKPAH2WTXGVZ3MRU", "name": "Amina Diallo",
                "email": "amina@example.net"
            },
            "network": { "client": {
                "ip": "198.51.100.7",
                "geoip": {
                    "country": { "iso_code": "SN" }, "city": { "name": "Dakar" },
                    "subdivision": { "name": "Dakar" },
                    "location": { "latitude": 14.6937, "longitude": -17.4441 }
                }
            } },
            "onepassword": {
                "account": "acme", "feed": "auditevents",
                "vault_uuid": "hd5yqv3sxkrnzlw7mtjo4ecbua"
            }
        }),
    );
}

#[test]
fn an_event_of_which_nothing_is_known_is_a_log_all_the_same() {
    for feed in Feed::ALL {
        let log = log(feed, r#"{"timestamp":"2026-06-15T11:00:00Z"}"#);
        let keys: Vec<_> = log.as_object().unwrap().keys().collect();
        let expected = [
            "ddsource",
            "ddtags",
            "evt",
            "hostname",
            "message",
            "onepassword",
            "service",
            "status",
            "timestamp",
        ];
        assert_eq!(keys, expected, "{feed}");
        assert_eq!(log["evt"].as_object().unwrap().len(), 1, "{feed}");
    }
}

#[test]
fn an_address_is_left_out_unless_it_is_one() {
    fn check(ip: &Value, expected: &Value) {
        for (feed, event, place) in [
            (SignInAttempts, SIGN_IN, "client"),
            (ItemUsages, ITEM_USAGE, "client"),
            (AuditEvents, AUDIT, "session"),
        ] {
            let mut event = with(event, &json!({}));
            let key = if place == "session" {
                "ip"
            } else {
                "ip_address"
            };
            event[place][key] = ip.clone();
            assert_eq!(at(feed, &event, "/network/client/ip"), *expected, "{feed}");
            assert_ne!(at(feed, &event, "/network/client/geoip"), Value::Null);
        }
    }
    check(&json!("192.0.2.1"), &json!("192.0.2.1"));
    check(&json!("::ffff:192.0.2.1"), &json!("::ffff:192.0.2.1"));
    for bad in [
        json!(""),
        json!("unknown"),
        json!("192.0.2"),
        json!("192.0.2.1 "),
        json!("192.0.2.1:443"),
        json!("fe80::1%eth0"),
        json!(null),
        json!(3221225985_u32),
        json!(["192.0.2.1"]),
        json!({ "v4": "192.0.2.1" }),
    ] {
        check(&bad, &Value::Null);
    }
}

#[test]
fn the_country_is_the_first_that_is_two_capitals() {
    fn check(of_location: &Value, of_event: &Value, expected: &Value) {
        let mut event = with(SIGN_IN, &json!({}));
        event["location"]["country"] = of_location.clone();
        event["country"] = of_event.clone();
        let code = at(
            SignInAttempts,
            &event,
            "/network/client/geoip/country/iso_code",
        );
        assert_eq!(code, *expected, "{of_location} {of_event}");
    }
    let none = Value::Null;
    check(&json!("FR"), &json!("PT"), &json!("FR"));
    for bad in [
        json!("France"),
        json!("fr"),
        json!("F"),
        json!("FRA"),
        json!("Fr"),
        json!("F1"),
        json!("É"),
        json!(""),
        json!(33),
        json!(null),
        json!({}),
    ] {
        check(&bad, &json!("PT"), &json!("PT"));
        check(&json!("FR"), &bad, &json!("FR"));
        check(&bad, &bad, &none);
    }
}

#[test]
fn what_is_not_of_its_type_is_left_out_and_spoils_nothing_else() {
    // Half a surrogate pair and a number beyond all numbers are JSON that few can read.
    let odd = [
        "null",
        "\"\"",
        "\"text\"",
        "7",
        "-7",
        "1.5",
        "1e400",
        "true",
        "[]",
        "[{\"uuid\":\"X\"}]",
        "{}",
        "\"\\ud800\"",
        "{\"\\ud800\":1}",
    ];
    for odd in odd {
        for member in ["target_user", "client", "location", "session", "details"] {
            let mut event = with(SIGN_IN, &json!({ member: null })).to_string();
            event.pop();
            event.push_str(&format!(",\"{member}\":{odd}}}"));
            let mapped = map(SignInAttempts, &event);
            let log = crate::event::text(&mapped.entry);
            assert!(!mapped.late, "{member}: {odd}");
            assert!(log.contains("\"name\":\"password_secret_bad\""), "{log}");
            assert_eq!(
                crate::json::member(&log, "usr").is_none(),
                member == "target_user",
                "{member}: {odd}"
            );
            assert_eq!(crate::json::member(&log, member).as_deref(), Some(odd));
        }
    }
}

#[test]
fn a_text_is_left_out_if_it_is_empty_or_none() {
    for (feed, event, place, attribute) in [
        (SignInAttempts, SIGN_IN, "/type", "/evt/name"),
        (SignInAttempts, SIGN_IN, "/category", "/evt/outcome"),
        (SignInAttempts, SIGN_IN, "/target_user/uuid", "/usr/id"),
        (SignInAttempts, SIGN_IN, "/target_user/name", "/usr/name"),
        (SignInAttempts, SIGN_IN, "/target_user/email", "/usr/email"),
        (ItemUsages, ITEM_USAGE, "/action", "/evt/name"),
        (
            ItemUsages,
            ITEM_USAGE,
            "/vault_uuid",
            "/onepassword/vault_uuid",
        ),
        (AuditEvents, AUDIT, "/action", "/evt/name"),
        (
            AuditEvents,
            AUDIT,
            "/object_uuid",
            "/onepassword/vault_uuid",
        ),
        (
            AuditEvents,
            AUDIT,
            "/object_type",
            "/onepassword/vault_uuid",
        ),
        (AuditEvents, AUDIT, "/actor_details/email", "/usr/email"),
        (
            AuditEvents,
            AUDIT,
            "/location/city",
            "/network/client/geoip/city",
        ),
        (
            AuditEvents,
            AUDIT,
            "/location/region",
            "/network/client/geoip/subdivision",
        ),
    ] {
        let mut event = with(event, &json!({}));
        assert_ne!(at(feed, &event, attribute), Value::Null, "{attribute}");
        for odd in [json!(""), json!(null), json!(1), json!(false), json!({})] {
            *event.pointer_mut(place).unwrap() = odd.clone();
            assert_eq!(at(feed, &event, attribute), Value::Null, "{place}: {odd}");
        }
    }
}

#[test]
fn coordinates_are_numbers_as_they_are_written() {
    let place = "/network/client/geoip/location/latitude";
    for (written, sent) in [
        ("48.1100", Some("48.1100")),
        ("-0.0", Some("-0.0")),
        ("0", Some("0")),
        ("\"48.11\"", None),
        ("null", None),
        ("true", None),
    ] {
        let event = format!(
            r#"{{"timestamp":"2026-06-15T11:00:00Z","location":{{"latitude":{written}}}}}"#
        );
        let log = crate::event::text(&map(AuditEvents, &event).entry);
        let expected = sent.map(|sent| format!("\"location\":{{\"latitude\":{sent}}}"));
        let geoip = crate::json::member(&log, "network").unwrap_or_default();
        match expected {
            Some(expected) => assert!(geoip.contains(&expected), "{place}: {log}"),
            None => assert_eq!(geoip, "", "{written}"),
        }
    }
}

#[test]
fn the_actor_is_known_by_either_id() {
    let check = |change: Value, id: Value| {
        assert_eq!(at(AuditEvents, &with(AUDIT, &change), "/usr/id"), id);
    };
    check(json!({ "actor_uuid": "OTHER" }), json!("OTHER"));
    let known = json!("E4CYJQ7L5NBKPAH2WTXGVZ3MRU");
    check(json!({ "actor_uuid": null }), known.clone());
    check(json!({ "actor_uuid": "" }), known.clone());
    check(json!({ "actor_uuid": 5 }), known);
    check(
        json!({ "actor_uuid": null, "actor_details": null }),
        json!(null),
    );
}

#[test]
fn somebody_who_gives_himself_access_is_told_of() {
    fn check(change: &Value, expected: bool) {
        let event = with(AUDIT, change);
        let log = log(AuditEvents, &event.to_string());
        let flag = log.pointer("/onepassword/self_grant");
        assert_eq!(flag, expected.then_some(&Value::Bool(true)), "{change}");
        let status = if expected { "warn" } else { "info" };
        assert_eq!(log["status"], status, "{change}");
    }
    let me = "E4CYJQ7L5NBKPAH2WTXGVZ3MRU";
    for (object_type, action) in [
        ("uva", "grant"),
        ("uva", "update"),
        ("gm", "join"),
        ("gm", "role"),
    ] {
        let event = json!({ "aux_uuid": me, "object_type": object_type, "action": action });
        check(&event, true);
    }
    for (object_type, action) in [
        ("uva", "revoke"),
        ("uva", "join"),
        ("gva", "grant"),
        ("gm", "leave"),
        ("gm", "grant"),
        ("vault", "update"),
        ("UVA", "grant"),
    ] {
        let event = json!({ "aux_uuid": me, "object_type": object_type, "action": action });
        check(&event, false);
    }
    // To somebody else, or to nobody knows whom.
    check(&json!({}), false);
    check(&json!({ "aux_uuid": null }), false);
    check(&json!({ "aux_uuid": me, "actor_uuid": "OTHER" }), false);
    // Two that are unknown are not one and the same.
    for unknown in [json!(""), json!(0), json!(false)] {
        let details = json!({ "uuid": unknown });
        check(
            &json!({ "aux_uuid": unknown, "actor_uuid": unknown, "actor_details": details }),
            false,
        );
        check(
            &json!({ "aux_uuid": null, "actor_uuid": unknown, "actor_details": null }),
            false,
        );
    }
    check(&json!({ "aux_uuid": me, "actor_uuid": null }), true);
}

#[test]
fn a_vault_is_named_where_the_event_is_about_one() {
    for (object_type, named) in [
        ("uva", true),
        ("gva", true),
        ("vault", true),
        ("group", false),
        ("item", false),
        ("vaultkey", false),
        ("", false),
    ] {
        let event = with(AUDIT, &json!({ "object_type": object_type }));
        let vault = at(AuditEvents, &event, "/onepassword/vault_uuid");
        assert_eq!(!vault.is_null(), named, "{object_type}");
    }
    // A sign-in attempt is about none, whatever it says.
    let event = with(
        SIGN_IN,
        &json!({ "vault_uuid": "V", "object_type": "vault" }),
    );
    let vault = at(SignInAttempts, &event, "/onepassword/vault_uuid");
    assert_eq!(vault, Value::Null);
}

#[test]
fn what_somebody_should_look_at_is_a_warning() {
    fn check(feed: Feed, event: &str, change: &Value, status: &str) {
        let event = with(event, change);
        assert_eq!(at(feed, &event, "/status"), status, "{feed} {change}");
    }
    for (category, status) in [
        ("success", "info"),
        ("firewall_reported_success", "info"),
        ("credentials_failed", "warn"),
        ("mfa_failed", "warn"),
        ("sso_failed", "warn"),
        ("modern_version_failed", "warn"),
        ("firewall_failed", "warn"),
        ("something_new", "info"),
        ("new_failed_thing", "warn"),
        ("", "info"),
    ] {
        let change = json!({ "category": category });
        check(SignInAttempts, SIGN_IN, &change, status);
    }
    check(
        ItemUsages,
        ITEM_USAGE,
        &json!({ "action": "export" }),
        "warn",
    );
    check(
        ItemUsages,
        ITEM_USAGE,
        &json!({ "action": "exported" }),
        "info",
    );
    check(AuditEvents, AUDIT, &json!({ "action": "export" }), "warn");
    check(
        ItemUsages,
        ITEM_USAGE,
        &json!({ "category": "mfa_failed" }),
        "info",
    );
}

#[test]
fn values_and_fields_that_are_new_pass_through() {
    let change = json!({ "action": "teleport", "object_type": "moon", "phase": { "of": [1, 2] } });
    let event = with(AUDIT, &change);
    let log = log(AuditEvents, &event.to_string());
    assert_eq!(log["evt"]["name"], "teleport");
    assert_eq!(log["object_type"], "moon");
    assert_eq!(log["phase"], json!({ "of": [1, 2] }));
    assert_eq!(
        log["message"],
        "Amina Diallo did teleport to moon (Kofi Mensah)"
    );
}
