//! `op-dd cursor`: what can be seen of the streams at any time, and how they are put elsewhere.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs;
use std::time::{Duration, SystemTime};

use onepassword_events::Timestamp;
use op_dd_fakes::Feed;
use serde_json::{Value, json};

use crate::program::{Going, Run, World, event, until, uuids};

const AUDIT: &str = "acme/auditevents/datadog";

/// `op-dd cursor` on the world's state.
fn cursor(world: &World, arguments: &[&str]) -> Run {
    let mut command = world.command(&["cursor", "--state", "state"]);
    command.args(arguments).env("USER", "alice");
    world.checked(Run::of(command))
}

/// What it prints as JSON.
fn shown(world: &World) -> Value {
    let run = cursor(world, &["show", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{run}");
    serde_json::from_str(&run.stdout).unwrap()
}

fn journal(world: &World) -> Vec<Value> {
    let text = fs::read_to_string(world.path("state/changes.ndjson")).unwrap_or_default();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// An installation that has carried an event of each feed.
fn begun() -> World {
    let world = World::new();
    world.occur("before");
    assert_eq!(world.once().code, Some(0));
    world
}

/// One that goes on carrying.
fn at_work(world: &World) -> Going {
    let going = world.going(&[]);
    until("it holds the state", || !shown(world)["holder"].is_null());
    going
}

#[test]
fn show_works_while_a_process_is_at_work_and_set_names_that_process() {
    let world = begun();
    let going = at_work(&world);
    let pid = going.child.id();
    let run = cursor(&world, &["show"]);
    assert_eq!(run.code, Some(0), "{run}");
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(lines[0], format!("state, held by process {pid}"));
    assert_eq!(lines.len(), 6, "{run}");
    for (line, feed) in lines[3..]
        .iter()
        .zip(["signinattempts", "itemusages", "auditevents"])
    {
        assert!(line.starts_with(&format!("acme/{feed}/datadog ")), "{run}");
        assert!(line.contains("  after …") && line.ends_with("  0"), "{run}");
    }

    let before = world.cursors();
    for change in [
        &[
            "set",
            "--account",
            "acme",
            "--feed",
            "auditevents",
            "--start",
            "1h",
        ][..],
        &["reset", "--account", "acme"],
    ] {
        let run = cursor(&world, &[change, &["--reason", "test"]].concat());
        assert_eq!(run.code, Some(8), "{run}");
        assert!(run.line().contains(&format!("process {pid}")), "{run}");
    }
    assert_eq!(world.cursors(), before);
    assert_eq!(journal(&world), Vec::<Value>::new());

    #[cfg(unix)]
    going.terminate();
    #[cfg(unix)]
    assert_eq!(going.end().code, Some(0));
    assert_eq!(shown(&world)["holder"], Value::Null);
}

/// Programs rely on it.
#[test]
fn what_is_shown_as_json_has_its_documented_form() {
    let world = begun();
    let shown = shown(&world);
    let (path, text) = world.cursors().pop_first().unwrap();
    assert!(path.ends_with("acme/auditevents/datadog.json"));
    let kept: Value = serde_json::from_str(&text).unwrap();
    let success = shown["streams"][2]["last_success_at"].as_str().unwrap();
    let success: Timestamp = success.parse().unwrap();
    let ago = SystemTime::now()
        .duration_since(success.to_system_time())
        .unwrap();
    assert!(ago < Duration::from_secs(60));
    let lag = shown["streams"][2]["lag_s"].as_u64();
    assert!(lag.unwrap() < 60);
    assert_eq!(shown["state"], "state");
    assert_eq!(shown["faults"], json!([]));
    assert_eq!(
        shown["streams"][2],
        json!({
            "stream": AUDIT, "account": "acme", "feed": "auditevents", "destination": "datadog",
            "position": kept["position"], "revision": kept["revision"],
            "committed_at": kept["committed_at"], "last_success_at": success.as_str(),
            "lag_s": lag, "dead_letters": 0, "dead_letter_bytes": 0, "fault": null,
        })
    );
    let run = cursor(
        &world,
        &["show", "--feed", "itemusages", "--format", "json"],
    );
    let one: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(one["streams"].as_array().unwrap().len(), 1);
}

#[test]
fn what_was_exported_and_imported_goes_on_without_loss_or_repeat() {
    let world = begun();
    let going = at_work(&world);
    let export = cursor(&world, &["export"]);
    assert_eq!(export.code, Some(0), "{export}");
    fs::write(world.path("cursors.json"), &export.stdout).unwrap();
    drop(going);
    fs::remove_dir_all(world.path("state")).unwrap();

    world.occur("meanwhile");
    let import = &["import", "cursors.json", "--reason", "the disk is new"];
    let run = cursor(&world, import);
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(run.stdout, "3 cursors put back; 0 stood there already\n");
    let run = cursor(&world, import);
    assert_eq!(run.stdout, "0 cursors put back; 3 stood there already\n");
    assert_eq!(world.once().code, Some(0));
    assert_eq!(world.arrived(), uuids(&["before", "meanwhile"]));

    // By now they have moved on, and nothing goes back unless that is said.
    let moved = world.cursors();
    let run = cursor(&world, import);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.line().contains(AUDIT), "{run}");
    assert!(run.line().contains("--replace"), "{run}");
    assert_eq!(world.cursors(), moved);
    let run = cursor(&world, &[import, &["--replace"][..]].concat());
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.once().code, Some(0));
    let mut arrived = world.arrived();
    assert_eq!(arrived.len(), 9);
    arrived.dedup();
    assert_eq!(arrived, uuids(&["before", "meanwhile"]));
}

#[test]
fn nothing_is_imported_of_what_is_not_whole() {
    let world = begun();
    let export = cursor(&world, &["export"]).stdout;
    let before = world.cursors();
    for (what, text, says) in [
        ("cut", export[..export.len() / 2].to_owned(), "EOF"),
        ("nothing", String::new(), "EOF"),
        (
            "newer",
            export.replace("\"format\": 1", "\"format\": 2"),
            "format 2",
        ),
        (
            "an account",
            export.replace("acme/item", "../item"),
            "`../item",
        ),
        (
            "one twice",
            export.replace("itemusages", "auditevents"),
            "acme/auditevents/datadog is in it twice",
        ),
        (
            "a cursor",
            export.replace("\"after\": \"", "\"after\": \"\", \"x\": \""),
            "",
        ),
    ] {
        assert_ne!(text, export, "{what}");
        fs::write(world.path("bad.json"), text).unwrap();
        let run = cursor(
            &world,
            &["import", "bad.json", "--replace", "--reason", "test"],
        );
        assert_eq!(run.code, Some(2), "{what}: {run}");
        assert!(run.line().contains("bad.json can't be imported"), "{run}");
        assert!(run.line().contains(says), "{what}: {run}");
        assert_eq!(world.cursors(), before, "{what}");
    }
}

#[test]
fn a_reset_reads_again_from_its_start_and_the_journal_says_why() {
    let world = begun();
    let old = SystemTime::now() - Duration::from_secs(3 * 86_400);
    let old = event("older").replace(
        &Timestamp::from(SystemTime::now()).to_string()[..10],
        &Timestamp::from(old).to_string()[..10],
    );
    world.events.insert(Feed::AuditEvents, old).unwrap();
    let before = shown(&world)["streams"][2].take();
    let start = Timestamp::from(SystemTime::now() - Duration::from_secs(5 * 86_400)).to_string();
    let start = format!("{}Z", &start[..19]);
    let reset = [
        "reset",
        "--account",
        "acme",
        "--feed",
        "auditevents",
        "--start",
        &start,
    ];
    let run = cursor(
        &world,
        &[&reset[..], &["--reason", "the index was emptied"]].concat(),
    );
    assert_eq!(run.code, Some(0), "{run}");
    for says in [
        &*start,
        ", 5 days ago,",
        "once more, with the same uuid",
        "late:true",
    ] {
        assert!(run.stdout.contains(says), "{says}: {run}");
    }
    let now = format!("{AUDIT}: now start {start}, before after …");
    assert!(run.stderr.contains(&now), "{run}");
    assert!(run.stderr.contains("the index was emptied"), "{run}");

    let mut lines = journal(&world);
    assert_eq!(lines.len(), 1);
    for of_this_run in ["at", "pid"] {
        assert!(!lines[0][of_this_run].take().is_null());
    }
    let position = json!({"reset": {"start": start, "end": null, "limit": 1000}});
    let text = world.cursors().into_values().next().unwrap();
    let kept: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(kept["position"], position);
    assert_eq!(
        lines[0],
        json!({
            "at": null, "command": "cursor reset", "stream": AUDIT,
            "before": {
                "revision": before["revision"], "position": before["position"],
                "last_page": lines[0]["before"]["last_page"],
            },
            "after": {"position": position, "last_page": null},
            "reason": "the index was emptied", "user": "alice", "pid": null,
        })
    );

    assert_eq!(world.once().code, Some(0));
    let mut expected = uuids(&["before"]);
    expected.extend(["before-auditevents".to_owned(), "older".to_owned()]);
    expected.sort();
    assert_eq!(world.arrived(), expected);
}

#[test]
fn without_a_start_all_feeds_begin_as_they_would_for_the_first_time() {
    let mut world = begun();
    world.config.push_str("start = \"2d\"\n");
    let arguments = [
        "--config",
        "op-dd.toml",
        "reset",
        "--account",
        "acme",
        "--reason",
        "test",
    ];
    let run = cursor(&world, &arguments);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains(", 2 days ago,"), "{run}");
    assert_eq!(
        run.stderr
            .matches(": now no cursor, before after …")
            .count(),
        3,
        "{run}"
    );
    assert_eq!(world.cursors().len(), 0);
    assert_eq!(journal(&world).len(), 3);
    assert_eq!(world.once().code, Some(0));
    assert_eq!(world.arrived().len(), 6);

    let run = cursor(&world, &["reset", "--account", "beta", "--reason", "test"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.line().contains("nothing to reset"), "{run}");
}

#[test]
fn what_is_not_to_be_done_is_not_done() {
    let world = begun();
    let before = world.cursors();
    let set = ["set", "--account", "acme", "--feed", "auditevents"];
    let why = ["--reason", "test"];
    for (what, arguments, says) in [
        ("no reason", &["--start", "1h"][..], "--reason"),
        (
            "an empty reason",
            &["--start", "1h", "--reason", " "],
            "why",
        ),
        ("no place", &why, "--after <CURSOR>|--start <TIME>"),
        (
            "two",
            &["--start", "1h", "--after", "abc", why[0], why[1]],
            "cannot be used with",
        ),
        (
            "an empty cursor",
            &["--after", "", why[0], why[1]],
            "the cursor is empty",
        ),
        (
            "a cursor cut short",
            &["--after", "…abc", why[0], why[1]],
            "cursor export",
        ),
        (
            "no time",
            &["--start", "soon", why[0], why[1]],
            "not a time",
        ),
        (
            "ahead",
            &["--start", "2999-01-01T00:00:00Z", why[0], why[1]],
            "yet to come",
        ),
    ] {
        let run = cursor(&world, &[&set[..], arguments].concat());
        assert_eq!(run.code, Some(2), "{what}: {run}");
        assert!(run.stderr.contains(says), "{what}: {run}");
    }
    let nowhere = ["cursor", "--state", "nowhere", "reset", "--account", "acme"];
    let run = Run::of(world.command(&[&nowhere[..], &why].concat()));
    assert_eq!(run.code, Some(6), "{run}");
    assert!(!world.path("nowhere").exists());
    assert_eq!(world.cursors(), before);
    assert_eq!(journal(&world), Vec::<Value>::new());
}

#[test]
fn a_broken_checkpoint_is_named_with_its_remedy_which_helps_and_hides_no_other() {
    let world = begun();
    let path = world.path("state/cursors/acme/auditevents/datadog.json");
    fs::write(&path, "{\"format\":1,").unwrap();
    let remedy = "op-dd cursor reset --account acme --feed auditevents --start TIME --reason TEXT";

    let run = cursor(&world, &["show"]);
    assert_eq!(run.code, Some(7), "{run}");
    assert!(run.line().contains(AUDIT), "{run}");
    assert!(
        run.stdout
            .contains("state/cursors/acme/auditevents/datadog.json can't be read")
    );
    assert!(run.stdout.contains(remedy), "{run}");
    assert_eq!(run.stdout.matches("  after …").count(), 2, "{run}");
    let run = cursor(&world, &["show", "--feed", "itemusages"]);
    assert_eq!(run.code, Some(0), "{run}");
    let run = cursor(&world, &["export"]);
    assert_eq!(run.code, Some(7), "{run}");
    let exported: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(exported["unreadable"], json!([AUDIT]));
    assert_eq!(exported["streams"].as_array().unwrap().len(), 2);

    let run = world.once();
    assert_eq!(run.code, Some(9), "{run}");
    assert!(run.line().contains(remedy), "{run}");
    let remedy = [
        "reset",
        "--account",
        "acme",
        "--feed",
        "auditevents",
        "--start",
        "1h",
    ];
    let run = cursor(&world, &[&remedy[..], &["--reason", "it broke"]].concat());
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(
        journal(&world)[0]["before"],
        json!({"unreadable": "{\"format\":1,"})
    );
    assert_eq!(world.once().code, Some(0));
    assert_eq!(cursor(&world, &["show"]).code, Some(0));
}

#[test]
fn a_cursor_that_1password_refuses_is_held_with_the_command_that_helps() {
    let world = begun();
    let set = [
        "set",
        "--account",
        "acme",
        "--feed",
        "auditevents",
        "--after",
        "c1c2c3",
    ];
    let run = cursor(&world, &[&set[..], &["--reason", "from my notes"]].concat());
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stderr.contains("now after c1c2c3, before after …"),
        "{run}"
    );
    let run = world.once();
    assert_eq!(run.code, Some(9), "{run}");
    for says in [
        "answered 400",
        "op-dd cursor reset --account acme --feed auditevents --start TIME --reason TEXT",
        "cursors/acme/auditevents/datadog.json",
    ] {
        assert!(run.line().contains(says), "{says}: {run}");
        assert!(
            run.stderr.matches(says).count() >= 2,
            "the log has it, too: {run}"
        );
    }
}
