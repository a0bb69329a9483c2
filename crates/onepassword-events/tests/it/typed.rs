//! The fields of each feed's events.

use std::fmt::Debug;

use onepassword_events::model::{
    AuditAction, ItemAction, ObjectType, SignInCategory, SignInType, User, UserType,
};
use onepassword_events::{
    AuditEvent, ErrorKind, Event, Feed, FeedEvent, ItemUsage, SignInAttempt, Typed,
};
use serde_json::{Value, json};

const UUID: &str = "M4XWQ7ZC2NTRB5KJ6YHDPV3LEA";

fn sign_in_attempt() -> Value {
    json!({
        "uuid": UUID,
        "session_uuid": "S7QK2ZWMXN4RTBVC5JHY6PDLEA",
        "timestamp": "2026-03-02T07:08:09.123456789Z",
        "country": "NZ",
        "category": "firewall_failed",
        "type": "continent_blocked",
        "details": { "value": "Oceania" },
        "target_user": user("Aroha"),
        "client": client(),
        "location": location(),
        "account_uuid": "ACCT4ZWMXN4RTBVC5JHY6PDLEA",
    })
}

fn item_usage() -> Value {
    json!({
        "uuid": UUID,
        "timestamp": "2026-03-02T20:08:09+13:00",
        "used_version": 4_294_967_296_u64,
        "vault_uuid": "v7qk2zwmxn4rtbvc5jhy6pdlea",
        "item_uuid": "i7qk2zwmxn4rtbvc5jhy6pdlea",
        "action": "secure-copy",
        "user": user("Wiremu"),
        "client": client(),
        "location": location(),
        "account_uuid": "ACCT4ZWMXN4RTBVC5JHY6PDLEA",
    })
}

fn audit_event() -> Value {
    json!({
        "uuid": UUID,
        "timestamp": "2026-03-02T07:08:09.5Z",
        "actor_uuid": "UAROHAWMXN4RTBVC5JHY6PDLEA",
        "actor_details": user("Aroha"),
        "actor_type": "external_user",
        "actor_account_uuid": "MSPA4ZWMXN4RTBVC5JHY6PDLEA",
        "account_uuid": "ACCT4ZWMXN4RTBVC5JHY6PDLEA",
        "action": "join",
        "object_type": "gm",
        "object_uuid": "g7qk2zwmxn4rtbvc5jhy6pdlea",
        "object_details": user("Hine"),
        "aux_id": -9_007_199_254_740_993_i64,
        "aux_uuid": "UWIREMUMXN4RTBVC5JHY6PDLEA",
        "aux_details": user("Wiremu"),
        "aux_info": "A",
        "session": {
            "uuid": "S7QK2ZWMXN4RTBVC5JHY6PDLEA",
            "login_time": "2026-03-02T06:00:00Z",
            "device_uuid": "d7qk2zwmxn4rtbvc5jhy6pdlea",
            "ip": "2001:db8::7",
        },
        "location": location(),
    })
}

fn user(name: &str) -> Value {
    json!({
        "uuid": format!("{name}-uuid"),
        "name": name,
        "email": format!("{name}@example.org"),
        "user_type": "external_user",
        "user_account_uuid": format!("{name}-account"),
    })
}

fn client() -> Value {
    json!({
        "app_name": "1Password for Linux",
        "app_version": "81100200",
        "platform_name": "kiwi-laptop",
        "platform_version": "ThinkPad X13",
        "os_name": "Debian",
        "os_version": "13.1",
        "ip_address": "198.51.100.7",
    })
}

fn location() -> Value {
    json!({
        "country": "New Zealand",
        "region": "Otago",
        "city": "Dunedin",
        "latitude": -45.8742,
        "longitude": 170.5036,
    })
}

#[test]
fn every_field_of_a_sign_in_attempt_is_read() {
    let attempt = typed::<SignInAttempt>(&sign_in_attempt());
    assert_eq!(attempt.uuid, UUID);
    assert_eq!(
        attempt.session_uuid.as_deref(),
        Some("S7QK2ZWMXN4RTBVC5JHY6PDLEA")
    );
    assert_eq!(attempt.timestamp.as_str(), "2026-03-02T07:08:09.123456789Z");
    assert_eq!(attempt.timestamp.unix_nanos(), 1_772_435_289_123_456_789);
    assert_eq!(attempt.country.as_deref(), Some("NZ"));
    assert_eq!(attempt.category, SignInCategory::FirewallFailed);
    assert_eq!(attempt.attempt_type, SignInType::ContinentBlocked);
    let details = attempt.details.as_ref().unwrap();
    assert_eq!(details.value.as_deref(), Some("Oceania"));
    check_user(attempt.target_user.as_ref(), "Aroha");
    check_client(&attempt.client);
    check_location(&attempt.location);
    assert_eq!(
        attempt.account_uuid.as_deref(),
        Some("ACCT4ZWMXN4RTBVC5JHY6PDLEA")
    );
    assert_eq!(attempt.event().feed(), Feed::SignInAttempts);
}

#[test]
fn every_field_of_an_item_usage_is_read() {
    let usage = typed::<ItemUsage>(&item_usage());
    assert_eq!(usage.uuid, UUID);
    assert_eq!(usage.timestamp.as_str(), "2026-03-02T20:08:09+13:00");
    assert_eq!(usage.timestamp.unix_nanos(), 1_772_435_289_000_000_000);
    assert_eq!(usage.used_version, Some(4_294_967_296));
    assert_eq!(
        usage.vault_uuid.as_deref(),
        Some("v7qk2zwmxn4rtbvc5jhy6pdlea")
    );
    assert_eq!(
        usage.item_uuid.as_deref(),
        Some("i7qk2zwmxn4rtbvc5jhy6pdlea")
    );
    assert_eq!(usage.action, Some(ItemAction::SecureCopy));
    check_user(usage.user.as_ref(), "Wiremu");
    check_client(&usage.client);
    check_location(&usage.location);
    assert_eq!(
        usage.account_uuid.as_deref(),
        Some("ACCT4ZWMXN4RTBVC5JHY6PDLEA")
    );
}

#[test]
fn every_field_of_an_audit_event_is_read() {
    let event = typed::<AuditEvent>(&audit_event());
    assert_eq!(event.uuid, UUID);
    assert_eq!(event.timestamp.as_str(), "2026-03-02T07:08:09.5Z");
    assert_eq!(
        event.actor_uuid.as_deref(),
        Some("UAROHAWMXN4RTBVC5JHY6PDLEA")
    );
    check_user(event.actor_details.as_ref(), "Aroha");
    assert_eq!(event.actor_type, Some(UserType::ExternalUser));
    assert_eq!(
        event.actor_account_uuid.as_deref(),
        Some("MSPA4ZWMXN4RTBVC5JHY6PDLEA")
    );
    assert_eq!(
        event.account_uuid.as_deref(),
        Some("ACCT4ZWMXN4RTBVC5JHY6PDLEA")
    );
    assert_eq!(event.action, AuditAction::Join);
    assert_eq!(event.object_type, ObjectType::Gm);
    assert_eq!(
        event.object_uuid.as_deref(),
        Some("g7qk2zwmxn4rtbvc5jhy6pdlea")
    );
    check_user(event.object_details.as_ref(), "Hine");
    assert_eq!(event.aux_id, Some(-9_007_199_254_740_993));
    assert_eq!(
        event.aux_uuid.as_deref(),
        Some("UWIREMUMXN4RTBVC5JHY6PDLEA")
    );
    check_user(event.aux_details.as_ref(), "Wiremu");
    assert_eq!(event.aux_info.as_deref(), Some("A"));
    let session = event.session.as_ref().unwrap();
    assert_eq!(session.uuid.as_deref(), Some("S7QK2ZWMXN4RTBVC5JHY6PDLEA"));
    assert_eq!(
        session.login_time.as_ref().unwrap().as_str(),
        "2026-03-02T06:00:00Z"
    );
    assert_eq!(
        session.device_uuid.as_deref(),
        Some("d7qk2zwmxn4rtbvc5jhy6pdlea")
    );
    assert_eq!(session.ip.as_deref(), Some("2001:db8::7"));
    check_location(&event.location);
}

fn check_user(user: Option<&User>, name: &str) {
    let user = user.unwrap();
    assert_eq!(user.uuid, Some(format!("{name}-uuid")));
    assert_eq!(user.name.as_deref(), Some(name));
    assert_eq!(user.email, Some(format!("{name}@example.org")));
    assert_eq!(user.user_type, Some(UserType::ExternalUser));
    assert_eq!(user.user_account_uuid, Some(format!("{name}-account")));
}

fn check_client(client: &Option<onepassword_events::model::ClientInfo>) {
    let client = client.as_ref().unwrap();
    assert_eq!(client.app_name.as_deref(), Some("1Password for Linux"));
    assert_eq!(client.app_version.as_deref(), Some("81100200"));
    assert_eq!(client.platform_name.as_deref(), Some("kiwi-laptop"));
    assert_eq!(client.platform_version.as_deref(), Some("ThinkPad X13"));
    assert_eq!(client.os_name.as_deref(), Some("Debian"));
    assert_eq!(client.os_version.as_deref(), Some("13.1"));
    assert_eq!(client.ip_address.as_deref(), Some("198.51.100.7"));
}

fn check_location(location: &Option<onepassword_events::model::Location>) {
    let location = location.as_ref().unwrap();
    assert_eq!(location.country.as_deref(), Some("New Zealand"));
    assert_eq!(location.region.as_deref(), Some("Otago"));
    assert_eq!(location.city.as_deref(), Some("Dunedin"));
    assert_eq!(location.latitude, Some(-45.8742));
    assert_eq!(location.longitude, Some(170.5036));
}

#[test]
fn absent_null_and_empty_are_the_same() {
    check_nothing::<SignInAttempt>(&sign_in_attempt(), &["category", "type"]);
    check_nothing::<ItemUsage>(&item_usage(), &[]);
    check_nothing::<AuditEvent>(&audit_event(), &["action", "object_type"]);
}

/// Takes each value of a full event away in each of the ways that mean nothing. `required` are the
/// fields that must be there, besides the id and the time.
fn check_nothing<T: FeedEvent + PartialEq + Debug>(full: &Value, required: &[&str]) {
    let whole = typed::<T>(full).into_fields();
    for pointer in pointers(full) {
        let mut absent = full.clone();
        remove(&mut absent, &pointer);
        let mut null = full.clone();
        *null.pointer_mut(&pointer).unwrap() = Value::Null;

        let name = &pointer[1..];
        if required.contains(&name) || ["uuid", "timestamp"].contains(&name) {
            check_bad::<T>(&absent, name != "uuid");
            check_bad::<T>(&null, name != "uuid");
            continue;
        }
        let absent = typed::<T>(&absent).into_fields();
        assert_ne!(absent, whole, "{pointer}");
        assert_eq!(typed::<T>(&null).into_fields(), absent, "{pointer}");
        if full.pointer(&pointer).unwrap().is_string() {
            let mut empty = full.clone();
            *empty.pointer_mut(&pointer).unwrap() = "".into();
            assert_eq!(typed::<T>(&empty).into_fields(), absent, "{pointer}");
        }
    }
}

#[test]
fn the_smallest_events_are_read() {
    let small = json!({ "uuid": UUID, "timestamp": "2026-03-02T07:08:09Z" });
    assert_eq!(typed::<ItemUsage>(&small).action, None);

    let mut small = json!({
        "uuid": UUID, "timestamp": "2026-03-02T07:08:09Z", "action": "view", "object_type": "report",
    });
    assert_eq!(typed::<AuditEvent>(&small).session, None);

    small["category"] = "success".into();
    small["type"] = "credentials_ok".into();
    assert!(typed::<SignInAttempt>(&small).category.is_success());
}

#[test]
fn what_1password_adds_is_kept() {
    let mut event = audit_event();
    event["action"] = "frobnic".into();
    event["object_type"] = "Gadget \"2\"".into();
    event["actor_type"] = "robot".into();
    event["session"]["new"] = json!([1, { "deep": null }]);
    event["new"] = json!({ "uuid": "not the event's" });
    let event = typed::<AuditEvent>(&event);
    assert_eq!(event.action, AuditAction::Other("frobnic".into()));
    assert_eq!(event.object_type, ObjectType::Other("Gadget \"2\"".into()));
    assert_eq!(event.actor_type, Some(UserType::Other("robot".into())));
    assert!(event.event().json().contains(r#"[1,{"deep":null}]"#));
    assert_eq!(event.event().uuid().as_deref(), Some(UUID));

    let mut usage = item_usage();
    usage["action"] = "teleport".into();
    let action = typed::<ItemUsage>(&usage).into_fields().action;
    assert_eq!(action, Some(ItemAction::Other("teleport".into())));

    let mut attempt = sign_in_attempt();
    attempt["category"] = "astral_failed".into();
    attempt["type"] = "u2f_timout".into();
    let attempt = typed::<SignInAttempt>(&attempt).into_fields();
    assert_eq!(attempt.category.as_str(), "astral_failed");
    assert!(!attempt.category.is_success());
    assert_eq!(attempt.attempt_type, SignInType::U2fTimout);
}

#[test]
fn a_field_of_the_wrong_type_is_a_bad_event_that_is_named_and_not_quoted() {
    check_wrong_types::<SignInAttempt>(&sign_in_attempt());
    check_wrong_types::<ItemUsage>(&item_usage());
    check_wrong_types::<AuditEvent>(&audit_event());
}

fn check_wrong_types<T: FeedEvent + Debug>(full: &Value) {
    for pointer in pointers(full) {
        for wrong in [json!("SECRET"), json!(31_337.125), json!(["SECRET"])] {
            let right = full.pointer(&pointer).unwrap();
            let fits = right.is_string() && wrong.is_string() || right.is_f64() && wrong.is_f64();
            if fits && !pointer.contains("time") {
                continue;
            }
            let mut event = full.clone();
            *event.pointer_mut(&pointer).unwrap() = wrong;
            check_bad::<T>(&event, pointer != "/uuid");
        }
    }
}

#[test]
fn what_is_no_object_or_of_another_feed_is_a_bad_event() {
    for json in ["7", "null", r#"["SECRET","2026-03-02T07:08:09Z"]"#] {
        let event = Event::new(Feed::ItemUsages, json).unwrap();
        let error = event.typed::<ItemUsage>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "event without uuid of itemusages is not a JSON object"
        );
    }
    let event = Event::new(Feed::ItemUsages, item_usage().to_string()).unwrap();
    let error = event.typed::<AuditEvent>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadEvent);
    assert_eq!(
        error.to_string(),
        "an event of itemusages was read as one of auditevents"
    );
}

#[test]
fn one_may_read_just_what_one_needs() {
    #[derive(Debug, serde::Deserialize)]
    struct Newcomer {
        aux_uuid: String,
        new: Vec<u8>,
    }
    impl FeedEvent for Newcomer {
        const FEED: Feed = Feed::AuditEvents;
    }
    let mut event = audit_event();
    event["new"] = json!([1, 2]);
    let newcomer = typed::<Newcomer>(&event);
    assert_eq!(newcomer.aux_uuid, "UWIREMUMXN4RTBVC5JHY6PDLEA");
    assert_eq!(newcomer.new, [1, 2]);
}

fn typed<T: FeedEvent>(event: &Value) -> Typed<T> {
    let event = Event::new(T::FEED, event.to_string()).unwrap();
    event.typed().unwrap()
}

fn check_bad<T: FeedEvent + Debug>(event: &Value, has_uuid: bool) {
    let event = Event::new(T::FEED, event.to_string()).unwrap();
    let error = event.typed::<T>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadEvent);
    assert!(!error.is_retryable());
    let text = error.to_string();
    assert_eq!(text.contains(UUID), has_uuid, "{text}");
    assert!(text.contains(T::FEED.as_str()), "{text}");

    let mut all = format!("{error:?} {error}");
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        all = format!("{all} {cause} {cause:?}");
        source = cause.source();
    }
    for value in ["SECRET", "31337", "Aroha", "Wiremu", "198.51.100.7"] {
        assert!(!all.contains(value), "{all}");
    }
}

/// Where each value of an event stands, those within objects and the objects themselves.
fn pointers(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        found.push(format!("/{key}"));
        found.extend(pointers(value).iter().map(|deep| format!("/{key}{deep}")));
    }
    found
}

fn remove(value: &mut Value, pointer: &str) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().remove(key);
}
