//! What is made from the command line: completions and man pages. Both are made when they are asked
//! for, so neither can be out of date.

#![cfg(unix)]
#![expect(
    clippy::print_stderr,
    reason = "a check that was left out should be seen"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::program::{Run, op_dd};

/// What it prints to standard output, and nothing else.
fn said(arguments: &[&str]) -> String {
    let mut command = op_dd();
    command.args(arguments);
    let run = Run::of(command);
    assert_eq!(run.code, Some(0), "{arguments:?}: {run}");
    assert_eq!(run.stderr, "", "{arguments:?}: {run}");
    run.stdout
}

/// Runs a tool of the system's. None if it isn't installed, which is said aloud.
pub(crate) fn tool(name: &str, arguments: &[&str], folder: &Path) -> Option<Run> {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(folder);
    if command.output().is_err() {
        eprintln!("SKIPPED: {name} isn't installed, so what needs it isn't checked");
        return None;
    }
    Some(Run::of(command))
}

/// The commands below these words, by the help that a person reads; each with all its words.
fn commands(words: &[String]) -> Vec<Vec<String>> {
    let arguments: Vec<_> = words.iter().map(String::as_str).collect();
    let help = said(&[&arguments[..], &["--help"]].concat());
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return Vec::new();
    };
    let list = list.lines().take_while(|line| line.starts_with("  "));
    let names = list.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty() && *name != "help");
    names
        .flat_map(|name| {
            let words = [words, &[name.to_owned()]].concat();
            let mut all = commands(&words);
            all.push(words);
            all
        })
        .collect()
}

#[test]
fn bash_completes_commands_and_options() {
    let folder = TempDir::new().unwrap();
    let script = said(&["completions", "bash"]);
    fs::write(folder.path().join("op-dd.bash"), script).unwrap();
    for (line, completed) in [
        ("op-dd ru", "run"),
        ("op-dd run --onc", "--once"),
        ("op-dd content inst", "install"),
    ] {
        let words: Vec<_> = line.split(' ').collect();
        let [.., before, word] = words[..] else {
            unreachable!("each has two words at least")
        };
        let last = words.len() - 1;
        // As bash does at the tabulator key.
        let ask = format!(
            "source op-dd.bash; COMP_WORDS=({line}); COMP_CWORD={last}; \
             $(complete -p op-dd | sed 's/.* -F \\([^ ]*\\) .*/\\1/') op-dd {word} {before}; \
             echo ${{COMPREPLY[@]}}"
        );
        let Some(run) = tool("bash", &["-c", &ask], folder.path()) else {
            return;
        };
        assert_eq!(run.stdout.trim(), completed, "{line}: {run}");
        assert_eq!(run.stderr, "", "{line}");
    }
}

#[test]
fn other_shells_take_their_scripts() {
    let folder = TempDir::new().unwrap();
    for (shell, option) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = said(&["completions", shell]);
        assert!(script.contains("content"), "{shell}");
        fs::write(folder.path().join(shell), script).unwrap();
        if let Some(run) = tool(shell, &[option, shell], folder.path()) {
            assert_eq!(run.code, Some(0), "{shell}: {run}");
            assert_eq!(run.stderr, "", "{shell}");
        }
    }
    for shell in ["elvish", "powershell"] {
        assert!(said(&["completions", shell]).contains("content"), "{shell}");
    }
}

#[test]
fn every_command_has_a_man_page() {
    let folder = TempDir::new().unwrap();
    let pages = folder.path().to_str().unwrap();
    assert_eq!(said(&["man", "--dir", pages]), "");
    let written = fs::read_dir(folder.path()).unwrap();
    let written: BTreeSet<_> = written
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    let commands = commands(&[]);
    assert!(commands.len() > 10, "{commands:?}");
    let expected: BTreeSet<_> = commands
        .iter()
        .map(|words| format!("op-dd-{}.1", words.join("-")))
        .chain(["op-dd.1".to_owned()])
        .collect();
    assert_eq!(written, expected);

    let first = fs::read_to_string(folder.path().join("op-dd.1")).unwrap();
    assert_eq!(said(&["man"]), first);
    for code in 0..=9 {
        let line = |line: &str| line.contains(&format!("  {code}  "));
        assert!(first.lines().any(line), "exit code {code}: {first}");
    }
    for page in &written {
        let arguments = ["-Kutf8", "-ww", "-man", "-Tutf8", "-z", page];
        let Some(run) = tool("groff", &arguments, folder.path()) else {
            return;
        };
        assert_eq!(run.stderr, "", "{page}");
        assert_eq!(run.code, Some(0), "{page}");
    }
}

#[test]
fn man_pages_need_a_folder_that_is_there() {
    let mut command = op_dd();
    command.args(["man", "--dir", "/nowhere"]);
    let run = Run::of(command);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.line().contains("/nowhere can't be written to"), "{run}");
}
