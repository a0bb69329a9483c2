//! Datadog's own rules for 1Password, against the logs that the bridge makes: each rule is met by the
//! events that it is about and by no near miss, and what it names is on the log.
//!
//! The rules themselves are Datadog's and not published with the tests. Where they aren't at hand, the
//! table of attributes still holds.

#![expect(
    clippy::unwrap_used,
    reason = "a rule that can't be read should fail its test"
)]

use std::collections::BTreeSet;
use std::fs;

use onepassword_events::Feed;
use op_dd_content::Log;
use op_dd_content::search::Query;
use serde_json::{Value, json};

use crate::world::{HOUR, World, ago, attribute, data, drain, patched, rfc3339, sample};

/// What Datadog adds to a log by itself, and the attribute of ours that it makes it from.
const ADDED_BY_DATADOG: [(&str, &str); 3] = [
    // Threat intelligence looks every address up.
    ("threat_intel", "network.client.ip"),
    // The two places that the rule has found too far from each other.
    ("impossible_travel", "network.client.geoip"),
    // Only where the event doesn't say where it came from.
    ("network.client.geoip", "network.client.ip"),
];

/// A rule of Datadog's, by its file, and events to try it on.
struct Case {
    rule: &'static str,
    /// Events that the rule is about.
    met_by: Vec<Sample>,
    /// Events that are almost so.
    missed_by: Vec<(Feed, Value)>,
    /// Attributes that the rule's text names and no such log has.
    absent: &'static [Absent],
}

/// An event, and the attributes that its log is to have, by their paths.
struct Sample {
    feed: Feed,
    event: Value,
    attributes: Value,
}

struct Absent {
    attribute: &'static str,
    instead: Option<&'static str>,
    reason: &'static str,
}

fn cases() -> Vec<Case> {
    use Feed::{AuditEvents, ItemUsages, SignInAttempts};

    let toronto = json!({
        "country": { "iso_code": "CA" },
        "city": { "name": "Toronto" },
        "subdivision": { "name": "Ontario" },
        "location": { "latitude": 43.64, "longitude": -79.433 },
    });
    let export = |object: &str| json!({ "action": "export", "object_type": object });
    let token = |action: &str| {
        let about = json!({ "object_type": "satoken", "evt.name": action });
        let event = json!({ "object_type": "satoken", "action": action });
        met(AuditEvents, event, about)
    };
    let failed = |category: &str| {
        met(
            SignInAttempts,
            json!({ "category": category }),
            json!({ "evt.outcome": category }),
        )
    };
    let usage = |action: &str| {
        let about = json!({
            "evt.name": action,
            "item_uuid": "bvwmmwxisuca7wbehrbyqhag54",
            "vault_uuid": "jaqxqf5qylslqiitnduawrndc5",
        });
        met(ItemUsages, json!({ "action": action }), about)
    };
    let device = |action: &str| {
        let about = json!({
            "object_type": "device",
            "object_uuid": "lc5fqgbrcm4plajd8mwncv2b3u",
            "evt.name": action,
            "session.device_uuid": "lc5fqgbrcm4plajd8mwncv2b3u",
        });
        let event = json!({
            "object_type": "device",
            "object_uuid": "lc5fqgbrcm4plajd8mwncv2b3u",
            "action": action,
        });
        met(AuditEvents, event, about)
    };

    vec![
        Case {
            rule: "1password-activity-observed-from-tor-client-ip",
            met_by: vec![
                met(
                    SignInAttempts,
                    json!({}),
                    json!({ "evt.name": "credentials_ok" }),
                ),
                met(ItemUsages, json!({}), json!({ "evt.name": "reveal" })),
                met(AuditEvents, json!({}), json!({ "evt.name": "join" })),
            ],
            // Without an address there is nothing to look up.
            missed_by: vec![
                (
                    SignInAttempts,
                    json!({ "client": { "ip_address": "unknown" } }),
                ),
                (ItemUsages, json!({ "client": null })),
                (AuditEvents, json!({ "session": { "ip": "" } })),
            ],
            absent: &[],
        },
        Case {
            rule: "1password-service-account-token-activity-observed",
            met_by: ["create", "trename", "tverify", "trevoke"]
                .map(token)
                .into(),
            missed_by: vec![
                (
                    AuditEvents,
                    json!({ "object_type": "sa", "action": "create" }),
                ),
                (
                    AuditEvents,
                    json!({ "object_type": "satoken", "action": "view" }),
                ),
            ],
            absent: &[],
        },
        Case {
            rule: "1password-vault-export-attempt-by-user",
            met_by: vec![met(
                AuditEvents,
                patched(
                    export("vault"),
                    json!({ "object_uuid": "jaqxqf5qylslqiitnduawrndc5" }),
                ),
                json!({
                    "evt.name": "export",
                    "object_type": "vault",
                    "object_uuid": "jaqxqf5qylslqiitnduawrndc5",
                    "onepassword.vault_uuid": "jaqxqf5qylslqiitnduawrndc5",
                }),
            )],
            missed_by: vec![
                (AuditEvents, export("report")),
                (
                    AuditEvents,
                    json!({ "action": "grant", "object_type": "vault" }),
                ),
                (
                    ItemUsages,
                    json!({ "action": "export", "object_type": "vault" }),
                ),
            ],
            absent: &[Absent {
                attribute: "vault_uuid",
                instead: Some("onepassword.vault_uuid"),
                reason: "an audit event names its vault as its object; \
                         at the root stands what 1Password wrote and nothing else",
            }],
        },
        Case {
            rule: "anomalous-amount-of-failed-sign-in-attempts-by-1password-user",
            met_by: [
                "credentials_failed",
                "mfa_failed",
                "sso_failed",
                "modern_version_failed",
                "firewall_failed",
            ]
            .map(failed)
            .into(),
            missed_by: vec![
                (SignInAttempts, json!({ "category": "success" })),
                (
                    SignInAttempts,
                    json!({ "category": "firewall_reported_success" }),
                ),
                (ItemUsages, json!({ "category": "credentials_failed" })),
            ],
            absent: &[Absent {
                attribute: "evt.category",
                instead: Some("evt.outcome"),
                reason: "the text's changelog says that this replaced it",
            }],
        },
        Case {
            rule: "attempt-to-exfiltrate-a-1password-item-by-user",
            met_by: vec![usage("export")],
            missed_by: vec![
                (ItemUsages, json!({ "action": "share" })),
                (AuditEvents, export("vault")),
            ],
            absent: &[],
        },
        Case {
            rule: "attempt-to-modify-a-1password-item-by-user",
            met_by: vec![usage("enter-item-edit-mode")],
            missed_by: vec![
                (ItemUsages, json!({ "action": "server-update" })),
                (AuditEvents, json!({ "action": "enter-item-edit-mode" })),
            ],
            absent: &[],
        },
        Case {
            rule: "impossible-travel-event-observed-from-1password-user",
            met_by: vec![
                met(
                    SignInAttempts,
                    json!({}),
                    json!({ "network.client.geoip": toronto }),
                ),
                met(
                    SignInAttempts,
                    json!({ "location": null, "country": "FR" }),
                    json!({ "network.client.geoip": { "country": { "iso_code": "FR" } } }),
                ),
                // Where from is for Datadog to find out.
                met(
                    SignInAttempts,
                    json!({ "location": null, "country": "" }),
                    json!({}),
                ),
            ],
            missed_by: vec![
                (SignInAttempts, json!({ "target_user": { "uuid": null } })),
                // Its log is dated by the time of sending, which says nothing of a journey.
                (
                    SignInAttempts,
                    json!({ "timestamp": rfc3339(ago(72 * HOUR)) }),
                ),
                (ItemUsages, json!({})),
            ],
            absent: &[],
        },
        Case {
            rule: "unusual-1password-device-authorization-activity",
            met_by: ["create", "update", "dealldev"].map(device).into(),
            missed_by: vec![
                (AuditEvents, json!({ "object_type": "user" })),
                (
                    AuditEvents,
                    json!({ "object_type": "device", "action": null }),
                ),
                (ItemUsages, json!({ "object_type": "device" })),
            ],
            absent: &[],
        },
        Case {
            rule: "unusual-1password-item-usage-action-observed-from-user",
            met_by: [
                "enter-item-edit-mode",
                "export",
                "fill",
                "reveal",
                "select-sso-provider",
                "secure-copy",
                "server-create",
                "server-fetch",
                "server-update",
                "share",
                "an action of tomorrow",
            ]
            .map(usage)
            .into(),
            missed_by: vec![
                // As the oldest applications reported it.
                (ItemUsages, json!({ "action": null })),
                (AuditEvents, json!({})),
            ],
            absent: &[],
        },
    ]
}

/// A sample event with these changes, whose log is to have these attributes besides those that all
/// samples of its feed have.
fn met(feed: Feed, changes: Value, attributes: Value) -> Sample {
    let kind = match feed {
        Feed::SignInAttempts => "1password-sign-in-attempts",
        Feed::ItemUsages => "1password-item-usages",
        _ => "1password-audit-events",
    };
    let common = json!({
        "evt.type": kind,
        "usr.id": "OJQGU46KAPROEJLCK674RHSAY5",
        "usr.email": "wendy@example.com",
        "network.client.ip": "192.0.2.66",
    });
    Sample {
        feed,
        event: patched(sample(feed), changes),
        attributes: patched(common, attributes),
    }
}

/// The logs of a case's events: of those that the rule is about, and of the near misses.
struct Logs {
    met: Vec<Value>,
    missed: Vec<Value>,
}

/// Carries all events of a case.
async fn carry(case: &Case) -> Logs {
    let world = World::calm().await;
    let met_by = case
        .met_by
        .iter()
        .map(|sample| (sample.feed, sample.event.clone()));
    let missed_by = case.missed_by.iter().map(|(feed, changes)| {
        let event = patched(sample(*feed), changes.clone());
        (*feed, event)
    });
    let mut uuids = Vec::new();
    for (feed, event) in met_by.chain(missed_by) {
        let uuid = format!("event-{}", uuids.len());
        world.insert(feed, &[patched(event, json!({ "uuid": uuid }))]);
        uuids.push(uuid);
    }
    drain(&world.bridge()).await;
    let logs = world.logs();
    let log_of = |uuid: &String| {
        logs.iter()
            .find(|log| log["uuid"] == **uuid)
            .unwrap()
            .clone()
    };
    let (met, missed) = uuids.split_at(case.met_by.len());
    Logs {
        met: met.iter().map(log_of).collect(),
        missed: missed.iter().map(log_of).collect(),
    }
}

/// Datadog's rule of a case; none where the rules aren't at hand.
fn rule(case: &Case) -> Option<Value> {
    let file = data("datadog/default-rules-1password")?
        .join(case.rule)
        .with_extension("json");
    Some(serde_json::from_slice(&fs::read(file).unwrap()).unwrap())
}

fn queries(rule: &Value) -> Vec<Query> {
    let queries = rule["queries"].as_array().unwrap().iter();
    queries
        .map(|query| query["query"].as_str().unwrap().parse().unwrap())
        .collect()
}

/// Every attribute that a rule's queries, groups and texts name.
fn named(rule: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let texts = json!([rule["queries"], rule["cases"], rule["message"]]).to_string();
    for text in texts.split('@').skip(1) {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"_.".contains(c));
        let name = &text[..end.unwrap_or(text.len())];
        names.insert(name.trim_end_matches('.').to_owned());
    }
    names
}

/// What Datadog makes an attribute from, if it adds it.
fn origin(name: &str) -> Option<&'static str> {
    let added = ADDED_BY_DATADOG.iter().find(|(added, _)| {
        let below = name.strip_prefix(added);
        below.is_some_and(|below| below.is_empty() || below.starts_with('.'))
    });
    added.map(|(_, origin)| *origin)
}

/// The log as Datadog searches it, once threat intelligence has found fault with its address.
fn enriched(log: &Value) -> Log {
    let mut log = log.clone();
    if attribute(&log, "network.client.ip").is_some() {
        log["threat_intel"] = json!({ "results": [{ "category": "tor" }] });
    }
    Log::sent(&log.to_string()).unwrap()
}

#[test]
fn the_cases_are_all_of_datadogs_rules_and_no_others() {
    let Some(folder) = data("datadog/default-rules-1password") else {
        return;
    };
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let files: BTreeSet<_> = files.map(|name| name.into_string().unwrap()).collect();
    let cases = cases();
    let of_cases = cases.iter().map(|case| format!("{}.json", case.rule));
    assert_eq!(of_cases.collect::<BTreeSet<_>>(), files);
    assert_eq!(files.len(), 9);
}

#[tokio::test]
async fn every_attribute_that_rules_read_has_its_value_on_the_log() {
    for case in cases() {
        let logs = carry(&case).await;
        for (sample, log) in case.met_by.iter().zip(&logs.met) {
            assert_eq!(log["ddsource"], "1password", "{}", case.rule);
            for (path, value) in sample.attributes.as_object().unwrap() {
                assert_eq!(
                    attribute(log, path),
                    Some(value),
                    "{}: {path} of {log}",
                    case.rule
                );
            }
        }
    }
}

#[tokio::test]
async fn each_rule_is_met_by_what_it_is_about_and_by_no_near_miss() {
    for case in cases() {
        let Some(rule) = rule(&case) else { return };
        let queries = queries(&rule);
        let logs = carry(&case).await;
        for query in &queries {
            assert!(
                logs.met.iter().any(|log| query.matches(&enriched(log))),
                "nothing meets {query}"
            );
        }
        for log in &logs.met {
            let met = queries.iter().any(|query| query.matches(&enriched(log)));
            assert!(met, "{} does not meet {}", log, case.rule);
        }
        for log in &logs.missed {
            let met = queries.iter().any(|query| query.matches(&enriched(log)));
            assert!(!met, "{}: {log}", case.rule);
        }
    }
}

#[tokio::test]
async fn everything_that_a_rule_names_is_on_its_log_or_datadogs_to_add_or_a_listed_exception() {
    for case in cases() {
        let Some(rule) = rule(&case) else { return };
        let names = named(&rule);
        let logs = carry(&case).await;
        for (sample, log) in case.met_by.iter().zip(&logs.met) {
            for name in &names {
                let is_checked = |path: &str| sample.attributes.get(path).is_some();
                if let Some(absent) = case.absent.iter().find(|absent| absent.attribute == name) {
                    let reason = absent.reason;
                    assert_eq!(
                        attribute(log, name),
                        None,
                        "{name} is there, though {reason}"
                    );
                    assert!(absent.instead.is_none_or(is_checked), "{name}: {reason}");
                    continue;
                }
                let mut name = name.as_str();
                while !is_checked(name) {
                    let Some(origin) = origin(name) else {
                        panic!("{}: nobody sees to {name}", case.rule);
                    };
                    name = origin;
                }
            }
        }
        for absent in case.absent {
            assert!(
                names.contains(absent.attribute),
                "{} is not named",
                absent.attribute
            );
        }
    }
}
