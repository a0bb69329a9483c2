use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::programs::program;

/// The program `op-dd` while it carries. Dropped, it is killed.
pub(super) struct Going {
    child: Child,
    log: PathBuf,
}

/// What the program held at most, where the system tells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    pub(super) memory: u64,
    pub(super) descriptors: usize,
    pub(super) processor: Duration,
}

impl Going {
    pub(super) fn start(folder: &Path, tokens: &[(String, String)]) -> Self {
        let log = folder.join("op-dd.log");
        let child = Command::new(program("op-dd"))
            // Whoever tries this may have a proxy there.
            .env_clear()
            .envs(tokens.iter().map(|(name, token)| (name, token)))
            .current_dir(folder)
            .args(["run", "--config", "op-dd.toml", "--state", "state"])
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    pub(super) fn is_going(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(super) fn held(&self) -> Held {
        let of_process = PathBuf::from(format!("/proc/{}", self.child.id()));
        Held {
            memory: memory(&of_process).unwrap_or_default(),
            descriptors: fs::read_dir(of_process.join("fd")).map_or(0, Iterator::count),
            processor: processor(&of_process).unwrap_or_default(),
        }
    }

    /// Tells it to stop, and gives how it ended: none if it doesn't.
    pub(super) fn stop(&mut self) -> Option<ExitStatus> {
        let process = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &process]).status();
        assert!(told.unwrap().success(), "there is nothing to stop");
        let patience = Instant::now() + Duration::from_secs(60);
        while Instant::now() < patience {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            sleep(Duration::from_millis(50));
        }
        None
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        // An error says that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most that was resident, in bytes: `VmHWM` of Linux, which is in KiB.
fn memory(of_process: &Path) -> Option<u64> {
    let status = fs::read_to_string(of_process.join("status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

/// The time that it had a processor, of its own and the system's, which Linux gives in hundredths.
fn processor(of_process: &Path) -> Option<Duration> {
    let stat = fs::read_to_string(of_process.join("stat")).ok()?;
    // The program's name, in parentheses, may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let own: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(Duration::from_millis(10 * (own + system)))
}
