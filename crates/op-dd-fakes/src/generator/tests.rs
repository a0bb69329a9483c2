use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

/// Noon of 1 May 2026.
fn anchor() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_636_800)
}

fn events(seed: u64, count: usize) -> Vec<Event> {
    let generator = Generator::new(seed, anchor(), count);
    assert_eq!(generator.len(), count);
    generator.collect()
}

fn values(events: &[Event], feed: Feed) -> Vec<Value> {
    events
        .iter()
        .filter(|event| event.feed() == feed)
        .map(|event| serde_json::from_str(event.json()).unwrap())
        .collect()
}

fn all<'a>(events: &'a [Value], name: &str) -> BTreeSet<&'a str> {
    events
        .iter()
        .map(|event| event[name].as_str().unwrap())
        .collect()
}

#[test]
fn is_the_same_for_the_same_seed_only() {
    assert_eq!(events(1, 500), events(1, 500));
    assert_ne!(events(1, 500), events(2, 500));
    assert_ne!(
        events(1, 500)[0],
        Generator::new(1, anchor() + Duration::from_secs(1), 500)
            .next()
            .unwrap()
    );
}

/// The bytes are a promise: a demonstration that is stopped and started again reads on in the same history.
#[test]
fn is_the_same_in_every_release() {
    let event = events(1, 1).remove(0);
    assert_eq!(
        event.json(),
        include_str!("tests/first_event.json").trim_end()
    );
}

#[test]
fn no_uuid_is_there_twice() {
    let events = events(3, 20_000);
    let uuids: BTreeSet<String> = events
        .iter()
        .map(|event| {
            let value: Value = serde_json::from_str(event.json()).unwrap();
            value["uuid"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(uuids.len(), events.len());
    assert!(uuids.iter().all(|uuid| {
        uuid.len() == 26
            && uuid
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte))
    }));
}

#[test]
fn every_kind_is_there() {
    let events = events(4, 3000);
    let sign_ins = values(&events, Feed::SignInAttempts);
    assert_eq!(all(&sign_ins, "type").len(), 31);
    assert_eq!(all(&sign_ins, "category").len(), 7);
    let usages = values(&events, Feed::ItemUsages);
    assert_eq!(all(&usages, "action").len(), 11);
    let changes = values(&events, Feed::AuditEvents);
    assert_eq!(all(&changes, "action").len(), 79);
    assert_eq!(all(&changes, "object_type").len(), 30);
}

#[test]
fn feeds_and_gaps_have_their_shares() {
    let events = events(5, 20_000);
    for (feed, expected) in [
        (Feed::SignInAttempts, 35),
        (Feed::ItemUsages, 45),
        (Feed::AuditEvents, 20),
    ] {
        let share = values(&events, feed).len() * 100;
        assert!(
            share.abs_diff(expected * events.len()) < events.len(),
            "{feed}"
        );
    }

    let sign_ins = values(&events, Feed::SignInAttempts);
    assert!(
        sign_ins
            .iter()
            .any(|event| event["details"].is_null() && event.get("details").is_some())
    );
    assert!(
        sign_ins
            .iter()
            .any(|event| event["details"]["value"].is_string())
    );
    let changes = values(&events, Feed::AuditEvents);
    for feed in [&sign_ins, &values(&events, Feed::ItemUsages), &changes] {
        assert!(feed.iter().any(|event| event.get("location").is_none()));
        assert!(feed.iter().any(|event| event.get("account_uuid").is_none()));
    }
    assert!(changes.iter().any(|event| event["aux_info"] == "A"));
    assert!(changes.iter().any(|event| event.get("aux_uuid").is_none()));
    assert!(
        changes
            .iter()
            .any(|event| event["object_type"] == "uva" && event["actor_uuid"] == event["aux_uuid"])
    );
}

#[test]
fn a_few_people_do_most() {
    let usages = values(&events(6, 20_000), Feed::ItemUsages);
    let mut by_person = BTreeMap::new();
    for usage in &usages {
        *by_person
            .entry(usage["user"]["uuid"].as_str().unwrap())
            .or_insert(0) += 1;
    }
    let mut counts: Vec<usize> = by_person.into_values().collect();
    counts.sort_unstable();
    let busiest: usize = counts.iter().rev().take(6).sum();
    assert!(
        busiest * 4 > usages.len(),
        "six of {} people: {busiest} of {}",
        counts.len(),
        usages.len()
    );
}

#[test]
fn addresses_are_for_documentation() {
    let events = events(7, 5000);
    let mut versions = BTreeSet::new();
    for (feed, pointer) in [
        (Feed::SignInAttempts, "/client/ip_address"),
        (Feed::ItemUsages, "/client/ip_address"),
        (Feed::AuditEvents, "/session/ip"),
    ] {
        for event in values(&events, feed) {
            let text = event
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap()
                .to_owned();
            let address: std::net::IpAddr = text.parse().unwrap();
            versions.insert(address.is_ipv6());
            let ranges = ["203.0.113.", "198.51.100.", "192.0.2.", "2001:db8:"];
            assert!(ranges.iter().any(|range| text.starts_with(range)), "{text}");
        }
    }
    assert_eq!(versions.len(), 2);
}

#[test]
fn times_are_in_order_but_for_late_usages() {
    let events = events(8, 20_000);
    let ago = |event: &Event| anchor().duration_since(event.time()).unwrap();
    let hours = |hours: u64| Duration::from_secs(hours * 3600);

    assert!(events.iter().all(|event| ago(event) <= hours(30 * 24 - 1)));
    let recent = events
        .iter()
        .filter(|event| ago(event) <= hours(17))
        .count();
    assert!(recent * 100 > events.len() * 90, "{recent}");

    let mut late = 0;
    for feed in Feed::ALL {
        let mut newest = SystemTime::UNIX_EPOCH;
        for event in events.iter().filter(|event| event.feed() == feed) {
            let value: Value = serde_json::from_str(event.json()).unwrap();
            let said: jiff::Timestamp = value["timestamp"].as_str().unwrap().parse().unwrap();
            assert_eq!(SystemTime::from(said), event.time());
            // Rounding takes off up to a second, a sync up to eight.
            if newest
                .duration_since(event.time())
                .is_ok_and(|behind| behind > Duration::from_secs(60))
            {
                assert_eq!(feed, Feed::ItemUsages);
                late += 1;
            }
            newest = newest.max(event.time());
        }
    }
    assert!((150..400).contains(&late), "{late}");
}

#[test]
fn any_number_and_anchor_will_do() {
    assert_eq!(events(9, 0), []);
    assert_eq!(events(9, 1).len(), 1);
    assert_eq!(Generator::new(9, SystemTime::UNIX_EPOCH, 100).count(), 100);
}

#[test]
fn elsewhere_are_the_same_people_and_nothing_changes_for_it() {
    let generator = Generator::new(3, anchor(), 500);
    let others: Vec<String> = generator.elsewhere(300).collect();
    assert_eq!(others, generator.elsewhere(300).collect::<Vec<_>>());
    let events: Vec<Event> = generator.collect();
    assert_eq!(events, Generator::new(3, anchor(), 500).collect::<Vec<_>>());

    let trail: String = events.iter().map(|event| &*event.json).collect();
    let mut known = 0;
    for log in &others {
        let log: Value = serde_json::from_str(log).unwrap();
        assert_ne!(log["ddsource"], "1password");
        assert_eq!(log["ddtags"], "invented:op-dd");
        let time: jiff::Timestamp = log["timestamp"].as_str().unwrap().parse().unwrap();
        assert!(SystemTime::from(time) <= anchor());
        known += usize::from(trail.contains(log["usr"]["email"].as_str().unwrap()));
    }
    assert!(known > 250, "{known} of 300 are in the trail");
}
