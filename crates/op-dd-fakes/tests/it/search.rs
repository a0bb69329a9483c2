use std::time::Duration;

use op_dd_fakes::{FakeDatadog, FakeDatadogBuilder};
use serde_json::{Value, json};

use crate::wire::{ask_for, clock, noon, submit};

const SEARCH: &str = "/api/v2/logs/events/search";

async fn fake(builder: FakeDatadogBuilder) -> FakeDatadog {
    let fake = builder.start().await.unwrap();
    let logs = json!([
        {"ddsource": "1password", "ddtags": "env:test,a:b", "service": "one", "message": "x", "trial": {"id": "A"}},
        {"ddsource": "1password", "service": "two", "trial": {"id": "B"}},
        {"ddsource": "op-dd", "service": "op-dd", "trial": {"id": "A"}},
    ]);
    assert_eq!(submit(&fake, logs.to_string()).await.unwrap().status, 202);
    fake
}

async fn services(fake: &FakeDatadog, filter: Value) -> Vec<String> {
    let search = json!({"filter": filter, "sort": "timestamp"});
    let answer = ask_for(fake, "POST", SEARCH, &search).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let found = answer.json();
    let found = found["data"].as_array().unwrap().iter();
    let mut services: Vec<_> = found
        .map(|log| log["attributes"]["service"].as_str().unwrap().to_owned())
        .collect();
    services.sort();
    services
}

#[tokio::test]
async fn logs_are_found_by_attribute_source_service_and_tag() {
    let fake = fake(FakeDatadog::builder()).await;
    for (query, expected) in [
        ("*", &["one", "op-dd", "two"][..]),
        ("@trial.id:A", &["one", "op-dd"]),
        ("source:1password @trial.id:A", &["one"]),
        ("source:1password -@trial.id:A", &["two"]),
        ("service:t*", &["two"]),
        ("env:test", &["one"]),
        ("@trial.id:C", &[]),
    ] {
        assert_eq!(
            services(&fake, json!({"query": query})).await,
            expected,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_log_is_shown_as_the_api_shows_it() {
    let fake = fake(FakeDatadog::builder().clock(clock().0)).await;
    let search = json!({"filter": {"query": "service:one"}});
    let found = ask_for(&fake, "POST", SEARCH, &search).await.json();
    assert_eq!(found["meta"]["status"], "done");
    let log = &found["data"][0];
    assert_eq!(log["type"], "log");
    assert!(log["id"].is_string());
    assert_eq!(
        log["attributes"],
        json!({
            "timestamp": "2026-05-01T12:00:00Z", "host": null, "message": "x", "service": "one",
            "status": null, "tags": ["env:test", "a:b", "source:1password"],
            "attributes": {"trial": {"id": "A"}},
        })
    );
}

#[tokio::test]
async fn a_search_is_bounded_by_time_and_number() {
    let (clock, hand) = clock();
    let fake = fake(FakeDatadog::builder().clock(clock)).await;
    *hand.lock().unwrap() = noon() + Duration::from_secs(600);
    for (from, to, expected) in [
        ("now-15m", "now", 3),
        ("now-5m", "now", 0),
        ("now-15m", "now-11m", 0),
        ("2026-05-01T12:00:00Z", "2026-05-01T12:00:00Z", 3),
        ("2026-05-01T12:00:00.001Z", "now", 0),
        ("1777636800000", "1777636800000", 3),
    ] {
        let found = services(&fake, json!({"from": from, "to": to})).await;
        assert_eq!(found.len(), expected, "{from} {to}");
    }
    let one = json!({"page": {"limit": 1}});
    let found = ask_for(&fake, "POST", SEARCH, &one).await.json();
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    let bad = json!({"filter": {"from": "yesterday"}});
    assert_eq!(ask_for(&fake, "POST", SEARCH, &bad).await.status, 400);
    let hard = json!({"filter": {"query": "@a:[1 TO 2]"}});
    assert_eq!(ask_for(&fake, "POST", SEARCH, &hard).await.status, 400);
}

#[tokio::test]
async fn an_index_may_be_late_or_take_nothing_in() {
    let (clock, hand) = clock();
    let late = FakeDatadog::builder().index_after(Duration::from_secs(30));
    let late = fake(late.clock(clock)).await;
    assert!(services(&late, json!({})).await.is_empty());
    *hand.lock().unwrap() += Duration::from_secs(30);
    assert_eq!(services(&late, json!({})).await.len(), 3);
    let none = fake(FakeDatadog::builder().without_index()).await;
    assert!(services(&none, json!({})).await.is_empty());
}

#[tokio::test]
async fn it_takes_a_permission_and_is_read_by_nothing_but_post() {
    let builder = FakeDatadog::builder().without_permission("logs_read_data");
    let fake = fake(builder).await;
    assert_eq!(ask_for(&fake, "POST", SEARCH, &json!({})).await.status, 403);
    let fake = FakeDatadog::builder().start().await.unwrap();
    assert_eq!(
        ask_for(&fake, "GET", SEARCH, &Value::Null).await.status,
        404
    );
}

#[tokio::test]
async fn datadogs_own_pipeline_may_stay_away() {
    let pipelines = "/api/v1/logs/config/pipelines";
    for (builder, expected) in [
        (FakeDatadog::builder(), 1),
        (FakeDatadog::builder().without_integration(), 0),
    ] {
        let fake = fake(builder).await;
        let listed = ask_for(&fake, "GET", pipelines, &Value::Null).await.json();
        assert_eq!(listed.as_array().unwrap().len(), expected);
    }
}
