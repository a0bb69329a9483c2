use std::fmt;
use std::fs;
use std::time::Duration;

/// What this process holds.
#[derive(Clone, Copy, Debug)]
pub struct Vitals {
    /// When this was looked at, in virtual time since it began.
    pub at: Duration,
    /// Bytes of memory that are resident; none where the system doesn't tell.
    pub memory: Option<u64>,
    /// Open descriptors; none where the system doesn't tell.
    pub descriptors: Option<usize>,
    /// Tasks of the runtime that have not ended.
    pub tasks: usize,
}

impl Vitals {
    pub(super) fn look(at: Duration) -> Self {
        Self {
            at,
            memory: memory(),
            descriptors: fs::read_dir("/proc/self/fd").ok().map(Iterator::count),
            tasks: tokio::runtime::Handle::current()
                .metrics()
                .num_alive_tasks(),
        }
    }
}

/// `VmRSS` of Linux, which is in KiB.
fn memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

impl fmt::Display for Vitals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6} s", self.at.as_secs())?;
        if let Some(memory) = self.memory {
            write!(f, "  {:>6.1} MiB", memory as f64 / 1_048_576.0)?;
        }
        if let Some(descriptors) = self.descriptors {
            write!(f, "  {descriptors:>3} descriptors")?;
        }
        write!(f, "  {:>3} tasks", self.tasks)
    }
}
