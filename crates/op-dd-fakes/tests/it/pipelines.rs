use op_dd_fakes::FakeDatadog;
use serde_json::{Value, json};

use crate::wire::{ask_for, set, submit};

const PIPELINES: &str = "/api/v1/logs/config/pipelines";
const ORDER: &str = "/api/v1/logs/config/pipeline-order";

fn pipeline() -> Value {
    json!({
        "name": "Ours",
        "is_enabled": true,
        "filter": {"query": "source:1password"},
        "processors": [
            {"type": "geo-ip-parser", "sources": ["network.client.ip"], "target": "network.client.geoip"},
            {"type": "pipeline", "name": "inner", "processors": [
                {"type": "attribute-remapper", "sources": ["action"], "target": "evt.name"}
            ]}
        ]
    })
}

async fn ids(fake: &FakeDatadog) -> Vec<String> {
    let order = ask_for(fake, "GET", ORDER, &Value::Null).await.json();
    let ids = order["pipeline_ids"].as_array().unwrap().iter();
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_pipeline_is_made_and_read_and_replaced_and_deleted() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let made = ask_for(&fake, "POST", PIPELINES, &pipeline()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        (&made["type"], &made["is_read_only"]),
        (&json!("pipeline"), &json!(false))
    );
    let remapper = &made["processors"][1]["processors"][0];
    assert_eq!(
        (&remapper["preserve_source"], &remapper["is_enabled"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(fake.pipelines()[id], made);
    let listed = ask_for(&fake, "GET", PIPELINES, &Value::Null).await.json();
    assert_eq!(listed, json!([made]));

    let one = format!("{PIPELINES}/{id}");
    assert_eq!(ask_for(&fake, "GET", &one, &Value::Null).await.json(), made);
    let put = ask_for(&fake, "PUT", &one, &json!({"name": "Empty"}))
        .await
        .json();
    assert_eq!(
        (&put["id"], &put["is_enabled"]),
        (&made["id"], &json!(false))
    );
    assert_eq!(
        (&put["filter"]["query"], &put["processors"]),
        (&json!(""), &json!([]))
    );

    let deleted = ask_for(&fake, "DELETE", &one, &Value::Null).await;
    assert_eq!((deleted.status, &*deleted.body), (200, "{}"));
    assert!(fake.pipelines().is_empty());
}

#[tokio::test]
async fn datadogs_own_pipeline_comes_with_the_first_log_and_cannot_be_changed() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    ask_for(&fake, "POST", PIPELINES, &pipeline()).await;
    submit(
        &fake,
        r#"[{"ddsource":"op-dd"},{"ddsource":"other","message":"1password"}]"#,
    )
    .await
    .unwrap();
    assert_eq!(ids(&fake).await.len(), 1);
    for _ in 0..2 {
        submit(&fake, r#"[{},{"ddsource":"1password"}]"#)
            .await
            .unwrap();
    }

    let listed = ask_for(&fake, "GET", PIPELINES, &Value::Null).await.json();
    let [theirs, ours] = listed.as_array().unwrap().as_slice() else {
        panic!("{listed}");
    };
    assert_eq!(
        (&theirs["is_read_only"], &ours["is_read_only"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(theirs["filter"]["query"], "source:1password");
    assert_eq!(fake.pipelines().len(), 1, "it is none that a client made");

    let one = format!("{PIPELINES}/{}", theirs["id"].as_str().unwrap());
    for method in ["PUT", "DELETE"] {
        let answer = ask_for(&fake, method, &one, &pipeline()).await;
        assert_eq!(answer.status, 404);
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(answer.body.starts_with("<html>"));
    }
    assert_eq!(
        &ask_for(&fake, "GET", &one, &Value::Null).await.json(),
        theirs
    );
}

#[tokio::test]
async fn the_order_is_changed_as_a_whole() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    for _ in 0..3 {
        ask_for(&fake, "POST", PIPELINES, &pipeline()).await;
    }
    let mut wanted = ids(&fake).await;
    wanted.rotate_left(1);
    let order = ask_for(&fake, "PUT", ORDER, &json!({"pipeline_ids": wanted})).await;
    assert_eq!(
        (order.status, order.json()),
        (200, json!({"pipeline_ids": wanted}))
    );
    assert_eq!(ids(&fake).await, wanted);
    for bad in [
        json!([]),
        json!(wanted[1..]),
        json!([wanted[0], wanted[0], wanted[1]]),
        json!([wanted[0], wanted[1], "x"]),
    ] {
        let answer = ask_for(&fake, "PUT", ORDER, &json!({"pipeline_ids": bad})).await;
        assert_eq!(answer.status, 422, "{bad}");
    }
    assert_eq!(ids(&fake).await, wanted);
}

#[tokio::test]
async fn a_bad_pipeline_is_refused_and_its_faults_named() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    for (place, value, target) in [
        ("/name", None, "name"),
        (
            "/processors/0/type",
            Some(json!("geo-parser")),
            "processors[0].type",
        ),
        ("/processors/0/sources", None, "processors[0].sources"),
        (
            "/processors/1/processors/0/target",
            None,
            "processors[1].processors[0].target",
        ),
        (
            "/processors/1/processors/0",
            Some(json!({"type": "pipeline"})),
            "processors[1].processors[0].type",
        ),
    ] {
        let mut bad = pipeline();
        set(&mut bad, place, value);
        let answer = ask_for(&fake, "POST", PIPELINES, &bad).await;
        assert_eq!(answer.status, 400, "{place}");
        let error = answer.json()["error"].clone();
        assert_eq!(error["message"], "Invalid Pipeline");
        assert_eq!(error["details"][0]["target"], target);
    }
    assert!(fake.pipelines().is_empty());
}
