//! What is the same for all objects of the management API: keys, permissions, refusals by script.

use std::time::Duration;

use op_dd_fakes::{FakeDatadog, Refusal};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::wire::{Answer, ask_for, client, manage, send};

const LISTS: [&str; 4] = [
    "/api/v1/dashboard",
    "/api/v2/security_monitoring/rules",
    "/api/v1/monitor",
    "/api/v1/logs/config/pipelines",
];

fn errors(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["errors"].clone())
}

#[tokio::test]
async fn both_keys_are_needed() {
    let builder = FakeDatadog::builder()
        .accept("api")
        .application_key("application");
    let fake = builder.start().await.unwrap();
    assert_eq!(
        (fake.api_key(), fake.application_key()),
        ("api", "application")
    );
    for list in LISTS {
        let with = async |keys: &[(&str, &str)]| {
            let mut request = client().get(format!("{}{list}", fake.url()));
            for (name, key) in keys {
                request = request.header(*name, *key);
            }
            errors(&send(request).await.unwrap())
        };
        let (api, application) = ("dd-api-key", "dd-application-key");
        assert_eq!(with(&[]).await, (403, json!(["API key required"])));
        for keys in [
            vec![(api, "api")],
            vec![(api, "wrong"), (application, "application")],
            vec![(api, "api"), (application, "wrong")],
        ] {
            assert_eq!(with(&keys).await, (403, json!(["Forbidden"])), "{keys:?}");
        }
        let both = with(&[(api, "api"), (application, "application")]).await;
        assert_eq!(both.0, 200, "{list}");
    }
}

#[tokio::test]
async fn each_call_needs_its_permission() {
    for (permission, method, target) in [
        ("dashboards_read", "GET", "/api/v1/dashboard"),
        ("dashboards_write", "POST", "/api/v1/dashboard"),
        (
            "security_monitoring_rules_read",
            "GET",
            "/api/v2/security_monitoring/rules",
        ),
        (
            "security_monitoring_rules_write",
            "POST",
            "/api/v2/security_monitoring/rules/validation",
        ),
        ("monitors_read", "POST", "/api/v1/monitor/validate"),
        ("monitors_write", "DELETE", "/api/v1/monitor/1"),
        (
            "logs_read_config",
            "GET",
            "/api/v1/logs/config/pipeline-order",
        ),
        (
            "logs_write_pipelines",
            "PUT",
            "/api/v1/logs/config/pipelines/x",
        ),
    ] {
        let all = FakeDatadog::builder().start().await.unwrap();
        let answer = ask_for(&all, method, target, &json!({})).await;
        assert_ne!(answer.status, 403, "{permission}");

        let builder = FakeDatadog::builder().without_permission(permission);
        let lacking = builder.start().await.unwrap();
        let answer = ask_for(&lacking, method, target, &json!({})).await;
        let forbidden = json!(["Forbidden", "Failed permission authorization checks"]);
        assert_eq!(errors(&answer), (403, forbidden), "{permission}");
    }
}

#[tokio::test]
async fn a_refusal_is_for_its_method_and_path_and_text_and_for_so_many_requests() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let refusal = Refusal::new(
        Method::POST,
        "/api/v1/monitor/validate",
        StatusCode::BAD_REQUEST,
        r#"{"errors":["scripted"]}"#,
    );
    fake.refuse(refusal.containing("second").times(2));
    let validate = async |name: &str| {
        let monitor =
            json!({"name": name, "type": "log alert", "query": "logs(\"*\").last(\"5m\") > 1"});
        let answer = ask_for(&fake, "POST", "/api/v1/monitor/validate", &monitor).await;
        (answer.status, answer.body)
    };
    let (good, bad) = (
        (200, "{}".to_owned()),
        (400, r#"{"errors":["scripted"]}"#.to_owned()),
    );
    assert_eq!(validate("first").await, good);
    assert_eq!(validate("second").await, bad);
    assert_eq!(validate("first").await, good);
    assert_eq!(validate("second").await, bad);
    assert_eq!(validate("second").await, good);
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_again() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    fake.refuse(Refusal::rate_limit(
        Method::GET,
        "/api/v1/dashboard",
        Duration::from_millis(1500),
    ));
    let list = || send(manage(&fake, "GET", "/api/v1/dashboard?count=100"));
    let limited = list().await.unwrap();
    assert_eq!(
        (limited.status, limited.header("x-ratelimit-reset")),
        (429, Some("2"))
    );
    assert_eq!(limited.header("x-ratelimit-remaining"), Some("0"));
    assert_eq!(list().await.unwrap().status, 200);
    assert_eq!(fake.counts().of_path("/api/v1/dashboard"), 2);
}

#[tokio::test]
async fn faults_of_the_intake_leave_it_alone() {
    let builder = FakeDatadog::builder().script(["intake:500".parse().unwrap()]);
    let fake = builder.start().await.unwrap();
    for list in LISTS {
        assert_eq!(send(manage(&fake, "GET", list)).await.unwrap().status, 200);
    }
    assert_eq!(fake.faults_left(), 1);
}

#[tokio::test]
async fn what_is_no_call_is_refused() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    for (method, target, body, status) in [
        ("PATCH", "/api/v1/dashboard", "{}", 405),
        ("PUT", "/api/v1/logs/config/pipelines", "{}", 405),
        ("GET", "/api/v1/logs/config/indexes", "", 404),
        ("GET", "/api/v1/dashboards", "", 404),
        ("GET", "/api/v1/dashboard/abc-def-ghi", "", 404),
        ("PUT", "/api/v1/monitor/12", "{}", 404),
        ("DELETE", "/api/v2/security_monitoring/rules/abc", "", 404),
        ("POST", "/api/v1/dashboard", "", 400),
        ("POST", "/api/v1/monitor", "[]", 400),
        ("POST", "/api/v2/security_monitoring/rules", "{", 400),
        ("POST", "/api/v1/logs/config/pipelines", "7", 400),
    ] {
        let request = manage(&fake, method, target).body(body);
        let answer = send(request).await.unwrap();
        assert_eq!(answer.status, status, "{method} {target}: {}", answer.body);
        assert!(answer.json()["errors"][0].is_string(), "{}", answer.body);
    }
}
