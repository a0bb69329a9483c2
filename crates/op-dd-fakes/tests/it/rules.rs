use std::collections::BTreeSet;

use op_dd_fakes::FakeDatadog;
use serde_json::{Value, json};

use crate::wire::{ask_for, clock, set};

const RULES: &str = "/api/v2/security_monitoring/rules";

fn rule() -> Value {
    json!({
        "name": "Success after failures",
        "type": "log_detection",
        "isEnabled": true,
        "message": "# Goal",
        "tags": ["managed-by:somebody"],
        "queries": [
            {"name": "failed", "query": "source:1password @evt.outcome:*failed*", "groupByFields": ["@usr.email"]},
            {"query": "source:1password @evt.outcome:success", "aggregation": "count", "groupByFields": ["@usr.email"]}
        ],
        "options": {"evaluationWindow": 900, "keepAlive": 3600, "maxSignalDuration": 86400},
        "cases": [{"name": "hit", "status": "high", "condition": "failed > 5 THEN b >= 1"}]
    })
}

#[tokio::test]
async fn a_rule_is_made_and_read_and_changed_and_deleted() {
    let fake = FakeDatadog::builder()
        .clock(clock().0)
        .start()
        .await
        .unwrap();
    let made = ask_for(&fake, "POST", RULES, &rule()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        (&made["version"], &made["isDefault"]),
        (&json!(1), &json!(false))
    );
    assert_eq!(made["createdAt"], 1_777_636_800_000_u64);
    assert_eq!(made["options"]["detectionMethod"], "threshold");
    assert_eq!(made["queries"][0]["dataSource"], "logs");
    assert_eq!(made["cases"][0]["notifications"], json!([]));
    assert_eq!(fake.rules()[id], made);

    let one = format!("{RULES}/{id}");
    assert_eq!(ask_for(&fake, "GET", &one, &Value::Null).await.json(), made);
    let mut other = rule();
    other["queries"] = json!([{"query": "source:other"}]);
    other["cases"][0]["condition"] = json!("a > 0");
    let put = ask_for(&fake, "PUT", &one, &other).await.json();
    assert_eq!((&put["version"], &put["id"]), (&json!(2), &made["id"]));
    assert_eq!(
        put["queries"].as_array().unwrap().len(),
        1,
        "lists are replaced"
    );
    assert_eq!(put["creationAuthorId"], put["updateAuthorId"]);

    let deleted = ask_for(&fake, "DELETE", &one, &Value::Null).await;
    assert_eq!((deleted.status, &*deleted.body), (204, ""));
    let gone = ask_for(&fake, "DELETE", &one, &Value::Null).await;
    let error = format!("Threat detection rule not found: {id}");
    assert_eq!(
        (gone.status, gone.json()),
        (404, json!({"errors": [error]}))
    );
    assert!(fake.rules().is_empty());
}

#[tokio::test]
async fn the_list_has_to_be_paged_and_begins_with_datadogs_own() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let made = ask_for(&fake, "POST", RULES, &rule()).await.json();
    let mut ids = BTreeSet::new();
    let mut pages = 0;
    loop {
        let target = format!("{RULES}?page%5Bsize%5D=100&page%5Bnumber%5D={pages}");
        let page = ask_for(&fake, "GET", &target, &Value::Null).await.json();
        let rules = page["data"].as_array().unwrap();
        if rules.is_empty() {
            break;
        }
        assert_eq!(page["meta"]["page"]["total_count"], 121);
        for rule in rules {
            assert_eq!(rule["isDefault"] == true, rule["id"] != made["id"]);
            assert!(ids.insert(rule["id"].as_str().unwrap().to_owned()));
        }
        pages += 1;
    }
    assert_eq!((pages, ids.len()), (2, 121));
    let first = ask_for(&fake, "GET", RULES, &Value::Null).await.json();
    assert_eq!(first["data"].as_array().unwrap().len(), 10);
    assert!(first["data"][0]["tags"][0] == "source:1password");
    for query in ["page[size]=101", "page[size]=0", "page[number]=x"] {
        let answer = ask_for(&fake, "GET", &format!("{RULES}?{query}"), &Value::Null).await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

#[tokio::test]
async fn datadogs_own_rules_cannot_be_touched() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let list = ask_for(&fake, "GET", RULES, &Value::Null).await.json();
    let theirs = &list["data"][0];
    let one = format!("{RULES}/{}", theirs["id"].as_str().unwrap());
    for method in ["PUT", "DELETE"] {
        assert_eq!(ask_for(&fake, method, &one, &rule()).await.status, 403);
    }
    assert_eq!(
        &ask_for(&fake, "GET", &one, &Value::Null).await.json(),
        theirs
    );
    assert!(fake.rules().is_empty());
}

#[tokio::test]
async fn a_signal_is_kept_alive_for_certain_times_only() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let validation = format!("{RULES}/validation");
    let faults = async |member: &str, seconds: u64| {
        let mut rule = rule();
        rule["options"][member] = json!(seconds);
        let answer = ask_for(&fake, "POST", &validation, &rule).await;
        if answer.status == 204 {
            return Vec::new();
        }
        let error = answer.json()["error"].clone();
        assert_eq!(
            (answer.status, &error["code"]),
            (400, &json!("InvalidArgument"))
        );
        assert_eq!(error["message"], "Invalid rule configuration");
        let details = error["details"].as_array().unwrap().iter();
        details
            .map(|detail| detail["target"].as_str().unwrap().to_owned())
            .collect()
    };
    for seconds in [0, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600] {
        assert!(faults("keepAlive", seconds).await.is_empty(), "{seconds}");
    }
    for seconds in [1, 120, 43_200, 86_400] {
        assert_eq!(
            faults("keepAlive", seconds).await,
            ["keepAlive"],
            "{seconds}"
        );
    }
    assert_eq!(
        faults("keepAlive", 999_999).await,
        ["maxSignalDuration", "keepAlive"]
    );
    assert!(faults("maxSignalDuration", 3600).await.is_empty());
    assert_eq!(
        faults("maxSignalDuration", 1800).await,
        ["maxSignalDuration"]
    );
    assert_eq!(
        faults("maxSignalDuration", 90_000).await,
        ["maxSignalDuration"]
    );
    for seconds in [0, 43_200, 86_400] {
        assert!(
            faults("evaluationWindow", seconds).await.is_empty(),
            "{seconds}"
        );
    }
    for seconds in [120, 1200] {
        assert_eq!(
            faults("evaluationWindow", seconds).await,
            ["evaluationWindow"],
            "{seconds}"
        );
    }
}

#[tokio::test]
async fn a_bad_rule_is_refused_in_the_form_of_each_call() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let made = ask_for(&fake, "POST", RULES, &rule()).await.json();
    let one = format!("{RULES}/{}", made["id"].as_str().unwrap());
    for (place, value, target, said) in [
        ("/name", Some(json!("")), "name", "cannot be empty"),
        ("/message", Some(json!(7)), "message", "wrong type"),
        (
            "/type",
            Some(json!("workload_security")),
            "type",
            "log_detection only",
        ),
        ("/queries", Some(json!([])), "queries", "needs a query"),
        (
            "/queries/1/query",
            Some(json!(" ")),
            "queries[1].query",
            "Query filter cannot be empty",
        ),
        (
            "/queries/1/aggregation",
            Some(json!("avg")),
            "queries[1].aggregation",
            "avg",
        ),
        (
            "/queries/1/aggregation",
            Some(json!("cardinality")),
            "queries[1].distinctFields",
            "distinct",
        ),
        (
            "/queries/1/aggregation",
            Some(json!("new_value")),
            "queries[1].metrics",
            "metric",
        ),
        (
            "/options/detectionMethod",
            Some(json!("magic")),
            "detectionMethod",
            "magic",
        ),
        (
            "/options/detectionMethod",
            Some(json!("new_value")),
            "cases[0].condition",
            "no case condition",
        ),
        ("/cases", Some(json!([])), "cases", "needs a case"),
        (
            "/cases/0/status",
            Some(json!("High")),
            "cases[0].status",
            "High",
        ),
        (
            "/cases/0/condition",
            Some(json!("a > 0")),
            "cases[0].condition",
            "unknown query `a`",
        ),
        (
            "/cases/0/condition",
            Some(json!("b < 1")),
            "cases[0].condition",
            "unknown operator `<`",
        ),
        (
            "/cases/0/condition",
            None,
            "cases[0].condition",
            "cannot be empty",
        ),
    ] {
        let mut bad = rule();
        set(&mut bad, place, value);
        let validated = ask_for(&fake, "POST", &format!("{RULES}/validation"), &bad).await;
        let detail = validated.json()["error"]["details"][0].clone();
        assert_eq!(
            (validated.status, &detail["target"]),
            (400, &json!(target)),
            "{place}"
        );
        let message = detail["message"].as_str().unwrap();
        assert!(message.contains(said), "{place}: {message}");

        let errors = json!({"errors": ["Invalid rule configuration", message]});
        for (method, target) in [("POST", RULES), ("PUT", &one)] {
            let answer = ask_for(&fake, method, target, &bad).await;
            assert_eq!(
                (answer.status, answer.json()),
                (400, errors.clone()),
                "{place}"
            );
        }
    }
    for name in [
        "name",
        "message",
        "isEnabled",
        "options",
        "queries",
        "cases",
    ] {
        let mut bad = rule();
        set(&mut bad, &format!("/{name}"), None);
        let answer = ask_for(&fake, "POST", RULES, &bad).await;
        let errors = json!(["Invalid rule configuration", format!("{name} is required")]);
        assert_eq!((answer.status, &answer.json()["errors"]), (400, &errors));
    }
    assert_eq!(fake.rules().values().collect::<Vec<_>>(), [&made]);
}

#[tokio::test]
async fn the_window_of_anomalies_is_the_servers() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let mut rule = rule();
    rule["options"]["detectionMethod"] = json!("anomaly_detection");
    rule["cases"] = json!([{"status": "low"}]);
    let made = ask_for(&fake, "POST", RULES, &rule).await.json();
    assert_eq!(made["options"]["evaluationWindow"], 1800);
}

#[tokio::test]
async fn sample_logs_are_tried_on_simple_queries() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let log = json!({"ddsource": "1password", "ddtags": "env:prod,team:a", "evt": {"outcome": "mfa_failed"}});
    let trial = async |query: &str, expected: bool| {
        let mut rule = rule();
        rule["queries"][1]["query"] = json!(query);
        let payloads = json!([{"index": 1, "expectedResult": expected, "payload": log}]);
        let body = json!({"rule": rule, "ruleQueryPayloads": payloads});
        ask_for(&fake, "POST", &format!("{RULES}/test"), &body).await
    };
    for (query, is_met) in [
        ("source:1password @evt.outcome:*failed", true),
        ("source:1password @evt.outcome:mfa* env:prod", true),
        ("source:1password -@evt.outcome:success", true),
        ("source:1password @evt.outcome:success", false),
        ("source:1password @evt.name:*", false),
        ("source:other", false),
        ("-env:prod", false),
    ] {
        let met = trial(query, true).await;
        assert_eq!(
            (met.status, met.json()),
            (200, json!({"results": [is_met]})),
            "{query}"
        );
        let unmet = trial(query, false).await.json();
        assert_eq!(unmet, json!({"results": [!is_met]}), "{query}");
    }
    for query in ["source:(a OR b)", "a OR b", "@x:>3"] {
        assert_eq!(trial(query, true).await.status, 400, "{query}");
    }
}
