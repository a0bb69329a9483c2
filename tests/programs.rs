//! The programs of this workspace, for tests that run them as processes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "without its programs a test can only fail"
)]
#![expect(
    clippy::print_stderr,
    reason = "a check that was left out should be seen"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// Where the program `op-dd` or `op-dd-fakes` is, freshly built.
///
/// Cargo tells a package's own tests where its programs are, and these are another package's. What
/// lies beside the test's executable may be old or not be there, so Cargo is asked to build them,
/// which takes a moment if they are fresh, and says itself where they are, whatever the target folder.
///
/// # Panics
///
/// If they can't be built, or if there is no such program.
pub fn program(name: &str) -> &'static Path {
    static PROGRAMS: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let programs = PROGRAMS.get_or_init(build);
    programs.get(name).expect("Cargo names what it has built")
}

/// Where `op-dd` is as the container file links it: statically, against glibc. None, and a word of it,
/// where programs aren't linked against glibc.
///
/// # Panics
///
/// If it can't be built.
pub fn static_program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let target = Command::new("rustc")
            .args(["--print", "host-tuple"])
            .output();
        let target = String::from_utf8(target.unwrap().stdout).unwrap();
        let target = target.trim();
        if !target.ends_with("-linux-gnu") {
            eprintln!("SKIPPED: {target} has no glibc to link statically against");
            return None;
        }
        let mut cargo = cargo_build();
        cargo
            .args(["--package", "op-dd-cli", "--bin", "op-dd"])
            .args(["--target", target])
            .env("RUSTFLAGS", "-C target-feature=+crt-static");
        run(cargo).remove("op-dd")
    });
    program.as_deref()
}

/// Both at once, so that neither is built a second time with the features that the other one lacks.
fn build() -> BTreeMap<String, PathBuf> {
    let mut cargo = cargo_build();
    cargo
        .args(["--package", "op-dd-cli", "--bin", "op-dd"])
        .args(["--package", "op-dd-fakes", "--bin", "op-dd-fakes"]);
    run(cargo)
}

fn cargo_build() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet"])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    // The runner describes this test's package in them. Build scripts that look at them would run
    // again, here and after the next ordinary build.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&*name);
        }
    }
    cargo
}

/// The programs that it builds, by name.
fn run(mut cargo: Command) -> BTreeMap<String, PathBuf> {
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "the programs can't be built");
    let messages = String::from_utf8(output.stdout).unwrap();
    let programs = messages.lines().filter_map(|message| {
        let message: Value = serde_json::from_str(message).unwrap();
        let path = PathBuf::from(message["executable"].as_str()?);
        Some((path.file_stem()?.to_str()?.to_owned(), path))
    });
    programs.collect()
}
