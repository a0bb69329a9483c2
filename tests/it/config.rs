//! The configuration of the real program: all its faults at once, the example, the schema, and where
//! secrets can be.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::program::{Run, World, op_dd, uuids};

/// Its standard output, if all is well.
fn printed(arguments: &[&str]) -> String {
    let mut command = op_dd();
    command.args(arguments);
    let run = Run::of(command);
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(run.stderr, "", "{run}");
    run.stdout
}

#[test]
fn ten_faults_are_told_at_once_in_their_order() {
    let mut world = World::new();
    world.config = r#"[datadog]
site = datadoghq.eu
api_kye = "env:DATADOG_KEY"
compression = "lzma"
late_after = "2d"
tags = ["env:prod", "?"]

[polling]
interval = 10

[[accounts]]
name = "acme"
token = "SECRET:acme"

[[accounts]]
name = "acme"
token = "env:ACME_TOKEN"
feeds = ["audit"]
listen = "127.0.0.1:9464"
"#
    .to_owned();
    let run = world.once();
    assert_eq!(run.code, Some(2), "{run}");
    let lines: Vec<_> = run.stderr.lines().collect();
    let expected = [
        "2:8: string values must be quoted",
        "3:1: unknown key `api_kye`: write `api_key`",
        "4:15: unknown compression: it is one of",
        "5:14: Datadog drops logs dated more than 18 hours back: write 17h 30m or less",
        "6:21: the tag \"?\" is unusable",
        "9:12: write a time in quotes with its unit, such as \"30s\", not a number",
        "13:9: this is no way to name a secret: write env:NAME, file:/PATH",
        "16:8: two accounts are called acme: rename one of them",
        "18:10: unknown feed `audit`: write signinattempts, itemusages or auditevents",
        "19:1: unknown key `listen` in this place: it belongs under [telemetry]",
    ];
    assert_eq!(lines.len(), expected.len(), "{run}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(
            line.starts_with(&format!("op-dd: op-dd.toml:{expected}")),
            "{line}\ninstead of\n{expected}"
        );
    }
}

#[test]
fn the_example_is_carried_by_after_four_lines_are_changed() {
    let example = printed(&["config", "example"]);
    let mut world = World::new();
    world.occur("event");
    world.config.clone_from(&example);
    // As it is, it lacks no more than the keys.
    let run = world.once();
    assert_eq!(run.code, Some(4), "{run}");
    assert!(run.line().contains("DD_API_KEY is not set"), "{run}");

    let (datadog, events) = (
        world.datadog.url().to_owned(),
        world.events.url().to_owned(),
    );
    world.replace("site = \"datadoghq.eu\"", &format!("url = \"{datadog}\""));
    world.replace("\"env:DD_API_KEY\"", "\"env:DATADOG_KEY\"");
    world.replace(
        "name = \"acme\"",
        &format!("name = \"my-own\"\nurl = \"{events}\""),
    );
    world.replace("\"env:OP_EVENTS_TOKEN\"", "\"env:ACME_TOKEN\"");
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));
    let log = &world.logs()[0];
    let tags = log["ddtags"].as_str().unwrap();
    assert!(tags.split(',').any(|tag| tag == "account:my-own"), "{tags}");
}

#[test]
fn the_schema_is_json_that_says_what_each_key_is() {
    let schema: Value = serde_json::from_str(&printed(&["config", "schema"])).unwrap();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    let timeout = &schema["properties"]["http"]["properties"]["timeout"];
    assert_eq!(timeout["default"], "30s");
    assert_eq!(
        timeout["description"],
        "How long an attempt may take as a whole."
    );
}

/// `op` as a shell script, which has nothing but the shell.
#[cfg(unix)]
fn with_op(world: &mut World, script: &str) {
    let (draft, folder) = (world.path("draft"), world.path("bin"));
    fs::write(&draft, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::create_dir(&folder).unwrap();
    // By another process: what this one has open for writing, a test beside it may keep open while it
    // starts a program, and then it can't be run.
    let mut install = Command::new("install");
    let done = install
        .args(["-m", "755"])
        .arg(&draft)
        .arg(folder.join("op"))
        .status();
    assert!(done.unwrap().success());
    world.set("PATH", folder.to_str().unwrap());
}

#[cfg(unix)]
#[test]
fn a_token_is_read_by_1passwords_own_program() {
    let mut world = World::new();
    world.occur("event");
    world.replace("env:ACME_TOKEN", "op://Private/Events API acme/token");
    let token = world.environment["ACME_TOKEN"].clone();
    let script = format!(
        "[ \"$1 $2 $3\" = 'read --no-newline op://Private/Events API acme/token' ] || exit 9\n\
         echo 'a new version is there {token}' >&2\nprintf %s '{token}'"
    );
    with_op(&mut world, &script);
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));
}

#[cfg(unix)]
#[test]
fn what_1passwords_program_complains_of_is_told_without_secrets() {
    let mut world = World::new();
    world.occur("event");
    world.replace("env:ACME_TOKEN", "op://Private/acme/token");
    let token = world.environment["ACME_TOKEN"].clone();
    with_op(
        &mut world,
        &format!("printf %s '{token}'\necho '[ERROR] you are not signed in {token}' >&2\nexit 1"),
    );
    let run = world.once();
    assert_eq!(run.code, Some(3), "{run}");
    assert!(
        run.line().contains(
            "account acme: op read op://Private/acme/token failed ([ERROR] you are not signed in …): \
             sign in, or set OP_SERVICE_ACCOUNT_TOKEN"
        ),
        "{run}"
    );
    assert!(world.arrived().is_empty());
}

#[test]
fn a_credential_is_where_systemd_puts_it() {
    let mut world = World::new();
    world.occur("event");
    world.replace("env:ACME_TOKEN", "credential:acme");
    let folder = world.path("credentials");
    fs::create_dir(&folder).unwrap();
    let token = &world.environment["ACME_TOKEN"];
    fs::write(folder.join("acme"), format!("{token}\n")).unwrap();
    world.set("CREDENTIALS_DIRECTORY", folder.to_str().unwrap());
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));
}

#[test]
fn a_relative_path_starts_from_the_configurations_folder() {
    let mut world = World::new();
    world.occur("event");
    world.replace("env:ACME_TOKEN", "file:token");
    world.config.push_str("[state]\ndir = \"kept\"\n");
    let folder = world.path("etc");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("op-dd.toml"), &world.config).unwrap();
    fs::write(folder.join("token"), &world.environment["ACME_TOKEN"]).unwrap();
    let run = Run::of(world.command(&["run", "--config", "etc/op-dd.toml", "--once"]));
    assert_eq!(run.code, Some(0), "{run}");
    assert!(folder.join("kept/cursors").is_dir());
    assert_eq!(world.arrived(), uuids(&["event"]));
}

#[test]
fn a_tag_that_becomes_another_is_told() {
    let mut world = World::new();
    world.occur("event");
    world.replace("[datadog]", "[datadog]\ntags = [\"Env:Prod\"]");
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    let warning = "op-dd.toml:2:9: Datadog's rules for tags make `env:prod` of `Env:Prod`";
    assert!(run.stderr.contains(warning), "{run}");
}

#[test]
fn a_bad_account_is_told_of_and_left_out_while_the_good_ones_are_carried() {
    let mut world = World::new();
    world.occur("event");
    let good = world.config.clone();
    let line = good.lines().count();
    world.config.push_str(
        r#"
[[accounts]]
name = "acme"
token = "env:ACME_TOKEN"

[[accounts]]
name = "moon"
token = "env:MOON_TOKEN"
region = "moon"
feeds = []
"#,
    );
    let [second, region, feeds] = [
        format!("op-dd.toml:{}:8: two accounts are called acme", line + 3),
        format!("op-dd.toml:{}:10: unknown region `moon`", line + 9),
        format!("op-dd.toml:{}:9: no feed is named", line + 10),
    ];
    let run = world.once();
    assert_eq!(run.code, Some(9), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));
    for (fault, name) in [(&second, "acme"), (&region, "moon"), (&feeds, "moon")] {
        let told: Vec<_> = run
            .stderr
            .lines()
            .filter(|line| line.contains(fault))
            .collect();
        let what = format!("the account {name} here is left out until that is mended");
        assert!(
            told[0].contains("ERROR") && told[0].contains(&what),
            "{run}"
        );
    }
    assert!(
        run.line().contains("what other accounts had was carried"),
        "{run}"
    );

    // Those who ask what is wrong are told, and it is wrong.
    let check = Run::of(world.command(&["check", "--config", "op-dd.toml"]));
    assert_eq!(check.code, Some(2), "{check}");
    for fault in [&second, &region, &feeds] {
        assert!(
            check.stdout.contains(fault) || check.stderr.contains(fault),
            "{check}"
        );
    }
    let backfill = |account| {
        let arguments = [
            "backfill",
            "--config",
            "op-dd.toml",
            "--from",
            "1h",
            "--account",
            account,
        ];
        let mut command = world.command(&arguments);
        command.args(["--state", "state", "--recent"]);
        world.checked(Run::of(command))
    };
    let run = backfill("moon");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(
        run.stderr.contains(&format!(
            "
op-dd: {region}"
        )),
        "{run}"
    );
    let run = backfill("acme");
    assert_eq!(run.code, Some(0), "{run}");

    // None is good, or something else is at fault: it does not begin.
    let wrong = world.config.clone();
    for text in [
        wrong
            .replace(&good[good.find("[[accounts]]").unwrap()..], "")
            .replacen("\"acme\"", "\"A\"", 1),
        format!("{wrong}[http]\ntimeout = \"soon\"\n"),
    ] {
        world.config = text;
        let run = world.once();
        assert_eq!(run.code, Some(2), "{run}");
        assert!(!run.stderr.contains("is left out"), "{run}");
    }
}
