use std::path::Path;
use std::time::Duration;

use op_dd_fakes::{FakeDatadog, TokenClaims};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::wire::{client, clock, intake, noon, send, submit};

#[tokio::test]
async fn keeps_what_it_was_sent_in_order() {
    let fake = FakeDatadog::builder()
        .clock(clock().0)
        .start()
        .await
        .unwrap();
    let answer = submit(
        &fake,
        "[ {\"b\": 1.0, \"a\": \"x y\"},\n {\"ddsource\":\"op-dd\"}, {} ]",
    )
    .await
    .unwrap();
    assert_eq!((answer.status, &*answer.body), (202, "{}"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("date"), Some("Fri, 01 May 2026 12:00:00 GMT"));
    assert_eq!(
        submit(&fake, r#"{"single":true}"#).await.unwrap().status,
        202
    );

    let logs = fake.logs();
    let logs: Vec<&str> = logs.iter().map(|log| &**log).collect();
    assert_eq!(logs, [r#"{"b":1.0,"a":"x y"}"#, "{}", r#"{"single":true}"#]);
    assert_eq!(
        fake.heartbeats()
            .iter()
            .map(|log| &**log)
            .collect::<Vec<_>>(),
        [r#"{"ddsource":"op-dd"}"#]
    );
    let counts = fake.intake();
    assert_eq!(
        (counts.logs, counts.heartbeats, counts.bytes_sent),
        (3, 1, counts.bytes_decoded)
    );
    assert_eq!(fake.counts().of_status(202), 2);
}

#[tokio::test]
async fn drops_what_is_too_old_or_too_far_ahead_and_says_nothing() {
    let (clock, hand) = clock();
    let fake = FakeDatadog::builder().clock(clock).start().await.unwrap();
    let body = r#"[{"timestamp":"2026-04-30T18:00:00Z"},{"timestamp":"2026-04-30T17:59:59Z"},
                   {"timestamp":"2026-05-01T14:00:01Z"},{"timestamp":1777636800000},{"message":"undated"}]"#;
    assert_eq!(submit(&fake, body).await.unwrap().status, 202);
    assert_eq!((fake.intake().logs, fake.intake().dropped_by_time), (3, 2));

    *hand.lock().unwrap() = noon() + Duration::from_secs(1);
    assert_eq!(submit(&fake, body).await.unwrap().status, 202);
    assert_eq!(
        (fake.intake().logs, fake.intake().dropped_by_time),
        (6, 4),
        "the clock has moved on"
    );
}

#[tokio::test]
async fn a_key_is_needed() {
    let fake = FakeDatadog::builder()
        .accept("first")
        .accept("second")
        .start()
        .await
        .unwrap();
    assert_eq!(fake.api_key(), "first");
    let as_key = async |key: &str| {
        let logs = client()
            .post(format!("{}/api/v2/logs", fake.url()))
            .header("content-type", "application/json");
        let validate = client().get(format!("{}/api/v1/validate", fake.url()));
        let logs = send(logs.header("dd-api-key", key).body("[]"))
            .await
            .unwrap();
        let validate = send(validate.header("dd-api-key", key)).await.unwrap();
        assert_eq!(logs.status == 202, validate.status == 200);
        logs.status
    };
    assert_eq!(
        (
            as_key("first").await,
            as_key("second").await,
            as_key("third").await
        ),
        (202, 202, 403)
    );
    fake.accept("third");
    fake.revoke("first");
    assert_eq!((as_key("first").await, as_key("third").await), (403, 202));

    let nobody = client()
        .post(format!("{}/api/v2/logs", fake.url()))
        .header("content-type", "application/json");
    let nobody = send(nobody.body("[]")).await.unwrap();
    assert_eq!(nobody.status, 403);
    assert_eq!(nobody.json()["errors"][0]["title"], "Forbidden");
}

/// What the real API was recorded to say, where the recordings are at hand; and what it says anyway.
#[tokio::test]
async fn the_check_of_the_key_answers_as_recorded() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let validate = || client().get(format!("{}/api/v1/validate", fake.url()));
    let with = send(validate().header("dd-api-key", fake.api_key()))
        .await
        .unwrap();
    let without = send(validate()).await.unwrap();
    assert_eq!((with.status, with.json()), (200, json!({ "valid": true })));
    assert_eq!(
        (without.status, without.json()),
        (403, json!({ "errors": ["API key required"] }))
    );

    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/datadog/api-cassettes");
    for (file, answer) in [
        (
            "v1/authentication/Validate-API-key-returns-OK-response.json",
            &with,
        ),
        (
            "v1/authentication/Validate-API-key-returns-Forbidden-response.json",
            &without,
        ),
    ] {
        let file = folder.join(file);
        let Ok(cassette) = std::fs::read(&file) else {
            println!("SKIPPED: no recording {}", file.display());
            continue;
        };
        let cassette: Value = serde_json::from_slice(&cassette).unwrap();
        let recorded = &cassette["http_interactions"][0]["response"];
        assert_eq!(recorded["status"]["code"], answer.status);
        assert_eq!(recorded["body"]["string"].as_str(), Some(&*answer.body));
        assert_eq!(
            recorded["headers"]["Content-Type"][0].as_str(),
            answer.header("content-type")
        );
    }
}

#[tokio::test]
async fn files_are_written_before_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    // Made by the fake.
    let folder = folder.path().join("kept");
    let lines = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    for round in ["first", "second"] {
        let builder = FakeDatadog::builder()
            .clock(clock().0)
            .in_memory(false)
            .folder(&folder);
        let fake = builder.start().await.unwrap();
        let body = json!([
            { "n": round },
            { "ddsource": "op-dd", "n": round },
            { "n": round, "timestamp": "2020-01-01T00:00:00Z" },
        ]);
        assert_eq!(submit(&fake, body.to_string()).await.unwrap().status, 202);
        assert!(lines("logs.ndjson").ends_with(&format!("{{\"n\":\"{round}\"}}\n")));
        assert!(fake.logs().is_empty() && fake.intake().logs == 1);
    }
    assert_eq!(
        lines("logs.ndjson"),
        "{\"n\":\"first\"}\n{\"n\":\"second\"}\n"
    );
    assert_eq!(lines("heartbeats.ndjson").lines().count(), 2);
}

#[tokio::test]
async fn a_line_that_was_not_finished_is_taken_off() {
    let whole = "{\"n\":\"whole\"}\n";
    // Longer than what is looked at in one go.
    let long = format!("{{\"n\":\"{}", "x".repeat(100_000));
    for (left, kept) in [
        (whole.to_owned(), whole),
        (format!("{whole}{{\"n\":"), whole),
        (format!("{whole}{long}"), whole),
        (long, ""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("logs.ndjson");
        std::fs::write(&file, left).unwrap();
        let builder = FakeDatadog::builder().folder(folder.path());
        let fake = builder.start().await.unwrap();
        assert_eq!(submit(&fake, "[{}]").await.unwrap().status, 202);
        let lines = std::fs::read_to_string(file).unwrap();
        assert_eq!(lines, format!("{kept}{{}}\n"));
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let get = async |path: &str| {
        send(client().get(format!("{}{path}", fake.url())))
            .await
            .unwrap()
            .status
    };
    assert_eq!(get("/api/v2/logs").await, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(get("/v1/input").await, StatusCode::NOT_FOUND);
    // A token of 1Password is no key of Datadog.
    let answer = send(
        intake(&fake)
            .header("authorization", TokenClaims::default().mint())
            .body("[]"),
    )
    .await;
    assert_eq!(answer.unwrap().status, 202);
}
