use std::sync::Mutex;
use std::time::Duration;

use super::property::Property;
use super::world::World;

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How soon after a failure a stream may come again. The bridge's shortest wait is a second; a process
/// that begins anew knows nothing of failures.
const BREATH: Duration = Duration::from_secs(1);

/// A server's memory of who failed when.
pub(crate) struct Temper {
    server: &'static str,
    failed: Mutex<Vec<Option<Duration>>>,
}

/// A request under way. Dropped before its end, it was given up.
pub(crate) struct Attempt<'a> {
    temper: &'a Temper,
    world: &'a World,
    stream: usize,
    began: Duration,
}

impl Temper {
    pub(crate) fn new(server: &'static str, streams: usize) -> Self {
        Self {
            server,
            failed: Mutex::new(vec![None; streams]),
        }
    }

    /// Another process.
    pub(crate) fn forget(&self) {
        self.failed.lock().unwrap().fill(None);
    }
}

impl<'a> Attempt<'a> {
    pub(crate) fn begin(temper: &'a Temper, world: &'a World, stream: usize) -> Self {
        let began = world.ledger.time.now();
        let failed = temper.failed.lock().unwrap()[stream];
        if let Some(failed) = failed.filter(|failed| began < *failed + BREATH) {
            let what = format!(
                "stream {stream} asked {} again {:?} after a failure",
                temper.server,
                began - failed
            );
            world.ledger.violated(Property::ProtocolKept, what);
        }
        Self {
            temper,
            world,
            stream,
            began,
        }
    }

    /// The answer goes out.
    pub(crate) fn end(self, well: bool) {
        let now = self.world.ledger.time.now();
        self.temper.failed.lock().unwrap()[self.stream] = (!well).then_some(now);
        std::mem::forget(self);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let now = self.world.ledger.time.now();
        if now >= self.began + PATIENCE {
            self.temper.failed.lock().unwrap()[self.stream] = Some(now);
        }
    }
}
