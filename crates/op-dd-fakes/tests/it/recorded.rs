//! Requests that were once sent to the real API are sent to the fake, which has to answer like it.

use std::collections::{BTreeMap, BTreeSet};

use op_dd_fakes::FakeDatadog;
use serde_json::Value;

use crate::shared::{Recorded, recordings};
use crate::wire::{Answer, manage, send};

/// What is in some recordings and not in the newest, or only for certain organisations and settings.
const ELSEWHERE: [&str; 6] = [
    "avalanche_window",
    "index",
    "is_read_only",
    "locked",
    "restricted",
    "run_as",
];

/// Parts of the names of recordings of metrics, schemas and the like. The fake takes and keeps them, and doesn't add to
/// them what the real API does.
const ROUGHLY: [&str; 7] = [
    "metric-monitor",
    "aggregate-",
    "monitor-with-assets",
    "Array-Processor-Append-Operation-returns",
    "Array-Processor-Key-Value-Operation-returns",
    "chema-",
    "third-party",
];

#[tokio::test]
async fn dashboards_are_answered_as_recorded() {
    let replayed = replay("v1/dashboards", "/api/v1/dashboard").await;
    assert!(
        replayed.is_none_or(|replayed| replayed >= 66),
        "{replayed:?}"
    );
}

#[tokio::test]
async fn monitors_are_answered_as_recorded() {
    let replayed = replay("v1/monitors", "/api/v1/monitor").await;
    assert!(
        replayed.is_none_or(|replayed| replayed >= 44),
        "{replayed:?}"
    );
}

#[tokio::test]
async fn pipelines_are_answered_as_recorded() {
    let replayed = replay("v1/logs_pipelines", "/api/v1/logs/config/pipelines").await;
    assert!(
        replayed.is_none_or(|replayed| replayed >= 34),
        "{replayed:?}"
    );
}

#[tokio::test]
async fn rules_are_answered_as_recorded() {
    let part = "/api/v2/security_monitoring/rules";
    let replayed = replay("v2/security_monitoring", part).await;
    assert!(
        replayed.is_none_or(|replayed| replayed >= 31),
        "{replayed:?}"
    );
}

#[tokio::test]
async fn keys_are_checked_as_recorded() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    for (name, exchanges) in recordings("v1/authentication") {
        for recorded in exchanges {
            let mut request = manage(&fake, &recorded.method, &recorded.target);
            if recorded.status == 403 {
                let url = format!("{}{}", fake.url(), recorded.target);
                request = crate::wire::client().get(url);
            }
            let answer = send(request).await.unwrap();
            assert_eq!(
                (answer.status, answer.body),
                (recorded.status, recorded.answer),
                "{name}"
            );
        }
    }
}

/// Sends what was recorded of this part of the API, and compares. Gives the number of requests, if there are
/// recordings.
async fn replay(recorded: &str, part: &str) -> Option<usize> {
    let files = recordings_here(recorded);
    let known = known_members(&files, part);
    let mut replayed = 0;
    for (name, exchanges) in &files {
        let fake = FakeDatadog::builder().start().await.unwrap();
        let mut ids = BTreeMap::new();
        for recorded in exchanges
            .iter()
            .filter(|recorded| recorded.target.starts_with(part))
        {
            let target = translate(&recorded.target, &ids);
            let request = manage(&fake, &recorded.method, &target);
            let answer = send(request.body(recorded.body.clone())).await.unwrap();
            compare(name, recorded, &answer, &ids, &known);
            if let (Some(theirs), Some(ours)) = (id(&recorded.answer), id(&answer.body)) {
                ids.insert(theirs, ours);
            }
            replayed += 1;
        }
    }
    (!files.is_empty()).then_some(replayed)
}

/// Types of rules that the fake doesn't know, and what it doesn't do with any.
const NOT_HERE: [&str; 5] = [
    "application_security",
    "cloud_configuration",
    "signal_correlation",
    "workload_security",
    "/convert",
];

/// The recordings of this part of the API, without those of what the fake doesn't know.
fn recordings_here(recorded: &str) -> Vec<(String, Vec<Recorded>)> {
    let mut files = recordings(recorded);
    files.retain(|(_, exchanges)| {
        let is_here = |text: &str| !NOT_HERE.iter().any(|other| text.contains(other));
        exchanges
            .iter()
            .all(|recorded| is_here(&recorded.body) && is_here(&recorded.target))
    });
    files
}

fn compare(
    name: &str,
    recorded: &Recorded,
    answer: &Answer,
    ids: &BTreeMap<String, String>,
    known: &BTreeSet<String>,
) {
    assert_eq!(answer.status, recorded.status, "{name}: {}", answer.body);
    if recorded.status >= 400 {
        let expected = translate(&recorded.answer, ids);
        let expected: Value = serde_json::from_str(&expected).unwrap();
        assert_eq!(answer.json(), expected, "{name}");
        return;
    }
    if recorded.answer.is_empty() {
        assert_eq!(answer.body, "", "{name}");
        return;
    }
    let (ours, theirs) = (members(&answer.body), members(&recorded.answer));
    let lacking: Vec<_> = theirs
        .difference(&ours)
        .filter(|name| !ELSEWHERE.contains(&name.as_str()))
        .collect();
    assert!(lacking.is_empty(), "{name}: without {lacking:?}");
    if !ROUGHLY.iter().any(|part| name.contains(part)) {
        let theirs: Value = serde_json::from_str(&recorded.answer).unwrap();
        for member in members(&recorded.body) {
            let (ours, theirs) = (&answer.json()[&member], &theirs[&member]);
            assert!(
                covers(ours, theirs),
                "{name}: {member}: {ours} instead of {theirs}"
            );
        }
    }
    let invented: Vec<_> = ours.difference(known).collect();
    assert!(
        invented.is_empty(),
        "{name}: {invented:?} was never recorded"
    );
}

/// The text with the fake's identifiers in the place of the recorded ones.
fn translate(text: &str, ids: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (theirs, ours) in ids {
        text = text.replace(theirs, ours);
    }
    text
}

/// The members at the root of any success of this part.
fn known_members(files: &[(String, Vec<Recorded>)], part: &str) -> BTreeSet<String> {
    let exchanges = files.iter().flat_map(|(_, exchanges)| exchanges);
    let of_part =
        exchanges.filter(|recorded| recorded.target.starts_with(part) && recorded.status < 400);
    of_part
        .flat_map(|recorded| members(&recorded.answer))
        .collect()
}

fn members(body: &str) -> BTreeSet<String> {
    match serde_json::from_str(body) {
        Ok(Value::Object(members)) => members.into_iter().map(|(name, _)| name).collect(),
        _ => BTreeSet::new(),
    }
}

/// The identifier of what was made, as it is in a path.
fn id(answer: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    match answer.get("id")? {
        Value::String(id) => Some(id.clone()),
        id => Some(id.to_string()),
    }
}

/// Whether everything that was answered then is answered now. An identifier is the server's to choose, and older
/// recordings have fewer members.
fn covers(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| covers(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => theirs.iter().all(|(name, theirs)| {
            name == "id"
                || ELSEWHERE.contains(&name.as_str())
                || ours.get(name).is_some_and(|ours| covers(ours, theirs))
        }),
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        _ => ours == theirs,
    }
}
