//! Events, and the logs that the default mapper makes of them.

use std::time::SystemTime;

use datadog_logs::{LogEntry, Tags};
use onepassword_events::{Event, Feed, Timestamp};
use op_dd_bridge::{Context, DefaultMapper, Mapped, Mapper, Name};
use serde_json::Value;

/// The time of all mappings.
pub(crate) const NOW: &str = "2026-06-15T12:00:00Z";

pub(crate) const SIGN_IN: &str = r#"{
    "uuid": "5SDQLBWUDNHVDMVZ3QUXK5TTKM",
    "session_uuid": "XUJYM3OR3JDRLGTYQXXVHQNOFI",
    "timestamp": "2026-06-15T11:42:07.24645983Z",
    "country": "PT",
    "category": "credentials_failed",
    "type": "password_secret_bad",
    "details": null,
    "target_user": {
        "uuid": "7QXVYHCC6NA4RFPKPX5W4LSGJE", "name": "Rosa Lima",
        "email": "rosa.lima@example.com", "user_type": "user"
    },
    "client": {
        "app_name": "1Password for Mac", "app_version": "81040", "platform_name": "rosa-laptop",
        "platform_version": "Mac14,2", "os_name": "macOS", "os_version": "14.5",
        "ip_address": "203.0.113.24"
    },
    "location": {
        "country": "PT", "region": "Lisboa", "city": "Lisbon",
        "latitude": 38.7167, "longitude": -9.1333
    },
    "account_uuid": "M3LQ5SLSVBEJDBUXQ5GPVQHY7Q"
}"#;

pub(crate) const ITEM_USAGE: &str = r#"{
    "uuid": "R5DBQ3VZ2NHZLI5VLVKPQXJCYU",
    "timestamp": "2026-06-15T09:15:00Z",
    "used_version": 4,
    "vault_uuid": "vq7tkz5mprxcnlwjd2e3yh4goa",
    "item_uuid": "lbn3xw2rtuqzjs5vkd6acy7ihe",
    "action": "reveal",
    "user": {
        "uuid": "GTXOJH2LBVDPVLFQ5UHMBFWQZM", "name": "Jonas Åkerblom",
        "email": "jonas@example.org"
    },
    "client": {
        "app_name": "1Password Browser Extension", "app_version": "20195",
        "ip_address": "2001:db8:4::17"
    },
    "location": {
        "country": "Sweden", "region": "Skåne", "city": "Malmö",
        "latitude": 55.605, "longitude": 13.0038
    }
}"#;

pub(crate) const AUDIT: &str = r#"{
    "uuid": "K2V7ZRDQ4FHKZKJ3O5WYTCQLXI",
    "timestamp": "2026-06-15T10:30:12.5Z",
    "actor_uuid": "E4CYJQ7L5NBKPAH2WTXGVZ3MRU",
    "actor_details": {
        "uuid": "E4CYJQ7L5NBKPAH2WTXGVZ3MRU", "name": "Amina Diallo",
        "email": "amina@example.net"
    },
    "actor_type": "user",
    "action": "grant",
    "object_type": "uva",
    "object_uuid": "hd5yqv3sxkrnzlw7mtjo4ecbua",
    "aux_id": 9031177,
    "aux_uuid": "2PZKH6NYOBGTVJWX4QSLRMD5CE",
    "aux_details": {
        "uuid": "2PZKH6NYOBGTVJWX4QSLRMD5CE", "name": "Kofi Mensah",
        "email": "kofi@example.net"
    },
    "aux_info": "A",
    "session": {
        "uuid": "WQ6XJ2TIVNBQTKPZ5LMHOYRG3A", "login_time": "2026-06-15T08:00:00Z",
        "device_uuid": "n4xkt7rvqzjs2lwbmdyhc5ogei", "ip": "198.51.100.7"
    },
    "location": {
        "country": "SN", "region": "Dakar", "city": "Dakar",
        "latitude": 14.6937, "longitude": -17.4441
    }
}"#;

pub(crate) fn time(text: &str) -> SystemTime {
    text.parse::<Timestamp>().unwrap().to_system_time()
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// What the default mapper makes of an event, of the account `acme`.
pub(crate) fn map(feed: Feed, event: &str) -> Mapped {
    map_by(&DefaultMapper::new(), feed, event)
}

/// What a mapper makes of it.
pub(crate) fn map_by(mapper: &impl Mapper, feed: Feed, event: &str) -> Mapped {
    let event = Event::new(feed, event.to_owned()).unwrap();
    let tags = Tags::new(["Env:Prod", "team:blue"]).unwrap();
    let host = "events.1password.eu";
    let context = Context::new(name("acme"), feed, host, &tags, time(NOW)).unwrap();
    mapper.map(&event, &context)
}

/// The log as it goes over the wire.
pub(crate) fn text(entry: &LogEntry) -> String {
    let mut text = Vec::new();
    entry.write_json(&mut text);
    String::from_utf8(text).unwrap()
}

pub(crate) fn log(feed: Feed, event: &str) -> Value {
    serde_json::from_str(&text(&map(feed, event).entry)).unwrap()
}

/// What the log holds under `pointer`; null if nothing.
pub(crate) fn at(feed: Feed, event: &Value, pointer: &str) -> Value {
    let log = log(feed, &event.to_string());
    log.pointer(pointer).cloned().unwrap_or_default()
}

/// A whole event with some of its members set; `null` takes one out.
pub(crate) fn with(event: &str, changes: &Value) -> Value {
    let mut event: Value = serde_json::from_str(event).unwrap();
    merge(&mut event, changes);
    event
}

fn merge(value: &mut Value, changes: &Value) {
    let (Value::Object(members), Value::Object(changes)) = (&mut *value, changes) else {
        *value = changes.clone();
        return;
    };
    for (key, change) in changes {
        if change.is_null() {
            members.remove(key);
        } else {
            merge(members.entry(key).or_insert(Value::Null), change);
        }
    }
}
