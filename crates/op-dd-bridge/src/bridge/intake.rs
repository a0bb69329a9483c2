use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use datadog_logs::{LogEntry, LogSink, Receipt, Retry, SendError, SendErrorKind};
use tokio::time::Instant;

use super::gate::LONGEST_WAIT;
use super::{Scope, StepError};

/// How long the intake is left alone after it failed once; twice as long each time that it fails again.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Where the doubling ends.
const LAST_WAIT: Duration = Duration::from_secs(30);

/// How soon to look again whether the one that looks whether the intake is back has found it so.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The sink, which all streams share. While it fails, it is left alone but for one stream at a time,
/// which finds out whether it is back.
pub(super) struct Intake {
    sink: Arc<dyn LogSink>,
    outage: Mutex<Outage>,
}

struct Outage {
    /// When the next may try.
    opens: Instant,
    /// How often it failed since it last worked.
    failures: u32,
    /// Whether there is one at it.
    probing: bool,
}

/// A stream's turn to find out whether the intake is back: over when this is dropped.
struct Turn<'a>(&'a Intake);

impl Intake {
    pub(super) fn new(sink: Arc<dyn LogSink>) -> Self {
        Self {
            sink,
            outage: Mutex::new(Outage {
                opens: Instant::now(),
                failures: 0,
                probing: false,
            }),
        }
    }

    /// How much longer it is to be left alone; none if there is nothing against sending.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        self.lock().closed_for()
    }

    /// Sends these, in one attempt, unless the intake is to be left alone.
    pub(super) async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, StepError> {
        let turn = self.turn()?;
        let sent = self.sink.send(entries).await;
        match &sent {
            Ok(_) => self.works(),
            // It has judged the entries, so it is there.
            Err(error) if error.kind() == SendErrorKind::Rejected => self.works(),
            Err(error) => self.failed(error),
        }
        drop(turn);
        sent.map_err(StepError::Sink)
    }

    /// The turn to send: nothing but a word while the intake works.
    fn turn(&self) -> Result<Option<Turn<'_>>, StepError> {
        let mut outage = self.lock();
        if let Some(wait) = outage.closed_for() {
            let by = Scope::Intake;
            return Err(StepError::Paused { by, wait });
        }
        outage.probing = outage.failures > 0;
        Ok(outage.probing.then(|| Turn(self)))
    }

    fn works(&self) {
        let mut outage = self.lock();
        outage.failures = 0;
        outage.opens = Instant::now();
    }

    fn failed(&self, error: &SendError) {
        let now = Instant::now();
        let mut outage = self.lock();
        // Those that were under way when it began to fail tell of the same failure.
        if outage.opens <= now {
            let doubled = FIRST_WAIT.saturating_mul(1 << outage.failures.min(10));
            outage.opens = now + doubled.min(LAST_WAIT).mul_f64(1.0 - 0.2 * fastrand::f64());
            outage.failures += 1;
        }
        if let Retry::After(asked) = error.retry() {
            outage.opens = outage.opens.max(now + asked.min(LONGEST_WAIT));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outage {
    fn closed_for(&self) -> Option<Duration> {
        let left = self.opens.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            return Some(left);
        }
        self.probing.then_some(LOOK_AGAIN)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().probing = false;
    }
}
