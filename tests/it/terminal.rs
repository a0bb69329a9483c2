//! The program in a terminal shows a bar and colours; through a pipe, or to whoever wants none, not
//! an escape byte.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use op_dd_fakes::{FakeDatadog, FakeEvents};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tempfile::TempDir;

use crate::program::{Run, World, op_dd, until};

/// What begins every colour and every movement of the cursor.
const ESCAPE: char = '\u{1b}';

/// How a check that went well is shown.
const CHECKED: &str = "\u{1b}[32m";

/// A program in a terminal of its own. Dropped, it is killed.
pub(crate) struct Terminal {
    child: Child,
    /// All that is shown, in the order in which it came.
    shown: Option<JoinHandle<String>>,
}

impl Terminal {
    /// Of a hundred columns, as a person's that takes colours.
    pub(crate) fn start(mut command: Command) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let size = Winsize {
            ws_row: 40,
            ws_col: 100,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&ours, size).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let its = OpenOptions::new()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        if !command.get_envs().any(|(name, _)| name == "TERM") {
            command.env("TERM", "xterm-256color");
        }
        let child = command
            .stdin(its.try_clone().unwrap())
            .stdout(its.try_clone().unwrap())
            .stderr(its)
            .spawn()
            .unwrap();
        // It keeps the terminal open, which else ends with the program.
        drop(command);
        Self {
            child,
            shown: Some(thread::spawn(move || read(File::from(ours)))),
        }
    }

    /// Waits until it ends; returns its exit code and what it showed.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut code = None;
        until("the program in a terminal ends", || {
            let status = self.child.try_wait().unwrap();
            code = status.and_then(|status| status.code());
            status.is_some()
        });
        (code, self.shown.take().unwrap().join().unwrap())
    }

    pub(crate) fn run(command: Command) -> (Option<i32>, String) {
        Self::start(command).end()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // An error says that it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All until the program has closed its end, which is read as an error.
fn read(mut terminal: File) -> String {
    let mut shown = Vec::new();
    let mut some = [0; 4096];
    while let Ok(length @ 1..) = terminal.read(&mut some) {
        shown.extend(&some[..length]);
    }
    String::from_utf8(shown).unwrap()
}

/// A demonstration that takes long enough for a bar to be drawn.
fn demo(folder: &TempDir) -> Command {
    let mut command = op_dd();
    command
        .current_dir(folder.path())
        .args(["demo", "--events", "3000"])
        .args(["--fault", "intake:slow=200msx2"]);
    command
}

#[test]
fn a_terminal_shows_how_far_the_demonstration_is() {
    let folder = TempDir::new().unwrap();
    let (code, shown) = Terminal::run(demo(&folder));
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains(" of 3,000 events"), "{shown}");
    assert!(shown.contains('█'), "no bar: {shown}");
    // The bar is gone at the end, and what remains is plain.
    let (_, rest) = shown.rsplit_once(ESCAPE).unwrap();
    assert!(rest.contains("3000 events read"), "{shown}");
    assert!(!rest.contains(" of 3,000 events"), "{shown}");
}

#[test]
fn a_pipe_shows_neither_bar_nor_colour() {
    let folder = TempDir::new().unwrap();
    let mut command = demo(&folder);
    command.env("TERM", "xterm-256color");
    let run = Run::of(command);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(!run.stdout.contains(ESCAPE), "{run}");
    assert_eq!(run.stderr.find([ESCAPE, '█']), None, "{run}");
}

#[test]
fn only_one_end_in_a_pipe_is_a_pipe() {
    let folder = TempDir::new().unwrap();
    let kept = folder.path().join("kept");
    let mut command = Command::new("sh");
    command
        .env_clear()
        .current_dir(folder.path())
        .args(["-c", r#""$0" demo --events 300 > kept"#])
        .arg(op_dd().get_program())
        .stdin(Stdio::null());
    let (code, _) = Terminal::run(command);
    assert_eq!(code, Some(0));
    let kept = fs::read_to_string(kept).unwrap();
    assert!(kept.contains("300 events read"), "{kept}");
    assert!(!kept.contains(ESCAPE), "{kept}");
}

#[test]
fn a_dumb_terminal_is_shown_no_bar() {
    let folder = TempDir::new().unwrap();
    let mut command = demo(&folder);
    command.env("TERM", "dumb");
    let (code, shown) = Terminal::run(command);
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(shown.find([ESCAPE, '█']), None, "{shown}");
    assert!(shown.contains("3000 events read"), "{shown}");
}

/// A stretch of history that takes long enough for a bar to be drawn.
fn backfill() -> (World, Command) {
    let slow = "events:slow=500msx3".parse().unwrap();
    let events = FakeEvents::builder().script([slow]);
    let world = World::of(events, FakeDatadog::builder());
    world.occur("event");
    let command = world.command(&[
        "backfill",
        "--config",
        "op-dd.toml",
        "--state",
        "state",
        "--account",
        "acme",
        "--from",
        "2d",
        "--archive",
        "archive",
    ]);
    (world, command)
}

#[test]
fn a_terminal_shows_how_far_a_backfill_is() {
    let (_world, command) = backfill();
    let (code, shown) = Terminal::run(command);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("pages a second"), "{shown}");
    let (_, rest) = shown.rsplit_once("\u{1b}[").unwrap();
    assert!(rest.contains("is done"), "{shown}");
}

#[test]
fn a_pipe_shows_no_bar_of_a_backfill() {
    let (_world, mut command) = backfill();
    command.env("TERM", "xterm-256color");
    let run = Run::of(command);
    assert_eq!(run.code, Some(0), "{run}");
    let shown = format!("{}{}", run.stdout, run.stderr);
    assert!(!shown.contains([ESCAPE, '█']), "{run}");
    assert!(shown.contains("is done"), "{run}");
}

/// Every command with colours, with a colour that it shows: an escape sequence before a word.
fn coloured() -> Vec<(World, &'static [&'static str], &'static str)> {
    let world = World::new();
    let rules = world.path("own/rules");
    fs::create_dir_all(&rules).unwrap();
    fs::write(rules.join("mine.json"), "{}").unwrap();
    let log = World::new();
    log.occur("event");
    vec![
        (
            world,
            &["content", "check", "--dir", "own"],
            "\u{1b}[31mown/rules/mine.json",
        ),
        (
            log,
            &["run", "--config", "op-dd.toml", "--state", "s", "--once"],
            "\u{1b}[32m INFO",
        ),
        (World::new(), &["--help"], "\u{1b}[1m"),
        (World::new(), &["check", "--config", "op-dd.toml"], CHECKED),
    ]
}

#[test]
fn a_terminal_shows_colours() {
    for (world, arguments, colour) in coloured() {
        let (_, shown) = Terminal::run(world.command(arguments));
        assert!(shown.contains(colour), "{arguments:?}: {shown:?}");
    }
}

#[test]
fn whoever_wants_no_colours_is_shown_none() {
    for (variable, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        for (world, arguments, _) in coloured() {
            let mut command = world.command(arguments);
            command.env(variable, value);
            let (_, shown) = Terminal::run(command);
            assert!(!shown.contains("\u{1b}[3"), "{arguments:?}: {shown:?}");
            assert!(shown.len() > 20, "{arguments:?}: {shown:?}");
        }
    }
}

#[test]
fn a_pipe_shows_no_colours() {
    for (world, arguments, _) in coloured() {
        let mut command = world.command(arguments);
        command.env("TERM", "xterm-256color");
        let run = Run::of(command);
        let shown = format!("{}{}", run.stdout, run.stderr);
        assert!(!shown.contains(ESCAPE), "{arguments:?}: {run}");
        assert!(shown.len() > 20, "{arguments:?}: {run}");
    }
}
