use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use datadog_logs::{LogEntry, LogSink, Receipt, Retry, SendError, SendErrorKind};
use tokio::time::Instant;

use super::gate::LONGEST_WAIT;
use super::{Pause, Scope, StepError};
use crate::Name;

/// How long the intake is left alone after it failed once; twice as long each time that it fails again.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Where the doubling ends.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// Where it ends if nothing but somebody's doing will help.
const LAST_WAIT_IF_HELD: Duration = Duration::from_secs(60);

/// How soon those that wait for a probe ask what came of it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The sink, which all streams share. While it fails, it is left alone but for one stream at a time,
/// which finds out whether it is back.
pub(super) struct Intake {
    name: Name,
    sink: Arc<dyn LogSink>,
    outage: Mutex<Outage>,
}

struct Outage {
    /// When the next may try.
    opens: Instant,
    /// Until when it asked to be left alone.
    asked: Instant,
    /// How often it failed since it last worked.
    failures: u32,
    /// Whether there is one at it.
    probing: bool,
    /// How often somebody said that it may be mended.
    mended: u32,
}

/// A stream's turn to send: over when this is dropped.
struct Turn<'a> {
    intake: &'a Intake,
    /// How often the intake had failed when it began.
    failures: u32,
    /// How often somebody had said by then that it may be mended.
    mended: u32,
}

impl Intake {
    /// A sink by the name of the destination that it was set for.
    pub(super) fn new(name: Name, sink: Arc<dyn LogSink>) -> Self {
        Self {
            name,
            sink,
            outage: Mutex::new(Outage {
                opens: Instant::now(),
                asked: Instant::now(),
                failures: 0,
                probing: false,
                mended: 0,
            }),
        }
    }

    /// Fails while it is to be left alone.
    pub(super) fn go_on(&self) -> Result<(), StepError> {
        let closed = self.lock().closed_for();
        closed.map_or(Ok(()), |(wait, why)| Err(self.paused(wait, why)))
    }

    /// Sends these, in one attempt, unless the intake is to be left alone.
    pub(super) async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, StepError> {
        let turn = self.turn()?;
        let sent = self.sink.send(entries).await;
        match &sent {
            Ok(_) => turn.succeeded(),
            // It has judged the entries, so it is there.
            Err(error) if error.kind() == SendErrorKind::Rejected => turn.succeeded(),
            Err(error) => turn.failed(error),
        }
        sent.map_err(|error| self.error(error))
    }

    /// Sends these beside the streams, unless the intake asked to be left alone. Whether it accepts them
    /// opens and closes nothing for the streams; but if it asks to be left alone now, that goes for all.
    pub(super) async fn send_aside(&self, entries: &[LogEntry]) -> Result<Receipt, StepError> {
        let closed = self.lock().closed_for();
        if let Some((wait, why @ Pause::Asked)) = closed {
            return Err(self.paused(wait, why));
        }
        let sent = self.sink.send(entries).await;
        if let Err(error) = &sent
            && matches!(error.retry(), Retry::After(_))
        {
            self.failed(error);
        }
        sent.map_err(|error| self.error(error))
    }

    /// Lets the next one try now, unless it asked to be left alone.
    pub(super) fn look_again(&self) {
        let mut outage = self.lock();
        outage.opens = outage.asked;
        outage.mended = outage.mended.wrapping_add(1);
    }

    /// What it said, and who it is.
    pub(super) fn error(&self, error: SendError) -> StepError {
        StepError::Sink {
            destination: self.name.clone(),
            error,
        }
    }

    fn paused(&self, wait: Duration, why: Pause) -> StepError {
        let by = Scope::Destination(self.name.clone());
        StepError::Paused { by, why, wait }
    }

    fn turn(&self) -> Result<Turn<'_>, StepError> {
        let mut outage = self.lock();
        if let Some((wait, why)) = outage.closed_for() {
            return Err(self.paused(wait, why));
        }
        let failures = outage.failures;
        outage.probing = failures > 0;
        Ok(Turn {
            intake: self,
            failures,
            mended: outage.mended,
        })
    }

    fn failed(&self, error: &SendError) {
        let now = Instant::now();
        let mut outage = self.lock();
        // Those that were under way when it began to fail tell of the same failure.
        if outage.opens <= now {
            let doubled = FIRST_WAIT.saturating_mul(1 << outage.failures.min(10));
            let last = match error.retry() {
                Retry::Never => LAST_WAIT_IF_HELD,
                _ => LAST_WAIT,
            };
            outage.opens = now + doubled.min(last).mul_f64(1.0 - 0.2 * fastrand::f64());
            outage.failures = outage.failures.saturating_add(1);
        }
        if let Retry::After(asked) = error.retry() {
            outage.asked = outage.asked.max(now + asked.min(LONGEST_WAIT));
            outage.opens = outage.opens.max(outage.asked);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outage {
    fn closed_for(&self) -> Option<(Duration, Pause)> {
        let now = Instant::now();
        if self.asked > now {
            Some((self.opens - now, Pause::Asked))
        } else if self.opens > now {
            Some((self.opens - now, Pause::Failed))
        } else {
            self.probing.then_some((LOOK_AGAIN, Pause::Probed))
        }
    }
}

impl Turn<'_> {
    /// What began before the intake failed says nothing of what it is like now.
    fn succeeded(&self) {
        let mut outage = self.intake.lock();
        if outage.failures == self.failures {
            outage.failures = 0;
        }
    }

    /// Nor does it, if somebody has mended something since then.
    fn failed(&self, error: &SendError) {
        self.intake.failed(error);
        let mut outage = self.intake.lock();
        if outage.mended != self.mended {
            outage.opens = outage.asked;
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // The one that is at it is the only one that began after the first failure.
        if self.failures > 0 {
            self.intake.lock().probing = false;
        }
    }
}
