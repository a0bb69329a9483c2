use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::{Signal, until};
use crate::programs::program;

/// The program `op-dd` while it is going. Dropped, it is killed.
pub(super) struct Going {
    child: Child,
    log: PathBuf,
}

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal, while it was at work.
    Killed,
    /// By a signal, before it had begun to carry anything.
    KilledEarly,
}

impl Going {
    pub(super) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let log = folder.join("op-dd.log");
        let child = Command::new(program("op-dd"))
            // Whoever tries this may have a proxy or a token there.
            .env_clear()
            .current_dir(folder)
            .args(["run", "--config", "op-dd.toml", "--state", "state"])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    pub(super) fn end(&mut self, signal: Signal) -> End {
        match signal {
            Signal::Kill => self.child.kill().unwrap(),
            Signal::Term => {
                let process = self.child.id().to_string();
                let told = Command::new("kill").args(["-TERM", &process]).status();
                assert!(told.unwrap().success());
            }
        }
        self.ended()
    }

    pub(super) fn ended(&mut self) -> End {
        let mut status: Option<ExitStatus> = None;
        until("op-dd ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        match status.and_then(|status| status.code()) {
            Some(code) => End::Exited(code),
            None if self.has_begun() => End::Killed,
            None => End::KilledEarly,
        }
    }

    /// Whether it has said what it carries.
    fn has_begun(&self) -> bool {
        let log = fs::read_to_string(&self.log).unwrap();
        log.contains("carrying")
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit code {code}"),
            Self::Killed => f.write_str("killed at work"),
            Self::KilledEarly => f.write_str("killed before its work"),
        }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        // An error says that it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
