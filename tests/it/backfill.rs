//! A stretch of history that is carried beside what happens now, by the real program.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime};

use flate2::read::MultiGzDecoder;
use onepassword_events::Timestamp;
use op_dd_fakes::{Event, FakeDatadog, FakeEvents, Feed};
use serde_json::{Value, json};

use crate::program::{Going, NOBODY, Run, World, files, until, within};

const HOUR: Duration = Duration::from_secs(3600);
/// For what takes thousands of files.
const PATIENCE: Duration = Duration::from_secs(300);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Events of a feed at equal distances, from so long ago on.
fn history(feed: Feed, count: usize, from: Duration, to: Duration) -> Vec<Event> {
    let begin = SystemTime::now() - from;
    let step = (from - to) / u32::try_from(count).unwrap();
    let events = (0..).zip(0..count).map(|(steps, number)| {
        let time = Timestamp::from(begin + step * steps);
        let event = json!({ "uuid": format!("{feed}-{number:06}"), "timestamp": time });
        Event::new(feed, event.to_string()).unwrap()
    });
    events.collect()
}

/// A world with so many events in all, over 120 days, and none that live polling carries.
fn world(events: usize) -> World {
    let history = Feed::ALL.map(|feed| history(feed, events / 3, 120 * DAY - HOUR, 18 * HOUR));
    let events = FakeEvents::builder().events(history.into_iter().flatten());
    World::of(events, FakeDatadog::builder())
}

fn backfill(world: &World, arguments: &[&str]) -> Command {
    let mut command = world.command(&["backfill", "--config", "op-dd.toml", "--state", "state"]);
    command.args(arguments);
    command
}

/// How many events the only job has carried so far.
fn carried(world: &World) -> u64 {
    let Ok(jobs) = fs::read_dir(world.path("state/jobs")) else {
        return 0;
    };
    let mut paths = jobs.map(|job| job.unwrap().path());
    let progress = paths.find(|path| path.to_string_lossy().ends_with(".progress.json"));
    let text = progress.and_then(|path| fs::read_to_string(path).ok());
    text.map_or(0, |text| {
        let standing: Value = serde_json::from_str(&text).unwrap();
        standing["events"].as_u64().unwrap()
    })
}

/// The checkpoints of live polling.
fn live(world: &World) -> BTreeMap<String, String> {
    let feeds = Feed::ALL.map(|feed| {
        let path = format!("state/cursors/acme/{feed}/datadog.json");
        let text = fs::read_to_string(world.path(&path)).unwrap();
        (path, text)
    });
    feeds.into()
}

/// The logs of an archive: for each `_id` the event's id. Every one must lie in the file of its own hour.
fn archived(folder: &Path) -> HashMap<String, String> {
    let mut logs = HashMap::new();
    for day in below(folder, "dt=") {
        for hour in below(&day, "hour=") {
            for path in below(&hour, "") {
                let here = hour.strip_prefix(folder).unwrap();
                for log in logs_in(&path) {
                    let event = &log["attributes"];
                    let time = event["timestamp"].as_str().unwrap();
                    let (date, hour) = (time[..10].replace('-', ""), &time[11..13]);
                    assert_eq!(here, Path::new(&format!("dt={date}/hour={hour}")));
                    let text = |of: &Value| of.as_str().unwrap().to_owned();
                    logs.insert(text(&log["_id"]), text(&event["uuid"]));
                }
            }
        }
    }
    logs
}

fn below(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    named.map(|entry| entry.path()).collect()
}

fn logs_in(path: &Path) -> Vec<Value> {
    assert!(path.to_string_lossy().ends_with(".json.gz"), "{path:?}");
    let mut text = String::new();
    let mut file = MultiGzDecoder::new(File::open(path).unwrap());
    file.read_to_string(&mut text).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

#[test]
fn killed_three_times_it_is_complete_and_moves_no_live_cursor() {
    kill_three_times(12_000);
}

#[test]
#[ignore = "the same at full size, for minutes: cargo test -p op-dd-tests --test it backfill:: -- --ignored"]
fn killed_three_times_it_is_complete_with_a_hundred_thousand_events() {
    kill_three_times(100_002);
}

fn kill_three_times(count: usize) {
    let world = world(count);
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    let before = live(&world);

    let arguments = [
        "--account",
        "acme",
        "--from",
        "120d",
        "--archive",
        "archive",
    ];
    for kill in 1..=3 {
        // Whoever holds the state folder goes on with it.
        let command = match kill {
            2 => world.run(&[]),
            _ => backfill(&world, &arguments),
        };
        let mut going = Going::start(command, world.folder.path());
        let goal = (count * kill / 4) as u64;
        within(PATIENCE, "some more is carried", || carried(&world) >= goal);
        going.child.kill().unwrap();
        let run = going.end();
        assert_eq!(run.code, None, "{run}");
    }
    let mut going = Going::start(backfill(&world, &arguments), world.folder.path());
    within(PATIENCE, "it is done", || {
        going.child.try_wait().unwrap().is_some()
    });
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains("goes on where it was"), "{run}");

    let logs = archived(&world.path("archive"));
    let mut ids: Vec<_> = logs.values().collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
    // A log that a kill has brought twice has one id.
    assert_eq!(logs.len(), count);
    assert_eq!(live(&world), before);
    assert!(world.datadog.logs().is_empty());

    let again = Run::of(backfill(&world, &["--list"]));
    assert!(again.stdout.contains("  done: "), "{again}");
}

#[test]
fn a_run_takes_it_up_while_what_happens_now_flows_to_both_sides() {
    let count: usize = 6_000;
    let mut world = world(count);
    world.config.push_str(
        "\n[archive]\ndir = \"archive\"\ninterval = \"1s\"\n\n[polling]\ninterval = \"1s\"\n",
    );
    let going = world.going(&[]);
    until("it has begun", || world.path("state/cursors").exists());
    let command = backfill(&world, &["--account", "acme", "--from", "120d"]);
    let job = thread::spawn(|| Run::of(command));
    let mut number = 0;
    while !job.is_finished() {
        world.occur(&format!("live-{number:03}"));
        number += 1;
        thread::sleep(Duration::from_millis(200));
    }
    let run = job.join().unwrap();
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains("takes the job up"), "{run}");
    let live = 3 * number;
    until("Datadog has what happened", || {
        world.datadog.logs().len() == live
    });
    until("the archive has it all", || {
        archived(&world.path("archive")).len() == count + live
    });
    going.terminate();
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(0), "{run}");
}

#[test]
fn what_can_not_be_done_is_refused_with_what_to_do() {
    let world = world(30);
    for (arguments, remedy) in [
        (&["--account", "beta", "--from", "30d"][..], "it has acme"),
        (&["--account", "acme", "--from", "30d"], "--redate"),
        (&["--account", "acme", "--from", "5h"], "--recent"),
        (
            &[
                "--account",
                "acme",
                "--from",
                "30d",
                "--to",
                "40d",
                "--redate",
            ],
            "is empty",
        ),
    ] {
        let run = Run::of(backfill(&world, arguments));
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.line().contains(remedy), "{run}");
    }
}

#[test]
fn redated_it_goes_to_datadog_as_late() {
    let world = world(300);
    let date = |ago: Duration| Timestamp::from(SystemTime::now() - ago).to_string();
    let (from, to) = (date(130 * DAY), date(DAY));
    let arguments = ["--from", &from, "--to", &to, "--redate"];
    let asked = |more: &[&str]| {
        let arguments = [&["--account", "acme"], &arguments[..], more].concat();
        world.checked(Run::of(backfill(&world, &arguments)))
    };
    let run = asked(&["--feed", "itemusages"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains("120 days"), "{run}");
    let logs = world.datadog.logs();
    assert_eq!(logs.len(), 100);
    assert!(logs.iter().all(|log| log.contains("late:true")));
    let again = asked(&["--feed", "itemusages"]);
    assert_eq!(again.code, Some(0), "{again}");
    assert!(again.stdout.contains("nothing is left to do"), "{again}");
    assert_eq!(world.datadog.logs().len(), 100);
    // It is another job if it goes elsewhere.
    let other = asked(&["--feed", "auditevents"]);
    assert_eq!(other.code, Some(0), "{other}");
    assert_eq!(world.datadog.logs().len(), 200);
}

#[test]
fn another_archive_is_another_job() {
    let mut world = world(30);
    let date = |ago: Duration| Timestamp::from(SystemTime::now() - ago).to_string();
    let (from, to) = (date(120 * DAY), date(DAY));
    let config = world.config.clone();
    for folder in ["one", "two"] {
        world.config = format!("{config}\n[archive]\ndir = \"{folder}\"\n");
        let arguments = ["--account", "acme", "--from", &from, "--to", &to];
        let run = world.checked(Run::of(backfill(&world, &arguments)));
        assert_eq!(run.code, Some(0), "{run}");
        assert_eq!(archived(&world.path(folder)).len(), 30, "{run}");
    }
}

#[test]
fn between_it_and_live_polling_nothing_is_left_out() {
    let history = Feed::ALL.map(|feed| history(feed, 60, 30 * HOUR, HOUR / 4));
    let events = FakeEvents::builder().events(history.into_iter().flatten());
    let mut world = World::of(events, FakeDatadog::builder());
    world.config.push_str("\n[polling]\nstart = \"1h\"\n");
    let arguments = ["--account", "acme", "--from", "31h", "--redate"];
    let run = world.checked(Run::of(backfill(&world, &arguments)));
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains("left to live polling"), "{run}");
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    let mut arrived = world.arrived();
    arrived.dedup();
    assert_eq!(arrived.len(), 3 * 60);
}

#[test]
fn a_job_that_is_called_off_is_left_at_once() {
    let world = world(30_000);
    let arguments = ["--account", "acme", "--from", "120d", "--archive", "away"];
    let going = Going::start(backfill(&world, &arguments), world.folder.path());
    until("it is under way", || carried(&world) > 0);
    let list = |arguments: &[&str]| {
        let state = ["backfill", "--state", "state"];
        Run::of(world.command(&[&state, arguments].concat()))
    };
    let jobs = list(&["--list"]).stdout;
    let id = jobs.split(' ').next().unwrap();
    let run = list(&["--cancel", id]);
    assert_eq!(run.code, Some(0), "{run}");
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(9), "{run}");
    assert!(run.line().contains("called off"), "{run}");
    assert!(list(&["--list"]).stdout.contains("there is no job"));
    assert_eq!(fs::read_dir(world.path("state/jobs")).unwrap().count(), 0);
    let run = list(&["--cancel", id]);
    assert_eq!(run.code, Some(2), "{run}");
}

#[test]
fn a_job_that_was_refused_goes_on_once_its_account_is_back() {
    let mut world = world(12_000);
    let arguments = ["--account", "acme", "--from", "120d", "--archive", "away"];
    let mut going = Going::start(backfill(&world, &arguments), world.folder.path());
    until("it is under way", || carried(&world) > 0);
    going.child.kill().unwrap();
    going.end();
    let before = carried(&world);
    let listed = || Run::of(backfill(&world, &["--list"])).stdout;
    let config = world.config.clone();
    let other = config.replace("\"acme\"", "\"beta\"");
    fs::write(world.path("other.toml"), other).unwrap();
    let arguments = ["run", "--config", "other.toml", "--state", "state"];
    let going = Going::start(world.command(&arguments), world.folder.path());
    until("it is refused", || listed().contains("no account acme"));
    going.terminate();
    going.end();
    assert_eq!(carried(&world), before);
    world.config = config;
    let going = world.going(&[]);
    let listed = || Run::of(backfill(&world, &["--list"])).stdout;
    until("it is done", || listed().contains("  done: "));
    going.terminate();
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(archived(&world.path("away")).len(), 12_000);
}

#[test]
fn in_the_state_folder_of_another_user_nothing_is_written() {
    let world = world(30);
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    let state = world.path("state");
    let changed = chown(state.join("lock"), Some(NOBODY), Some(NOBODY));
    if changed.is_err() {
        println!("SKIPPED: only root can give a file away");
        return;
    }
    let before = files(&state);
    let acme = ["--account", "acme"];
    let runs = [
        Run::of(backfill(
            &world,
            &["--account", "acme", "--from", "5d", "--redate"],
        )),
        Run::of(
            world.command(
                &[
                    &["cursor", "--state", "state", "reset"],
                    &acme[..],
                    &["--reason", "a slip"],
                ]
                .concat(),
            ),
        ),
    ];
    for run in runs {
        assert_eq!(run.code, Some(6), "{run}");
        assert!(run.line().contains("sudo -u"), "{run}");
    }
    assert_eq!(files(&state), before);
}

#[test]
fn a_job_that_is_over_can_be_forgotten_while_nobody_holds_the_state() {
    let mut world = world(30);
    let list = |world: &World| Run::of(backfill(world, &["--list"])).stdout;
    assert!(list(&world).starts_with("there is no job"));
    let run = Run::of(backfill(&world, &["--forget", "backfill-1"]));
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.line().contains("--list"), "{run}");

    let arguments = ["--account", "acme", "--from", "120d", "--redate"];
    let run = world.checked(Run::of(backfill(&world, &arguments)));
    assert_eq!(run.code, Some(0), "{run}");
    let line = list(&world);
    let (id, rest) = line.split_once("  ").unwrap();
    assert!(
        rest.starts_with("acme  ") && rest.ends_with("  done: 30 events\n"),
        "{line}"
    );
    let before = live(&world);
    assert_eq!(world.cursors().len(), 2 * before.len());

    // Another one can't be done, and says so.
    let jobs = world.path("state/jobs");
    let asked = fs::read_to_string(jobs.join(format!("{id}.json"))).unwrap();
    let other = "backfill-20260101-000000";
    let foreign = asked.replace(id, other).replace("\"acme\"", "\"gone\"");
    fs::write(jobs.join(format!("{other}.json")), foreign).unwrap();
    let run = Run::of(backfill(&world, &["--forget", other]));
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.line().contains("is not over"), "{run}");
    world.config.push_str("\n[polling]\ninterval = \"1s\"\n");
    let going = world.going(&[]);
    until("it is refused", || {
        list(&world).contains("  refused: there is no account gone")
    });

    let run = Run::of(backfill(&world, &["--forget", id]));
    assert_eq!(run.code, Some(8), "{run}");
    going.terminate();
    going.end();
    let before = live(&world);
    for id in [id, other] {
        let run = world.checked(Run::of(backfill(&world, &["--forget", id])));
        assert_eq!(run.code, Some(0), "{run}");
        assert!(run.stdout.contains(&format!("{id} is forgotten")), "{run}");
    }
    assert_eq!(fs::read_dir(&jobs).unwrap().count(), 0);
    assert_eq!(live(&world), before);
    assert_eq!(world.cursors().len(), before.len());
    assert!(list(&world).starts_with("there is no job"));
}
