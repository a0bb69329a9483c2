//! The units: what systemd says of them, and that the program needs no more than they leave it.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use op_dd_fakes::{FakeDatadog, FakeEvents};
use tempfile::TempDir;

use crate::command_line::tool;
use crate::program::{KEY, World, op_dd, uuids};

const UNITS: [&str; 2] = ["op-dd.service", "op-dd-once.service"];

/// What `docs/operate.md` says of both.
const EXPOSURE: f64 = 1.1;

fn text(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/systemd");
    fs::read_to_string(folder.join(file)).unwrap()
}

/// Every value of a key, in the order of the file.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    let lines = lines.filter(|(name, _)| *name == key);
    lines.map(|(_, value)| value).collect()
}

#[test]
fn systemd_finds_no_fault_with_the_units() {
    let folder = TempDir::new().unwrap();
    let program = op_dd().get_program().to_str().unwrap().to_owned();
    for unit in UNITS {
        // It looks whether the program is there.
        let text = text(unit).replace("/usr/local/bin/op-dd", &program);
        fs::write(folder.path().join(unit), text).unwrap();
    }
    let timer = "op-dd-once.timer";
    fs::write(folder.path().join(timer), text(timer)).unwrap();
    for unit in [UNITS[0], UNITS[1], timer] {
        let unit = format!("./{unit}");
        let arguments = ["verify", "--man=no", &unit];
        let Some(run) = tool("systemd-analyze", &arguments, folder.path()) else {
            return;
        };
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{unit}");
    }
}

#[test]
fn the_units_are_no_more_exposed_than_the_handbook_says() {
    let folder = TempDir::new().unwrap();
    for unit in UNITS {
        fs::write(folder.path().join(unit), text(unit)).unwrap();
        let arguments = ["security", "--offline=true", "--no-pager", unit];
        let Some(run) = tool("systemd-analyze", &arguments, folder.path()) else {
            return;
        };
        let (_, level) = run.stdout.rsplit_once("exposure level for ").unwrap();
        let level: f64 = level.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(level <= EXPOSURE, "{unit}: {run}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let handbook = fs::read_to_string(root.join("docs/operate.md")).unwrap();
    let said = format!("exposure of {EXPOSURE:.1}");
    assert!(handbook.contains(&said), "{said}");
}

#[test]
fn both_units_confine_the_program_alike_and_leave_it_time_to_end() {
    let [live, once] = UNITS.map(text);
    let confined = |unit: &str| {
        let (_, rest) = unit.split_once("# A user of its own").unwrap();
        rest.split("\n[").next().unwrap().trim().to_owned()
    };
    assert_eq!(confined(&live), confined(&once));
    for unit in [&live, &once] {
        assert_eq!(values(unit, "TimeoutStopSec"), ["20s"]);
    }
    // Of the 20 s it takes half.
    let mut command = op_dd();
    command.args(["run", "--help"]);
    let help = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let (_, grace) = help.split_once("--grace <TIME>").unwrap();
    let (grace, _) = grace.split_once(']').unwrap();
    assert!(grace.ends_with("[default: 10s"), "{grace}");
}

/// The entries of a database that `systemd-sysusers` wrote, by name.
fn entries(root: &Path, database: &str) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(root.join("etc").join(database)).unwrap();
    let entries = text.lines().map(|line| {
        let fields: Vec<_> = line.split(':').map(ToOwned::to_owned).collect();
        (fields[0].clone(), fields)
    });
    entries.collect()
}

#[test]
fn the_units_user_is_one_that_nobody_logs_in_as() {
    let folder = TempDir::new().unwrap();
    let declared = folder.path().join("etc/sysusers.d");
    fs::create_dir_all(&declared).unwrap();
    fs::write(declared.join("op-dd.conf"), text("op-dd.sysusers")).unwrap();
    let root = format!("--root={}", folder.path().display());
    let arguments = [root.as_str(), "op-dd.conf"];
    let Some(run) = tool("systemd-sysusers", &arguments, folder.path()) else {
        return;
    };
    assert_eq!(run.code, Some(0), "{run}");
    let users = entries(folder.path(), "passwd");
    let groups = entries(folder.path(), "group");
    for unit in UNITS.map(text) {
        let [name] = values(&unit, "User")[..] else {
            panic!("{unit}");
        };
        let user = &users[name];
        assert_eq!(user[3], groups[name][2], "{user:?}");
        let state = format!("/var/lib/{}", values(&unit, "StateDirectory")[0]);
        assert_eq!(user[5], state, "{user:?}");
        assert!(user[6].ends_with("/nologin"), "{user:?}");
    }
}

#[test]
fn the_program_has_no_more_threads_than_the_units_let_it() {
    for unit in UNITS {
        let text = text(unit);
        let [tasks] = values(&text, "TasksMax")[..] else {
            panic!("{unit}");
        };
        // Tokio's that wait for disks are 512 at the most; those that work are as many as processors.
        assert!(tasks.parse::<usize>().unwrap() >= 1024, "{unit}: {tasks}");
    }
}

/// A file of a secret that the service's group may read, as the handbook makes it, is warned of by
/// nobody.
#[test]
fn the_secrets_of_the_service_are_read_without_a_warning() {
    let mut world = World::of(FakeEvents::builder(), FakeDatadog::builder());
    world.occur("event");
    let folder = world.path("secrets");
    fs::create_dir(&folder).unwrap();
    for (variable, secret) in [
        ("DATADOG_KEY", KEY.to_owned()),
        ("ACME_TOKEN", world.environment["ACME_TOKEN"].clone()),
    ] {
        let file = folder.join(variable);
        fs::write(&file, format!("{secret}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let named = format!("file:{}", file.display());
        world.replace(&format!("env:{variable}"), &named);
    }
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    assert!(!run.stderr.contains("may be read by everyone"), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));
}

/// What `systemd-analyze` says is in a group of system calls, and in the groups that it names.
fn calls(group: &str, all: &mut BTreeSet<String>) -> Option<()> {
    let run = tool(
        "systemd-analyze",
        &["syscall-filter", "--no-pager", group],
        Path::new("/"),
    )?;
    for line in run.stdout.lines().skip(1) {
        let call = line.trim();
        match call.as_bytes().first() {
            None | Some(b'#') => {}
            Some(b'@') => calls(call, all)?,
            Some(_) => {
                all.insert(call.to_owned());
            }
        }
    }
    Some(())
}

#[test]
fn the_program_calls_nothing_that_the_unit_forbids() {
    let unit = text("op-dd.service");
    let mut allowed = BTreeSet::new();
    for groups in values(&unit, "SystemCallFilter") {
        let mut named = BTreeSet::new();
        let denied = groups.strip_prefix('~');
        for group in denied.unwrap_or(groups).split(' ') {
            if calls(group, &mut named).is_none() {
                return;
            }
        }
        match denied {
            Some(_) => allowed.retain(|call| !named.contains(call)),
            None => allowed.append(&mut named),
        }
    }
    assert!(allowed.len() > 200, "{allowed:?}");

    let world = World::new();
    world.occur("event");
    let trace = world.path("trace");
    let run = world.run(&["--once"]);
    let program = run.get_program().to_str().unwrap().to_owned();
    let mut command = std::process::Command::new("strace");
    command
        .args(["--follow-forks", "--quiet=all", "--output"])
        .arg(&trace)
        .arg(program)
        .args(run.get_args())
        .env_clear()
        .envs(&world.environment)
        .current_dir(world.folder.path());
    if tool("strace", &["--version"], Path::new("/")).is_none() {
        return;
    }
    let run = crate::program::Run::of(command);
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));

    let trace = fs::read_to_string(trace).unwrap();
    let mut called = BTreeSet::new();
    for line in trace.lines() {
        // The process, the call and its arguments.
        let (_, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        let call = call
            .strip_prefix("<... ")
            .and_then(|resumed| resumed.split_once(' '))
            .map_or(call, |(name, _)| name);
        let name = call.split('(').next().unwrap();
        if name
            .bytes()
            .all(|c| c.is_ascii_lowercase() || c == b'_' || c.is_ascii_digit())
        {
            called.insert(name.to_owned());
        }
        // MemoryDenyWriteExecute and RestrictAddressFamilies.
        assert!(!call.contains("PROT_WRITE|PROT_EXEC"), "{line}");
        if call.starts_with("socket(") {
            let families = ["(AF_INET,", "(AF_INET6,", "(AF_UNIX,"];
            assert!(
                families.iter().any(|family| call.contains(family)),
                "{line}"
            );
        }
    }
    assert!(called.len() > 30, "{called:?}");
    let forbidden: Vec<_> = called.difference(&allowed).collect();
    assert_eq!(forbidden, Vec::<&String>::new());
}
