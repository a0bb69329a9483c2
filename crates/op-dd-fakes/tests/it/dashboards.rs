use std::time::Duration;

use op_dd_fakes::FakeDatadog;
use serde_json::{Value, json};

use crate::wire::{ask_for, clock, noon, set};

const DASHBOARDS: &str = "/api/v1/dashboard";

fn dashboard() -> Value {
    json!({
        "title": "Sign-ins, by country",
        "description": "Managed by somebody",
        "layout_type": "ordered",
        "reflow_type": "fixed",
        "template_variables": [{"name": "user", "prefix": "@usr.email", "defaults": ["*"]}],
        "widgets": [{
            "layout": {"x": 0, "y": 0, "width": 12, "height": 4},
            "definition": {
                "type": "group", "layout_type": "ordered", "title": "Where",
                "widgets": [{
                    "layout": {"x": 0, "y": 0, "width": 4, "height": 2},
                    "definition": {"type": "note", "content": "Somewhere"}
                }]
            }
        }]
    })
}

#[tokio::test]
async fn a_dashboard_is_made_and_read_and_listed_and_replaced_and_deleted() {
    let (clock, hand) = clock();
    let fake = FakeDatadog::builder().clock(clock).start().await.unwrap();
    let made = ask_for(&fake, "POST", DASHBOARDS, &dashboard()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["url"], format!("/dashboard/{id}/sign-ins-by-country"));
    assert_eq!(made["created_at"], "2026-05-01T12:00:00.000000+00:00");
    assert_eq!(
        made["template_variables"],
        dashboard()["template_variables"]
    );
    let group = &made["widgets"][0];
    let inner = &group["definition"]["widgets"][0];
    assert!(group["id"].is_u64() && inner["id"].is_u64() && group["id"] != inner["id"]);
    assert_eq!(fake.dashboards()[id], made);

    let one = format!("{DASHBOARDS}/{id}");
    assert_eq!(ask_for(&fake, "GET", &one, &Value::Null).await.json(), made);
    let listed = ask_for(&fake, "GET", DASHBOARDS, &Value::Null).await.json();
    let listed = listed["dashboards"].as_array().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["description"], "Managed by somebody");
    assert!(listed[0].get("widgets").is_none(), "the list is a summary");

    *hand.lock().unwrap() = noon() + Duration::from_secs(60);
    let mut other = made.clone();
    other["title"] = json!("Other");
    other["author_handle"] = json!("somebody else");
    let put = ask_for(&fake, "PUT", &one, &other).await.json();
    assert_eq!((&put["title"], &put["id"]), (&json!("Other"), &made["id"]));
    assert_eq!(put["author_handle"], made["author_handle"]);
    assert_eq!(
        put["widgets"], made["widgets"],
        "a widget keeps its identifier"
    );
    assert_eq!(put["created_at"], made["created_at"]);
    assert_eq!(put["modified_at"], "2026-05-01T12:01:00.000000+00:00");

    let deleted = ask_for(&fake, "DELETE", &one, &Value::Null).await;
    assert_eq!(deleted.json(), json!({"deleted_dashboard_id": id}));
    assert_eq!(ask_for(&fake, "GET", &one, &Value::Null).await.status, 404);
    assert!(fake.dashboards().is_empty());
}

#[tokio::test]
async fn the_list_is_given_in_parts_on_demand() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    for _ in 0..5 {
        ask_for(&fake, "POST", DASHBOARDS, &dashboard()).await;
    }
    let part = async |query: &str| {
        let target = format!("{DASHBOARDS}{query}");
        let list = ask_for(&fake, "GET", &target, &Value::Null).await.json();
        list["dashboards"].as_array().unwrap().len()
    };
    assert_eq!(part("").await, 5);
    assert_eq!(part("?start=3&count=100").await, 2);
    assert_eq!(part("?count=2").await, 2);
}

#[tokio::test]
async fn a_bad_dashboard_is_refused_and_its_fault_named() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let made = ask_for(&fake, "POST", DASHBOARDS, &dashboard())
        .await
        .json();
    let one = format!("{DASHBOARDS}/{}", made["id"].as_str().unwrap());
    let inner = "/widgets/0/definition/widgets/0";
    for (place, value, said) in [
        ("/title", None, "'title'"),
        ("/layout_type", None, "'layout_type'"),
        ("/widgets", None, "'widgets'"),
        (
            "/layout_type",
            Some(json!("grid")),
            "'layout_type' is invalid",
        ),
        (
            "/reflow_type",
            Some(json!("none")),
            "'reflow_type' is invalid",
        ),
        (
            "/tags",
            Some(json!(["managed-by:op-dd"])),
            "'tags' is invalid",
        ),
        (
            "/template_variables/0/default",
            Some(json!("*")),
            "'template_variables' is invalid",
        ),
        (
            "/template_variables/0/defaults/0",
            Some(json!("")),
            "Minimum length of parameter 'defaults'",
        ),
        (
            "/widgets/0/layout",
            None,
            "position 0. Error: 'layout' is a required property",
        ),
        (
            "/widgets/0/definition/type",
            Some(json!("geo_map")),
            "position 0 of type geo_map",
        ),
        (
            "/widgets/0/definition/widgets",
            None,
            "position 0 of type group. Error: 'widgets'",
        ),
        (
            &format!("{inner}/definition/type"),
            Some(json!("geomap")),
            "inner widget definition at position 0 of type geomap. Error: 'requests'",
        ),
        (
            &format!("{inner}/definition/type"),
            Some(json!("group")),
            "of type group. Error: Groups",
        ),
        (
            &format!("{inner}/definition/content"),
            None,
            "of type note. Error: 'content'",
        ),
    ] {
        let mut bad = dashboard();
        set(&mut bad, place, value);
        for (method, target) in [("POST", DASHBOARDS), ("PUT", &one)] {
            let answer = ask_for(&fake, method, target, &bad).await;
            assert_eq!(answer.status, 400, "{place}");
            let error = answer.json()["errors"][0].clone();
            assert!(error.as_str().unwrap().contains(said), "{place}: {error}");
        }
    }
    assert_eq!(fake.dashboards().len(), 1);
    assert_eq!(fake.dashboards().values().next(), Some(&made));
}
