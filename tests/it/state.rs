//! What happens to the state folder while the program is at work, and between its runs: nothing begins
//! again without a word, and no cursor is lost.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Going, KEY, NOBODY, Run, World, files, until, uuids};

/// Long enough for what a test does meanwhile.
const ONCE: [&str; 3] = ["--once", "--patience", "40s"];

/// An installation that has come somewhere, with something new to carry.
fn begun() -> World {
    let world = World::new();
    world.occur("before");
    assert_eq!(world.once().code, Some(0));
    world.occur("meanwhile");
    world
}

/// The program has begun, and is refused until [`let_through`].
fn at_work(world: &World, command: Command) -> Going {
    world.datadog.revoke(KEY);
    let going = Going::start(command, world.folder.path());
    until("the intake refuses", || {
        world.datadog.counts().of_status(403) > 0
    });
    going
}

fn let_through(world: &World) {
    world.datadog.accept(KEY);
}

fn until_it_says(going: &Going, words: &str) {
    until("it says so", || {
        fs::read_to_string(&going.stderr)
            .unwrap()
            .lines()
            .any(|line| line.contains(words))
    });
}

fn rights(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_that_is_removed_while_running_is_missed_and_taken_up_when_it_is_back() {
    let world = begun();
    let (state, away) = (world.path("state"), world.path("away"));
    let going = at_work(&world, world.run(&ONCE));
    fs::rename(&state, &away).unwrap();
    let_through(&world);
    until_it_says(
        &going,
        "state was removed or replaced while in use: put it back",
    );
    assert!(!state.exists(), "it is made anew");
    fs::rename(&away, &state).unwrap();
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stderr.contains(" ERROR held scope=stream acme/"),
        "{run}"
    );
    assert_eq!(world.arrived(), uuids(&["before", "meanwhile"]));
}

#[test]
fn a_folder_that_stays_away_ends_with_6_and_loses_nothing() {
    let world = begun();
    let (state, away) = (world.path("state"), world.path("away"));
    let cursors = world.cursors();
    let going = at_work(&world, world.run(&["--once", "--patience", "8s"]));
    fs::rename(&state, &away).unwrap();
    let_through(&world);
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(6), "{run}");
    assert!(run.line().contains("state was removed"), "{run}");
    assert!(!state.exists(), "it is made anew");

    fs::rename(&away, &state).unwrap();
    assert_eq!(world.cursors(), cursors);
    assert_eq!(world.once().code, Some(0));
    let mut arrived = world.arrived();
    // What was accepted and could not be committed comes again.
    arrived.dedup();
    assert_eq!(arrived, uuids(&["before", "meanwhile"]));
}

#[test]
fn a_second_process_in_a_folder_that_was_removed_does_not_make_the_first_one_begin_again() {
    let world = begun();
    let (state, away) = (world.path("state"), world.path("away"));
    let going = at_work(&world, world.run(&ONCE));
    fs::rename(&state, &away).unwrap();
    let_through(&world);
    until_it_says(&going, "state was removed or replaced");
    // It begins in an empty folder, as it must; the first one leaves that alone.
    assert_eq!(world.once().code, Some(0));
    let cursors = world.cursors();
    fs::rename(&state, world.path("other")).unwrap();
    fs::rename(&away, &state).unwrap();
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(0), "{run}");
    let others = files(&world.path("other/cursors"));
    assert!(others.values().eq(cursors.values()), "it was written to");
}

#[test]
fn a_disk_that_is_full_holds_what_is_new_until_there_is_room() {
    let world = World::new();
    world.occur("event");
    let state = world.path("state");
    fs::create_dir(&state).unwrap();
    // What is mounted there is seen by that process alone, and ends with it.
    let mount = "mount -t tmpfs -o size=64k none \"$0\" && touch mounted && exec \"$@\"";
    let run = world.run(&ONCE);
    let mut command = Command::new("unshare");
    command
        .args(["--map-root-user", "--mount", "sh", "-c", mount])
        .arg(&state)
        .arg(run.get_program())
        .args(run.get_args())
        .env_clear()
        .envs(&world.environment)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(world.folder.path());
    world.datadog.revoke(KEY);
    let mut going = Going::start(command, world.folder.path());
    until("it has begun", || {
        world.datadog.counts().of_status(403) > 0 || going.child.try_wait().unwrap().is_some()
    });
    if !world.path("mounted").exists() {
        let run = going.end();
        eprintln!("SKIPPED, AND NOTHING SHOWN: no small disk can be had here: {run}");
        return;
    }
    let seen = format!("/proc/{}/root{}", going.child.id(), state.display());
    let seen = PathBuf::from(seen);
    let cursors = files(&seen.join("cursors"));
    fs::write(seen.join("hog"), vec![0; 1 << 20]).unwrap_err();
    let_through(&world);
    until_it_says(&going, "can't be written (No space left on device");
    assert_eq!(files(&seen.join("cursors")), cursors);
    fs::remove_file(seen.join("hog")).unwrap();
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));
}

#[test]
fn rights_that_are_taken_away_move_no_cursor() {
    // To an established folder; a checkpoint that may not be written is replaced, since its folder may.
    for (what, path, mode, exit, says) in [
        ("files to be read only", "", 0o400, 0, ""),
        (
            "files not to be read",
            "",
            0o000,
            7,
            "can't be read (Permission denied (os error 13)): look at its rights",
        ),
        (
            "folders to be read only",
            "cursors/acme",
            0o500,
            6,
            "can't be written (Permission denied",
        ),
    ] {
        let world = World::new();
        let state = world.path("state");
        fs::create_dir(&state).unwrap();
        // Refused to whoever isn't root, whose folder it then is already.
        let _ = chown(&state, Some(NOBODY), Some(NOBODY));
        let once = || world.checked(Run::of(world.unprivileged("state")));
        world.occur("before");
        let run = once();
        assert_eq!(run.code, Some(0), "{what}: {run}");
        let cursors = world.cursors();

        world.occur("meanwhile");
        let spoil = |mode: u32, back: u32| {
            for file in cursors.keys() {
                match path {
                    "" => rights(file, mode),
                    _ => rights(file.parent().unwrap(), back),
                }
            }
        };
        spoil(mode, mode);
        let run = once();
        assert_eq!(run.code, Some(exit), "{what}: {run}");
        if exit != 0 {
            assert!(run.line().contains(says), "{what}: {run}");
            assert_eq!(world.cursors(), cursors, "{what}: a cursor was moved");
        }

        spoil(0o600, 0o700);
        assert_eq!(once().code, Some(0), "{what}");
        let mut arrived = world.arrived();
        arrived.dedup();
        assert_eq!(arrived, uuids(&["before", "meanwhile"]), "{what}");
        for file in world.cursors().keys() {
            let mode = fs::metadata(file).unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, 0o600, "{what}");
        }
    }
}
