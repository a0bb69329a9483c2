use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::wire::{client, send};

/// The program, killed with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_op-dd-fakes"))
}

#[tokio::test]
async fn says_where_it_is_and_answers_there() {
    let mut child = command()
        .args([
            "--json",
            "--events",
            "300",
            "--seed",
            "7",
            "--fault",
            "events:500",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let _program = Program(child);
    let line = stdout.lines().next().unwrap().unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let text = |pointer| text(&said, pointer);

    let feed = || {
        client()
            .post(format!("{}/api/v2/itemusages", text("/events/url")))
            .bearer_auth(text("/events/token"))
            .body(r#"{"limit":1000,"start_time":"2020-01-01T00:00:00Z"}"#)
    };
    assert_eq!(send(feed()).await.unwrap().status, 500);
    let page = send(feed()).await.unwrap();
    assert!(page.uuids().len() > 100);

    let logs = client()
        .post(format!("{}/api/v2/logs", text("/datadog/url")))
        .header("dd-api-key", text("/datadog/api_key"))
        .header("content-type", "application/json");
    assert_eq!(send(logs.body("[{}]")).await.unwrap().status, 202);
    let monitors = client()
        .get(format!("{}/api/v1/monitor", text("/datadog/url")))
        .header("dd-api-key", text("/datadog/api_key"))
        .header("dd-application-key", text("/datadog/app_key"));
    assert_eq!(send(monitors).await.unwrap().body, "[]");
}

#[test]
fn the_configuration_that_it_prints_sends_the_keys_nowhere_else() {
    let mut child = command()
        .args(["--events", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _program = Program(child);
    let said: Vec<String> = lines
        .map(Result::unwrap)
        .take_while(|line| !line.starts_with("api_key"))
        .collect();
    let address = |name: &str| said.iter().find_map(|line| line.strip_prefix(name));
    let intake = address("url = ").unwrap();
    assert!(intake.starts_with("\"http://127.0.0.1:"), "{said:?}");
    assert_eq!(address("api_url = "), Some(intake));
}

#[cfg(unix)]
#[tokio::test]
async fn reports_when_it_is_interrupted() {
    let mut child = command()
        .args(["--json", "--events", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let process = child.id().to_string();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut program = Program(child);
    let said: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let url = said["events"]["url"].as_str().unwrap();
    assert_eq!(
        send(client().get(format!("{url}/unknown")))
            .await
            .unwrap()
            .status,
        404
    );

    assert!(
        Command::new("kill")
            .args(["-INT", &process])
            .status()
            .unwrap()
            .success()
    );
    let report: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(report["events"]["requests"][0]["path"], "/unknown");
    assert_eq!(report["datadog"]["logs"], 0);
    assert!(program.0.wait().unwrap().success());
}

#[tokio::test]
async fn killed_and_started_again_it_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let start = |more: &[&str]| {
        let mut child = command()
            .args(["--json", "--events", "3000", "--seed", "7"])
            .args(["--anchor", "2026-05-01T12:00:00Z", "--out", out])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        (Program(child), said)
    };
    let page = async |said: &Value, body: &str| {
        let request = client()
            .post(format!("{}/api/v2/itemusages", text(said, "/events/url")))
            .bearer_auth(text(said, "/events/token"))
            .body(body.to_owned());
        send(request).await.unwrap()
    };
    let submit = async |said: &Value, body: &'static str| {
        let request = client()
            .post(format!("{}/api/v2/logs", text(said, "/datadog/url")))
            .header("dd-api-key", text(said, "/datadog/api_key"))
            .header("content-type", "application/json");
        assert_eq!(send(request.body(body)).await.unwrap().status, 202);
    };

    let (program, said) = start(&[]);
    let first = page(
        &said,
        r#"{"limit":500,"start_time":"2026-01-01T00:00:00Z"}"#,
    )
    .await;
    let behind = format!(r#"{{"cursor":"{}"}}"#, first.cursor());
    let second = page(&said, &behind).await;
    submit(&said, r#"[{"n":1}]"#).await;
    // Drop is a kill.
    drop(program);

    let token = text(&said, "/events/token");
    let (_program, said) = start(&["--token", &token]);
    assert_eq!(page(&said, &behind).await.body, second.body);
    submit(&said, r#"[{"n":2}]"#).await;
    let kept = std::fs::read_to_string(folder.path().join("logs.ndjson")).unwrap();
    assert_eq!(kept, "{\"n\":1}\n{\"n\":2}\n");
}

fn text(said: &Value, pointer: &str) -> String {
    let text = said.pointer(pointer).and_then(Value::as_str);
    text.unwrap().to_owned()
}

#[test]
fn a_bad_fault_is_explained() {
    let output = command().args(["--fault", "intake:cutt"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("none of the kinds") && error.contains("lost"),
        "{error}"
    );
}
