//! What is set to be kept back is in no byte that leaves, whatever goes wrong: the real program between
//! both fakes, with an archive beside, and all that can be logged.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::SystemTime;

use onepassword_events::Timestamp;
use op_dd_fakes::{FakeDatadog, FakeEvents, Feed};
use serde_json::{Value, json};

use crate::marked::Secrets;
use crate::program::{World, files};

/// In every value that is kept back.
const MARK: &str = "KEPTBACK";
/// What is left of it is `203.0.113.0`.
const ADDRESS: &str = "203.0.113.77";

const RULES: &str = r#"
[archive]
dir = "archive"

[privacy]
key = "env:HASH_KEY"

[feeds.signinattempts]
drop = ["usr.name", "network.client.geoip", "details.value"]
hash = ["usr.email", "usr.id"]
truncate_ip = true

[feeds.itemusages]
drop = ["usr.email", "client.os_version"]
hash = ["usr.name", "location", "usr.id", "item_uuid"]
truncate_ip = true

[feeds.auditevents]
drop = ["session.device_uuid", "network.client.geoip", "aux_info", "network.client.ip"]
hash = ["usr.email", "usr.name", "usr.id"]
"#;

/// An event with a mark in every value that the rules above keep back.
fn event(feed: Feed, uuid: &str, version: &str) -> String {
    let mark = |value: &str| format!("{MARK}-{value}");
    let email = "Ada.KEPTBACK@example.com";
    let person =
        json!({"uuid": mark("id"), "name": mark("name"), "email": email, "user_type": "user"});
    let client = json!({
        "app_name": "1Password Browser", "app_version": version, "ip_address": ADDRESS,
        "os_version": if feed == Feed::ItemUsages { mark("os") } else { "15.1".to_owned() },
    });
    let place = json!({"country": mark("country"), "city": mark("city"), "latitude": 12.75309});
    let timestamp = Timestamp::from(SystemTime::now()).to_string();
    let mut event = match feed {
        Feed::SignInAttempts => json!({
            "category": "firewall_failed", "type": "ip_blocked", "country": mark("country"),
            "details": {"value": ADDRESS}, "target_user": person, "client": client,
        }),
        Feed::ItemUsages => json!({
            "action": "reveal", "vault_uuid": "neighbour-vault", "item_uuid": mark("item"),
            "user": person, "client": client,
        }),
        Feed::AuditEvents => json!({
            "action": "suspend", "object_type": "user", "object_uuid": mark("object"),
            "actor_uuid": mark("id"), "actor_details": person, "object_details": person,
            "aux_uuid": mark("aux"), "aux_details": [person], "aux_info": mark(version),
            "session": {"ip": ADDRESS, "device_uuid": mark("device"), "uuid": "neighbour-session"},
        }),
    };
    event["uuid"] = json!(uuid);
    event["timestamp"] = json!(timestamp);
    event["location"] = place;
    // What must be found however it is written.
    let text = event.to_string();
    text.replace(r#""email":"#, r#""\u0065mail":"twice KEPTBACK","email" : "#)
}

fn objects(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.append(&mut objects(&path));
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            let mut text = String::new();
            let file = fs::File::open(&path).unwrap();
            flate2::read::GzDecoder::new(file)
                .read_to_string(&mut text)
                .unwrap();
            texts.push(text);
        }
    }
    texts
}

#[test]
fn what_is_kept_back_never_leaves() {
    let mut world = World::of(
        FakeEvents::builder(),
        FakeDatadog::builder().refuse_containing("POISON"),
    );
    world.replace("[datadog]\n", "[datadog]\ncompression = \"none\"\n");
    world.config.push_str(RULES);
    world.set("HASH_KEY", "SECREThash0key0of0the0tests");
    world.set("RUST_LOG", "trace");
    for feed in Feed::ALL {
        for (uuid, version) in [
            ("good", "81100019"),
            ("bad", "POISON"),
            ("late", "81100020"),
        ] {
            let uuid = format!("{uuid}-{feed}");
            let mut event = event(feed, &uuid, version);
            if uuid.starts_with("bad") {
                event.insert_str(1, "\"note\":\"POISON\",");
            }
            world.events.insert(feed, event).unwrap();
        }
    }
    let faults = [
        "events:half",
        "events:garbage",
        "intake:500",
        "intake:half",
        "intake:cut",
    ];
    let (events, intake): (Vec<_>, Vec<_>) = faults
        .iter()
        .map(|fault| fault.parse().unwrap())
        .zip(faults)
        .partition(|(_, name)| name.starts_with("events"));
    world
        .events
        .script(events.into_iter().map(|(fault, _)| fault));
    world
        .datadog
        .script(intake.into_iter().map(|(fault, _)| fault));
    let run = world.checked(crate::program::Run::of(world.run(&[
        "--once",
        "--patience",
        "20s",
    ])));
    assert_eq!(run.code, Some(9), "three dead letters: {run}");

    let kept_back = Secrets::unmarked([MARK, ADDRESS, "12.75309"]);
    kept_back.are_not_in("stdout", &run.stdout);
    kept_back.are_not_in("stderr", &run.stderr);
    for request in world.datadog.requests() {
        kept_back.are_not_in("a request to Datadog", request.body);
    }
    let archived = objects(&world.path("archive"));
    for object in &archived {
        kept_back.are_not_in("the archive", object);
    }
    assert_eq!(archived.iter().flat_map(|text| text.lines()).count(), 9);
    for (path, text) in files(&world.path("state")) {
        if path.iter().any(|folder| folder == "dead-letters") {
            assert!(text.contains(MARK), "a dead letter is the exact text");
        } else {
            kept_back.are_not_in(&path.display().to_string(), text);
        }
    }

    // Their neighbours are there, and what is left of them.
    let logs = world.logs();
    let log = |uuid: &str| -> &Value { logs.iter().find(|log| log["uuid"] == uuid).unwrap() };
    let hash = |value: &Value| value.as_str().unwrap().starts_with("hash:");
    let sign_in = log("good-signinattempts");
    assert!(hash(&sign_in["usr"]["email"]) && hash(&sign_in["usr"]["id"]));
    assert_eq!(sign_in["usr"].get("name"), None);
    assert_eq!(sign_in["network"]["client"]["ip"], "203.0.113.0");
    assert_eq!(sign_in["client"]["app_version"], "81100019");
    assert_eq!(sign_in["client"]["os_version"], "15.1");
    let usage = log("good-itemusages");
    assert!(hash(&usage["usr"]["name"]) && hash(&usage["location"]["city"]));
    assert_eq!(usage["vault_uuid"], "neighbour-vault");
    let audit = log("good-auditevents");
    assert_eq!(audit["session"], json!({"uuid": "neighbour-session"}));
    // The same in every field and feed, so that they can be brought together.
    assert_eq!(audit["usr"]["email"], sign_in["usr"]["email"]);
    assert_eq!(audit["usr"]["id"], usage["usr"]["id"]);
    assert_eq!(
        audit["actor_details"]["email"],
        audit["aux_details"][0]["email"]
    );
}

#[test]
fn nothing_is_kept_back_unless_told() {
    let world = World::new();
    for feed in Feed::ALL {
        world
            .events
            .insert(feed, event(feed, &feed.to_string(), "1"))
            .unwrap();
    }
    assert_eq!(world.once().code, Some(0));
    let logs = world.datadog.logs();
    assert_eq!(logs.len(), 3);
    for log in logs {
        assert!(log.contains(MARK) && log.contains(ADDRESS), "{log}");
        let twice = r#""\u0065mail":"twice KEPTBACK","email":"Ada"#;
        assert!(log.contains(twice), "{log}");
    }
}

#[test]
fn rules_that_can_not_be_kept_are_refused_before_anything_is_read() {
    for (rules, says) in [
        (
            "[feeds.itemusages]\ndrop = [\"user.emial\"]",
            "events of itemusages have no field \"user.emial\": \
             did you mean \"user.email\"?",
        ),
        (
            "[feeds.auditevents]\nhash = [\"usr.id\"]\n[privacy]\nkey = \"env:HASH_KEY\"",
            "key of [privacy]: the key for hashes has less than 16 characters",
        ),
        (
            "[feeds.auditevents]\nhash = [\"usr.id\"]",
            "there is nothing to hash with: set key under [privacy]",
        ),
        (
            "[feeds.auditevents]\ndrop = [\"uuid\"]",
            "the field \"uuid\" of auditevents has to stay",
        ),
    ] {
        let mut world = World::new();
        world.config.push_str(rules);
        world.set("HASH_KEY", "SECRETshort");
        let run = world.once();
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.stderr.contains(says), "{run}");
        assert_eq!(world.events.requests().len(), 0);
    }
}
