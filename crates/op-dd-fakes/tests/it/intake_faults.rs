use op_dd_fakes::{FakeDatadog, FaultScript};

use crate::wire::{client, submit};

async fn fake(script: &str) -> FakeDatadog {
    let script: FaultScript = script.parse().unwrap();
    FakeDatadog::builder().script(script).start().await.unwrap()
}

#[tokio::test]
async fn a_refused_batch_is_not_kept() {
    let fake = fake("intake:403 intake:429=2s intake:413 intake:500x2 intake:cut").await;
    for (expected, retry_after) in [
        (403, None),
        (429, Some("2")),
        (413, None),
        (500, None),
        (500, None),
    ] {
        let answer = submit(&fake, "[{}]").await.unwrap();
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (expected, retry_after)
        );
        assert_eq!(answer.json()["errors"][0]["status"], expected.to_string());
    }
    assert!(submit(&fake, "[{}]").await.is_err());
    assert_eq!(fake.intake().logs, 0);
    assert_eq!(submit(&fake, "[{}]").await.unwrap().status, 202);
    assert_eq!(fake.intake().logs, 1);
}

#[tokio::test]
async fn a_lost_answer_leaves_the_logs_behind() {
    let fake = fake("intake:lost intake:garbage").await;
    assert!(submit(&fake, r#"[{"n":1}]"#).await.is_err());
    assert_eq!(fake.intake().logs, 1);
    let answer = submit(&fake, r#"[{"n":2}]"#).await.unwrap();
    assert_eq!(answer.status, 202);
    assert!(serde_json::from_str::<serde_json::Value>(&answer.body).is_err());
    assert_eq!(fake.intake().logs, 2);
    assert_eq!(fake.counts().unanswered(), 1);
}

#[tokio::test]
async fn only_the_intake_uses_faults_up() {
    let fake = fake("intake:500 events:500").await;
    let validate = client()
        .get(format!("{}/api/v1/validate", fake.url()))
        .header("dd-api-key", fake.api_key());
    assert_eq!(validate.send().await.unwrap().status(), 200);
    assert_eq!(fake.faults_left(), 1);
    fake.script("intake:ok".parse::<FaultScript>().unwrap());
    assert_eq!(fake.faults_left(), 2);
}
