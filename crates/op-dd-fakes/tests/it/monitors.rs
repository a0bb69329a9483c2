use op_dd_fakes::FakeDatadog;
use serde_json::{Value, json};

use crate::wire::{ask_for, set};

const MONITORS: &str = "/api/v1/monitor";

fn monitor() -> Value {
    json!({
        "name": "Silence",
        "type": "log alert",
        "query": "logs(\"source:op-dd\").index(\"*\").rollup(\"count\").by(\"service\").last(\"15m\") < 1",
        "message": "Nothing came",
        "tags": ["team:security", "env:ci"],
        "options": {"thresholds": {"critical": 1}, "include_tags": false}
    })
}

#[tokio::test]
async fn a_monitor_is_made_and_read_and_changed_and_deleted() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let made = ask_for(&fake, "POST", MONITORS, &monitor()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(
        made.body.contains(r#""critical":1.0"#),
        "a threshold is a fraction: {}",
        made.body
    );
    let made = made.json();
    let id = made["id"].as_u64().unwrap().to_string();
    assert_eq!(
        (&made["multi"], &made["overall_state"]),
        (&json!(true), &json!("No Data"))
    );
    assert_eq!(made["options"]["include_tags"], false, "what is said stays");
    assert_eq!(
        made["options"]["new_host_delay"], 300,
        "what isn't is added"
    );
    assert_eq!(fake.monitors()[&id], made);

    let one = format!("{MONITORS}/{id}");
    assert_eq!(ask_for(&fake, "GET", &one, &Value::Null).await.json(), made);
    let changed = ask_for(
        &fake,
        "PUT",
        &one,
        &json!({"message": "Nothing at all came"}),
    )
    .await
    .json();
    assert_eq!(changed["message"], "Nothing at all came");
    assert_eq!(
        (&changed["query"], &changed["id"]),
        (&made["query"], &made["id"])
    );
    assert_eq!(fake.monitors()[&id], changed);

    let deleted = ask_for(&fake, "DELETE", &one, &Value::Null).await.json();
    assert_eq!(deleted, json!({"deleted_monitor_id": made["id"]}));
    assert!(fake.monitors().is_empty());
}

#[tokio::test]
async fn monitors_are_listed_by_all_of_the_tags_asked_for() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    for (name, tags) in [
        ("a", json!(["x:1"])),
        ("b", json!(["x:1", "y:2"])),
        ("ab", json!([])),
    ] {
        let mut monitor = monitor();
        monitor["name"] = json!(name);
        monitor["tags"] = tags;
        ask_for(&fake, "POST", MONITORS, &monitor).await;
    }
    let names = async |query: &str| {
        let list = ask_for(&fake, "GET", &format!("{MONITORS}{query}"), &Value::Null)
            .await
            .json();
        let names = list
            .as_array()
            .unwrap()
            .iter()
            .map(|monitor| monitor["name"].as_str().unwrap());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("").await, "a b ab");
    assert_eq!(names("?monitor_tags=x:1").await, "a b");
    assert_eq!(names("?monitor_tags=x%3A1,y%3A2").await, "b");
    assert_eq!(names("?monitor_tags=x:2").await, "");
    assert_eq!(names("?name=b").await, "b ab");
    assert_eq!(names("?page=1&page_size=2").await, "ab");
}

#[tokio::test]
async fn a_bad_monitor_is_refused_wherever_it_is_shown() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let made = ask_for(&fake, "POST", MONITORS, &monitor()).await.json();
    let id = &made["id"];
    for (place, value, said) in [
        (
            "/type",
            Some(json!("logs alert")),
            "parameter 'type' is invalid",
        ),
        (
            "/query",
            Some(json!("query")),
            "parameter 'query' is invalid: invalid operator specified: ",
        ),
        (
            "/query",
            Some(json!("logs(\"*\").last(\"5m\") > many")),
            "parameter 'query' is invalid",
        ),
        (
            "/query",
            Some(json!("avg(last_5m):avg:x{*} > 1")),
            "parameter 'query' is invalid",
        ),
        (
            "/priority",
            Some(json!(6)),
            "parameter 'priority' is invalid",
        ),
        (
            "/options/thresholds/critical",
            Some(json!(2)),
            "Alert threshold (2.0) does not match that used in the query (1.0).",
        ),
        (
            "/options/thresholds",
            Some(json!({"warning": 2})),
            "Alert status is required.",
        ),
        (
            "/options/thresholds/critical",
            Some(json!("1")),
            "Non-numeric threshold value.",
        ),
    ] {
        let mut bad = monitor();
        set(&mut bad, place, value);
        for (method, target) in [
            ("POST", MONITORS.to_owned()),
            ("POST", format!("{MONITORS}/validate")),
            ("POST", format!("{MONITORS}/{id}/validate")),
            ("PUT", format!("{MONITORS}/{id}")),
        ] {
            let answer = ask_for(&fake, method, &target, &bad).await;
            assert_eq!(answer.status, 400, "{place}");
            let error = answer.json()["errors"][0].clone();
            assert!(error.as_str().unwrap().contains(said), "{place}: {error}");
        }
    }
    for name in ["type", "query"] {
        let mut bad = monitor();
        set(&mut bad, &format!("/{name}"), None);
        assert_eq!(ask_for(&fake, "POST", MONITORS, &bad).await.status, 400);
    }
    assert_eq!(fake.monitors().values().collect::<Vec<_>>(), [&made]);
    let unknown = format!("{MONITORS}/1/validate");
    assert_eq!(
        ask_for(&fake, "POST", &unknown, &monitor()).await.status,
        404
    );
}
