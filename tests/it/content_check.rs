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
        run.stdout.contains(
            "mine/rules/exports.json\n        1  Exports: signals: 1 high\n             \
                 2026-05-01T12:00:00Z high: @usr.email:ada@example.com\n"
        ),
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

/// A log of an export by a user, in the hour.
fn export(user: &str, hour: usize) -> String {
    format!(
        r#"{{"ddsource":"1password","evt":{{"name":"export"}},"usr":{{"email":"{user}"}},"vault":"V1","timestamp":"2026-05-01T{hour:02}:00:00Z"}}"#
    ) + "\n"
}

#[test]
fn the_signals_of_a_rule_are_listed_up_to_five_and_ones_own_files_come_last() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "mine/rules/exports.json", RULE);
    let logs: String = (0..7).map(|hour| export("ada@example.com", hour)).collect();
    write(folder.path(), "logs.ndjson", &logs);
    let run = check(folder.path(), &["--dir", "mine", "logs.ndjson"]);
    assert_eq!(run.code, Some(0), "{run}");
    let (before, own) = run.stdout.split_once("mine/rules/exports.json\n").unwrap();
    assert!(
        before.contains("\ndashboards/1password-overview.json\n"),
        "{run}"
    );
    let own: Vec<&str> = own.lines().map(str::trim_start).collect();
    let line = |hour| format!("2026-05-01T{hour:02}:00:00Z high: @usr.email:ada@example.com");
    assert_eq!(own[0], "7  Exports: signals: 7 high", "{run}");
    for hour in 0..5 {
        assert_eq!(own[1 + hour], line(hour), "{run}");
    }
    assert_eq!(own[6..8], ["2 more", ""], "{run}");
    assert!(own[8].ends_with("widgets stay empty"), "{run}");
}

#[test]
fn only_what_is_asked_for_is_judged_and_seen() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "mine/rules/exports.json", RULE);
    write(folder.path(), "mine/monitors/half.json", "{");
    write(folder.path(), "logs.ndjson", &export("ada@example.com", 1));
    let run = check(
        folder.path(),
        &["--dir", "mine", "--only", "exports", "logs.ndjson"],
    );
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(
        run.stdout.lines().skip(1).collect::<Vec<_>>(),
        [
            "1 file: 0 faults, 1 notice",
            "",
            "What they see of 1 log, evaluated by op-dd, not by Datadog:",
            "",
            "mine/rules/exports.json",
            "        1  Exports: signals: 1 high",
            "             2026-05-01T01:00:00Z high: @usr.email:ada@example.com",
        ],
        "{run}"
    );
    let run = check(folder.path(), &["--dir", "mine", "--only", "monitor"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(!run.stdout.contains("exports.json"), "{run}");
    let run = check(folder.path(), &["--only", "nothing"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(
        run.line().contains("called nothing: op-dd content list"),
        "{run}"
    );
}

#[test]
fn a_configuration_of_content_alone_gives_the_folder_and_the_lists() {
    let folder = TempDir::new().unwrap();
    let rule = RULE.replace("@evt.name:export", "@vault:$own_vaults");
    write(folder.path(), "mine/rules/exports.json", &rule);
    write(folder.path(), "logs.ndjson", &export("ada@example.com", 1));
    write(
        folder.path(),
        "op-dd.toml",
        "[content]\ndir = \"mine\"\nwatch = { own_vaults = [\"V1\", \"V2\"] }\n",
    );
    let arguments = ["--only", "exports", "logs.ndjson"];
    let seen = |more: &[&str]| {
        let run = check(folder.path(), &[more, &arguments].concat());
        assert!(run.stdout.contains("mine/rules/exports.json"), "{run}");
        run.stdout
    };
    let untried = seen(&["--dir", "mine"]);
    assert!(
        untried.contains("-  Exports (not tried: give --watch own_vaults=…)\n"),
        "{untried}"
    );
    let given = seen(&["--dir", "mine", "--watch", "own_vaults=V1"]);
    assert!(given.contains("Exports: signals: 1 high\n"), "{given}");
    let kept = seen(&["--config", "op-dd.toml"]);
    assert!(kept.contains("Exports: signals: 1 high\n"), "{kept}");
    let other = seen(&["--config", "op-dd.toml", "--watch", "own_vaults=V3"]);
    assert!(other.contains("Exports: no signals\n"), "{other}");

    let run = |arguments: &[&str]| {
        let mut command = op_dd();
        command.current_dir(folder.path()).args(arguments);
        Run::of(command)
    };
    let config = ["--config", "op-dd.toml"];
    for good in [
        &["content", "list"][..],
        &["content", "show", "exports"],
        &["preview", "logs.ndjson"],
    ] {
        let run = run(&[good, &config].concat());
        assert_eq!(run.code, Some(0), "{run}");
    }
    let page = fs::read_to_string(folder.path().join("preview.html")).unwrap();
    let (_, left_out) = page.split_once("Signals are simulated without").unwrap();
    assert!(left_out.contains("privileged-vault-changed"));
    assert!(!left_out.contains("<code>exports</code>"));
    for bad in [&["content", "diff"][..], &["run", "--once"]] {
        let run = run(&[bad, &config].concat());
        assert_eq!(run.code, Some(2), "{run}");
        // To carry, an account is needed as well.
        assert!(
            run.stderr.contains("there is no [datadog]: add it"),
            "{run}"
        );
    }
}

#[test]
fn what_the_api_answers_is_read_and_logs_of_another_source_are_named() {
    let folder = TempDir::new().unwrap();
    let answer = r#"{
  "data": [{"attributes": {"attributes": {"evt": {"name": "export"}, "usr": {"email": "ada@example.com"}},
    "tags": ["source:1password"], "timestamp": "2026-05-01T12:00:00.482Z"}, "id": "A", "type": "log"}]
}"#;
    write(folder.path(), "mine/rules/exports.json", RULE);
    write(folder.path(), "answer.json", answer);
    let check = |file| check(folder.path(), &["--dir", "mine", "--only", "exports", file]);
    let run = check("answer.json");
    assert!(run.stdout.contains("Exports: signals: 1 high\n"), "{run}");
    assert_eq!(run.stderr, "");

    let event = r#"{"uuid": "A", "timestamp": "2026-05-01T12:00:00Z", "action": "export"}"#;
    write(folder.path(), "events.ndjson", event);
    let run = check("events.ndjson");
    assert_eq!(run.stderr.lines().count(), 1, "{run}");
    assert!(
        run.stderr
            .starts_with("none of these logs has the source 1password"),
        "{run}"
    );
}
