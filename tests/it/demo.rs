//! `op-dd demo`: the whole way, in one process and with no account.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Run, files, op_dd};

const FEEDS: [&str; 3] = ["auditevents", "itemusages", "signinattempts"];

/// A demonstration in a folder of its own.
struct Demo(TempDir);

impl Demo {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = op_dd();
        command
            .current_dir(self.0.path())
            .args(["demo", "--out", "out"])
            .args(arguments);
        command
    }

    /// Runs it; even the fakes' secrets are shown nowhere.
    fn run(&self, arguments: &[&str]) -> Run {
        let run = Run::of(self.command(arguments));
        let kept = files(&self.out());
        for text in kept.values().chain([&run.stdout, &run.stderr]) {
            // The key, and how a token begins. A cursor begins with the first three letters of it, too.
            for secret in ["0123456789abcdef0123456789abcdef", "eyJhbGci"] {
                assert!(!text.contains(secret), "{secret}: {text}");
            }
        }
        run
    }

    fn good(&self, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {run}");
        run
    }

    fn out(&self) -> std::path::PathBuf {
        self.0.path().join("out")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.out().join("logs.ndjson")).unwrap()
    }

    fn logs(&self) -> Vec<Value> {
        let text = self.text();
        let logs = text.lines().map(|log| serde_json::from_str(log).unwrap());
        logs.collect()
    }

    fn summary(&self) -> Value {
        let text = fs::read(self.out().join("summary.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

fn uuid(log: &Value) -> String {
    log["uuid"].as_str().unwrap().to_owned()
}

fn distinct(logs: &[Value]) -> usize {
    logs.iter().map(uuid).collect::<BTreeSet<_>>().len()
}

fn is_late(log: &Value) -> bool {
    let tags = log["ddtags"].as_str().unwrap();
    tags.split(',').any(|tag| tag == "late:true")
}

#[test]
fn every_event_arrives_once_and_the_summary_agrees() {
    let demo = Demo::new();
    let run = demo.good(&["--events", "5000", "--seed", "7"]);
    let logs = demo.logs();
    assert_eq!(logs.len(), 5000);
    assert_eq!(distinct(&logs), 5000);

    let mut counts: BTreeMap<_, [usize; 2]> = BTreeMap::new();
    for log in &logs {
        let feed = log["onepassword"]["feed"].as_str().unwrap();
        let [sent, late] = counts.entry(feed).or_default();
        *sent += 1;
        *late += usize::from(is_late(log));
    }
    let expected = |[sent, late]: [usize; 2]| json!({"events": sent, "sent": sent, "late": late, "refused": 0});
    let late = logs.iter().filter(|log| is_late(log)).count();
    assert!(late > 0, "the month before has some");
    let mut summary = expected([5000, late]);
    summary["feeds"] = counts
        .iter()
        .map(|(feed, counts)| ((*feed).to_owned(), expected(*counts)))
        .collect();
    assert_eq!(counts.into_keys().collect::<Vec<_>>(), FEEDS);
    assert_eq!(demo.summary(), summary);

    assert!(
        run.stdout
            .starts_with("5000 events read, 5000 logs accepted"),
        "{run}"
    );
    for words in [
        &format!("{late} were too old"),
        "out/logs.ndjson",
        "out/heartbeats.ndjson (op-dd's own)",
        "out/summary.json",
    ] {
        assert!(run.stdout.contains(words), "{words:?} is not in: {run}");
    }
}

#[test]
fn each_stream_ends_with_a_heartbeat_that_agrees_with_the_summary() {
    let demo = Demo::new();
    demo.good(&[
        "--events",
        "5000",
        "--seed",
        "7",
        "--fault",
        "intake:503x2",
        "--fault",
        "events:cut",
    ]);
    let logs = demo.logs();
    let of_feed = |feed: &str| {
        let of_feed = |log: &&Value| log["onepassword"]["feed"] == feed;
        logs.iter().filter(of_feed).map(uuid).collect::<Vec<_>>()
    };
    let text = fs::read_to_string(demo.out().join("heartbeats.ndjson")).unwrap();
    let heartbeats = text.lines().map(|line| {
        let said: Value = serde_json::from_str(line).unwrap();
        (
            said["onepassword"]["feed"].as_str().unwrap().to_owned(),
            said,
        )
    });
    let heartbeats: BTreeMap<_, _> = heartbeats.collect();
    assert_eq!(heartbeats.keys().collect::<Vec<_>>(), FEEDS);
    assert_eq!(text.lines().count(), FEEDS.len());
    for (feed, said) in heartbeats {
        let summary = &demo.summary()["feeds"][&feed];
        for count in ["events", "late", "refused"] {
            assert_eq!(said["op_dd"][count], summary[count], "{feed}: {count}");
        }
        let kept = of_feed(&feed);
        assert_eq!(said["op_dd"]["first_uuid"], *kept.first().unwrap());
        assert_eq!(said["op_dd"]["last_uuid"], *kept.last().unwrap());
        assert_eq!(said["evt"]["name"], "heartbeat");
        assert_eq!(said["status"], "info");
    }
}

#[test]
fn a_second_run_goes_on_and_sends_nothing_again() {
    let demo = Demo::new();
    let arguments = ["--events", "1200", "--seed", "7"];
    demo.good(&arguments);
    let first = demo.text();
    assert_eq!(first.lines().count(), 1200);

    demo.good(&arguments);
    assert_eq!(demo.text(), first);
    let none = json!({"events": 0, "sent": 0, "late": 0, "refused": 0});
    let mut summary = none.clone();
    summary["feeds"] = FEEDS
        .map(|feed| (feed.to_owned(), none.clone()))
        .into_iter()
        .collect();
    assert_eq!(demo.summary(), summary);
}

#[test]
fn the_events_of_a_folder_cannot_be_exchanged() {
    let demo = Demo::new();
    demo.good(&["--events", "100", "--seed", "7"]);
    let first = files(&demo.out());
    fs::create_dir(demo.0.path().join("pages")).unwrap();
    for other in [
        &["--events", "101", "--seed", "7"][..],
        &["--events", "100", "--seed", "8"],
        &["--pages", "pages"],
    ] {
        let run = demo.run(other);
        assert_eq!(run.code, Some(2), "{other:?}: {run}");
        assert!(
            run.line()
                .contains("out holds a demonstration of other events (--events 100 --seed 7)"),
            "{run}"
        );
        assert!(run.line().contains("choose another --out"), "{run}");
        assert_eq!(files(&demo.out()), first, "{other:?}");
    }
}

#[test]
fn a_demonstration_that_cannot_begin_leaves_its_folder_free() {
    let demo = Demo::new();
    let run = demo.run(&["--pages", "nowhere"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.line().contains("nowhere (No such file"), "{run}");
    fs::create_dir(demo.0.path().join("empty")).unwrap();
    let run = demo.run(&["--pages", "empty"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.line().contains("there are no pages in empty"), "{run}");
    demo.good(&["--events", "10"]);
    assert_eq!(demo.logs().len(), 10);

    let mut elsewhere = op_dd();
    elsewhere.args(["demo", "--events", "10", "--out", "/dev/null"]);
    let run = Run::of(elsewhere);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.line().contains("choose another --out"), "{run}");
}

/// Writes the pages of a feed, each with the cursor that leads behind it.
fn write_pages(folder: &Path, feed: &str, pages: &[&[Value]]) {
    let folder = folder.join(feed);
    fs::create_dir_all(&folder).unwrap();
    for (index, items) in pages.iter().enumerate() {
        let page = json!({
            "cursor": format!("{feed}-{index}"),
            "has_more": index + 1 < pages.len(),
            "items": items,
        });
        fs::write(folder.join(format!("{index:03}.json")), page.to_string()).unwrap();
    }
}

#[test]
fn given_pages_arrive_item_by_item_whenever_they_happened() {
    let demo = Demo::new();
    let item = |uuid: &str, timestamp: &str| json!({"uuid": uuid, "timestamp": timestamp});
    let folder = demo.0.path().join("pages");
    write_pages(
        &folder,
        "auditevents",
        &[
            // Long before where a demonstration would begin.
            &[
                item("A1", "2021-03-04T05:06:07Z"),
                item("A2", "2026-01-01T00:00:00Z"),
            ],
            &[],
            &[item("A3", "no time at all")],
        ],
    );
    write_pages(
        &folder,
        "signinattempts",
        &[&[item("S1", "2019-01-01T00:00:00Z")]],
    );

    demo.good(&["--pages", "pages"]);
    let mut uuids: Vec<_> = demo.logs().iter().map(uuid).collect();
    uuids.sort();
    assert_eq!(uuids, ["A1", "A2", "A3", "S1"]);
    let summary = demo.summary();
    assert_eq!([&summary["events"], &summary["sent"]], [4, 4]);
    assert_eq!(summary["feeds"]["auditevents"]["sent"], 3);

    let first = demo.text();
    demo.good(&["--pages", "pages"]);
    assert_eq!(demo.text(), first);
    assert_eq!(demo.summary()["sent"], 0);
}

#[test]
fn no_fault_of_either_side_loses_or_doubles_an_event() {
    const COUNT: usize = 1200;
    thread::scope(|scope| {
        for faults in [
            &["intake:403x1"][..],
            &["intake:429=1s"],
            &["intake:500"],
            &["intake:cut"],
            &["intake:slow=100msx3"],
            &["intake:415"],
            &["events:429=1s"],
            &["events:500x2"],
            &["events:401"],
            &["events:cut"],
            &["events:lost"],
            &["events:garbage"],
            &["events:empty"],
            &["events:nocursor"],
            &["events:emptycursor"],
            &[
                "events:ok",
                "events:cut",
                "intake:429=1s",
                "intake:ok",
                "intake:503x2",
            ],
        ] {
            scope.spawn(move || {
                let demo = Demo::new();
                let count = COUNT.to_string();
                let mut arguments = vec!["--events", &count];
                for fault in faults {
                    arguments.extend(["--fault", fault]);
                }
                demo.good(&arguments);
                let logs = demo.logs();
                assert_eq!(logs.len(), COUNT, "{faults:?}");
                assert_eq!(distinct(&logs), COUNT, "{faults:?}");
                let summary = demo.summary();
                assert_eq!(
                    [&summary["events"], &summary["sent"]],
                    [COUNT; 2],
                    "{faults:?}"
                );
            });
        }
    });
}

#[test]
fn an_answer_that_is_lost_repeats_one_page_at_most() {
    let demo = Demo::new();
    demo.good(&[
        "--events",
        "2500",
        "--fault",
        "intake:ok",
        "--fault",
        "intake:lost",
    ]);
    let logs = demo.logs();
    assert_eq!(distinct(&logs), 2500);

    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for log in &logs {
        *counts
            .entry((log["onepassword"]["feed"].to_string(), uuid(log)))
            .or_default() += 1;
    }
    let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.iter().all(|(_, count)| **count == 2));
    assert!((1..=1000).contains(&twice.len()), "{}", twice.len());
    let feeds: BTreeSet<_> = twice.iter().map(|((feed, _), _)| feed).collect();
    assert_eq!(feeds.len(), 1, "one page is of one feed");
    assert_eq!(demo.summary()["sent"], 2500);
}

#[test]
fn a_fault_that_does_not_pass_is_told_with_its_cause() {
    let demo = Demo::new();
    let run = demo.run(&["--events", "10", "--fault", "events:429=2mx3"]);
    assert_eq!(run.code, Some(5), "{run}");
    assert!(run.line().contains("429"), "{run}");
    assert_eq!(demo.summary()["sent"], 0);
    // The next one has no fault.
    demo.good(&["--events", "10"]);
    assert_eq!(distinct(&demo.logs()), 10);
}
