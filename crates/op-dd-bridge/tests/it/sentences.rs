//! The sentence that a person reads.

use onepassword_events::Feed::{self, AuditEvents, ItemUsages, SignInAttempts};
use serde_json::{Value, json};

use crate::event::{AUDIT, ITEM_USAGE, SIGN_IN, at, with};

fn check(feed: Feed, event: &str, change: &Value, message: &str) {
    assert_eq!(at(feed, &with(event, change), "/message"), message);
}

#[test]
fn a_sign_in_says_no_more_than_is_known() {
    let check = |change, message| check(SignInAttempts, SIGN_IN, &change, message);
    check(
        json!({ "category": "success", "type": "credentials_ok" }),
        "Rosa Lima signed in with 1Password for Mac from Lisbon",
    );
    check(
        json!({ "category": "firewall_reported_success", "location": null }),
        "Rosa Lima signed in with 1Password for Mac from PT",
    );
    check(
        json!({ "type": null, "client": null, "location": null, "country": "" }),
        "Rosa Lima failed to sign in (no reason given)",
    );
    check(
        json!({ "category": "firewall_prevented", "client": null, "location": null, "country": "" }),
        "Rosa Lima tried to sign in (firewall_prevented)",
    );
    check(
        json!({ "category": null, "client": null, "location": { "city": "" }, "target_user": null }),
        "somebody tried to sign in from PT",
    );
}

#[test]
fn who_is_called_by_name_else_by_address_else_by_id() {
    let check = |change, who: &str| {
        let message = format!("{who} revealed an item");
        check(ItemUsages, ITEM_USAGE, &change, &message);
    };
    check(json!({ "user": { "name": "" } }), "jonas@example.org");
    check(
        json!({ "user": { "name": null, "email": "" } }),
        "GTXOJH2LBVDPVLFQ5UHMBFWQZM",
    );
    check(json!({ "user": { "name": "\"\\\n" } }), "\"\\\n");
    check(json!({ "user": null }), "somebody");
}

#[test]
fn an_item_is_used_in_many_ways() {
    let check = |action: Value, did: &str| {
        let message = format!("Jonas Åkerblom {did}");
        check(
            ItemUsages,
            ITEM_USAGE,
            &json!({ "action": action }),
            &message,
        );
    };
    check(json!("export"), "exported an item");
    check(json!("other"), "used an item");
    check(json!(null), "used an item");
    check(json!("juggle"), "did juggle to an item");
}

#[test]
fn a_change_says_who_did_what_to_whom() {
    let check = |change, message| check(AuditEvents, AUDIT, &change, message);
    check(
        json!({
            "action": "suspend", "object_type": "user", "object_details": { "name": "Lena Weiß" }
        }),
        "Amina Diallo suspended a user (Lena Weiß)",
    );
    check(
        json!({ "action": "export", "object_type": "vault", "aux_details": null }),
        "Amina Diallo exported a vault",
    );
    check(
        json!({ "aux_uuid": "E4CYJQ7L5NBKPAH2WTXGVZ3MRU" }),
        "Amina Diallo gave themselves access to a vault (grant)",
    );
    check(
        json!({
            "aux_uuid": "E4CYJQ7L5NBKPAH2WTXGVZ3MRU", "action": "role", "object_type": "gm"
        }),
        "Amina Diallo gave themselves a part in a group (role)",
    );
    check(
        json!({ "action": null, "object_type": null, "actor_details": null, "aux_details": null }),
        "E4CYJQ7L5NBKPAH2WTXGVZ3MRU did something to something",
    );
}

#[test]
fn a_sentence_ends_somewhere() {
    let long = "ö".repeat(100_000);
    let change = json!({ "user": { "name": long } });
    let message = format!("{}…", "ö".repeat(1_000));
    check(ItemUsages, ITEM_USAGE, &change, &message);
}
