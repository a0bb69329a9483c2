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
    let text = |pointer| {
        said.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap()
            .to_owned()
    };

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
