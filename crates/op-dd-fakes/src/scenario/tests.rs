use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::Feed;

/// Noon of 1 May 2026.
fn anchor() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_636_800)
}

fn day(seed: u64, count: usize) -> Vec<Event> {
    Scenario::OrdinaryDay
        .events(seed, anchor(), count)
        .collect()
}

fn value(event: &Event) -> Value {
    serde_json::from_str(event.json()).unwrap()
}

#[test]
fn is_the_same_for_the_same_seed_only() {
    for scenario in Scenario::ALL {
        let events = |seed| -> Vec<_> { scenario.events(seed, anchor(), 200).collect() };
        assert_eq!(events(1), events(1), "{scenario}");
        assert_ne!(events(1), events(2), "{scenario}");
    }
}

#[test]
fn has_as_much_ordinary_life_as_was_asked_for_and_the_story_besides() {
    assert_eq!(day(1, 0), []);
    for count in [1, 500] {
        assert_eq!(day(1, count).len(), count);
        for scenario in Scenario::ALL {
            let events = scenario.events(1, anchor(), count);
            assert_eq!(
                events.len() > count,
                scenario != Scenario::OrdinaryDay,
                "{scenario}"
            );
        }
    }
}

#[test]
fn is_called_by_its_name_and_an_unknown_name_gets_the_list() {
    let names: BTreeSet<_> = Scenario::ALL.map(Scenario::name).into();
    assert_eq!(names.len(), Scenario::ALL.len());
    for scenario in Scenario::ALL {
        assert_eq!(scenario.name().parse::<Scenario>().unwrap(), scenario);
    }
    let error = "mfa".parse::<Scenario>().unwrap_err().to_string();
    assert!(
        error.starts_with("no scenario is called `mfa`; there are: ordinary-day, mfa-disabled, ")
    );
    for name in names {
        assert!(error.contains(name), "{name}");
    }
}

#[test]
fn no_uuid_is_there_twice() {
    let events = day(3, 20_000);
    let uuids: BTreeSet<_> = events
        .iter()
        .map(|event| value(event)["uuid"].to_string())
        .collect();
    assert_eq!(uuids.len(), events.len());
}

#[test]
fn all_is_of_today_but_for_some_usages() {
    for scenario in Scenario::ALL {
        let mut old = 0;
        let mut newest = BTreeMap::new();
        let events: Vec<_> = scenario.events(4, anchor(), 5000).collect();
        for event in &events {
            let said = value(event)["timestamp"].as_str().unwrap().to_owned();
            let said: jiff::Timestamp = said.parse().unwrap();
            assert_eq!(SystemTime::from(said), event.time());
            let age = anchor().duration_since(event.time()).unwrap();
            if age > Duration::from_secs(17 * 3600 + 1) {
                assert_eq!(event.feed(), Feed::ItemUsages);
                assert!(age < Duration::from_secs(30 * 24 * 3600), "{age:?}");
                old += 1;
            } else if event.feed() != Feed::ItemUsages {
                let newest = newest.entry(event.feed()).or_insert(event.time());
                assert!(*newest <= event.time(), "{scenario}: out of order");
                *newest = event.time();
            }
        }
        assert!((1..100).contains(&old), "{scenario}: {old}");
    }
}

#[test]
fn people_fill_in_mostly_and_fail_seldom() {
    let mut by_action: BTreeMap<String, usize> = BTreeMap::new();
    let mut people = BTreeSet::new();
    for event in day(5, 100_000) {
        let json = value(&event);
        let action = match event.feed() {
            Feed::SignInAttempts => &json["category"],
            Feed::ItemUsages => {
                people.insert(json["user"]["uuid"].to_string());
                &json["action"]
            }
            Feed::AuditEvents => &json["object_type"],
        };
        *by_action
            .entry(action.as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    assert!((300..500).contains(&people.len()), "{}", people.len());
    let count = |action: &str| by_action[action];
    assert!(count("fill") > 50_000);
    for (action, range) in [
        ("reveal", 1000..5000),
        ("secure-copy", 2000..8000),
        ("success", 8000..15_000),
        ("credentials_failed", 100..600),
        ("gm", 50..1000),
        ("uva", 50..1000),
        ("invite", 20..500),
    ] {
        assert!(
            range.contains(&count(action)),
            "{action}: {}",
            count(action)
        );
    }
}

#[test]
fn people_work_by_day() {
    // The hours of London are those of UTC.
    let mut by_hour = [0_usize; 24];
    for event in day(6, 20_000) {
        let json = value(&event);
        if json["location"]["city"] == "London" && json["user"].is_object() {
            let time = json["timestamp"].as_str().unwrap();
            by_hour[time[11..13].parse::<usize>().unwrap()] += 1;
        }
    }
    assert!(by_hour[10] > 10 * by_hour[2].max(1), "{by_hour:?}");
}

#[test]
fn addresses_are_for_documentation() {
    for scenario in Scenario::ALL {
        for event in scenario.events(7, anchor(), 300) {
            let json = value(&event);
            let address = json.pointer("/client/ip_address");
            let address = address.or_else(|| json.pointer("/session/ip")).unwrap();
            let text = address.as_str().unwrap();
            assert!(text.parse::<std::net::IpAddr>().is_ok(), "{text}");
            let ranges = ["203.0.113.", "198.51.100.", "192.0.2.", "2001:db8:"];
            assert!(ranges.iter().any(|range| text.starts_with(range)), "{text}");
        }
    }
}

#[test]
fn any_anchor_will_do() {
    for scenario in Scenario::ALL {
        assert!(scenario.events(8, SystemTime::UNIX_EPOCH, 3).len() >= 3);
    }
}
