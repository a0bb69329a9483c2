//! `op-dd content check`: faults with their places, and what logs show.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::program::{Run, op_dd};

const RULE: &str = r#"{
  "name": "Exports",
  "type": "log_detection",
  "isEnabled": true,
  "message": "Ask {{@usr.email}}",
  "tags": ["team:security"],
  "queries": [
    {"name": "exports", "query": "source:1password @evt.name:export", "groupByFields": ["@usr.email"]}
  ],
  "cases": [{"name": "", "status": "high", "condition": "exports > 0"}],
  "options": {"detectionMethod": "threshold", "evaluationWindow": 300, "keepAlive": 300, "maxSignalDuration": 3600}
}
"#;

fn check(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = op_dd();
    command
        .current_dir(folder)
        .args(["content", "check"])
        .args(arguments);
    Run::of(command)
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn the_bundled_files_have_no_faults() {
    let folder = TempDir::new().unwrap();
    let run = check(folder.path(), &[]);
    assert_eq!(run.code, Some(0), "{run}");
    let [summary] = run.stdout.lines().collect::<Vec<_>>()[..] else {
        panic!("{run}");
    };
    assert!(summary.ends_with(" files: 0 faults"), "{run}");
    assert_eq!(run.stderr, "");
}

#[test]
fn faults_of_ones_own_files_are_named_with_their_place_and_end_with_2() {
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        "mine/rules/slip.json",
        &RULE.replace("@evt.name", "@evt.names"),
    );
    write(
        folder.path(),
        "mine/monitors/half.json",
        "{\n  \"name\": \"Half\",\n",
    );
    let run = check(folder.path(), &["--dir", "mine"]);
    assert_eq!(run.code, Some(2), "{run}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    let [slip, half, summary] = lines[..] else {
        panic!("{run}");
    };
    assert_eq!(
        slip,
        "mine/rules/slip.json:8:52: no attribute is called @evt.names: did you mean @evt.name?"
    );
    assert!(
        half.starts_with("mine/monitors/half.json:3:1: not JSON: "),
        "{run}"
    );
    assert!(summary.ends_with(" files: 2 faults"), "{run}");
}

#[test]
fn a_notice_alone_is_no_failure() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "mine/rules/exports.json", RULE);
    let run = check(folder.path(), &["--dir", "mine"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stdout
            .starts_with("mine/rules/exports.json: notice: nothing shows what it detects"),
        "{run}"
    );
    assert!(
        run.stdout
            .trim_end()
            .ends_with(" files: 0 faults, 1 notice"),
        "{run}"
    );
}

#[test]
fn logs_show_what_rules_and_widgets_see() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "mine/rules/exports.json", RULE);
    let widget = r#"{"definition": {"type": "list_stream", "title": "My exports", "requests": [{
        "response_format": "event_list",
        "query": {"data_source": "logs_stream", "query_string": "@evt.name:export $user"},
        "columns": [{"field": "timestamp", "width": "auto"}]}]}}"#;
    write(folder.path(), "mine/widgets/exports.json", widget);
    let export = r#"{"ddsource":"1password","evt":{"name":"export"},"usr":{"email":"ada@example.com"},"timestamp":"2026-05-01T12:00:00Z"}"#;
    write(
        folder.path(),
        "logs.ndjson",
        &format!(
            "{export}\n[1]\n\nnonsense\n{}\n",
            export.replace("export", "fill")
        ),
    );
    let run = check(folder.path(), &["--dir", "mine", "logs.ndjson"]);
    assert_eq!(run.code, Some(0), "{run}");
    let stderr: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(stderr.len(), 2, "{run}");
    assert!(
        stderr[0].starts_with("logs.ndjson:2: left out: not a JSON object"),
        "{run}"
    );
    assert!(
        stderr[1].starts_with("logs.ndjson:4: left out: not a JSON object"),
        "{run}"
    );
    assert!(
        run.stdout
            .contains("What they see of 2 logs, evaluated by op-dd, not by Datadog:"),
        "{run}"
    );
    assert!(
        run.stdout
            .contains("mine/rules/exports.json\n        1  Exports: signals: 1 high\n"),
        "{run}"
    );
    assert!(run.stdout.contains("\n        1  My exports\n"), "{run}");
    assert!(run.stdout.contains("(reads signals)"), "{run}");
    assert!(run.stdout.contains("(stays empty)"), "{run}");
}

#[test]
fn logs_that_cannot_be_read_are_named() {
    let folder = TempDir::new().unwrap();
    let run = check(folder.path(), &["no.ndjson"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(
        run.line().starts_with("op-dd: no.ndjson can't be read"),
        "{run}"
    );
}
