use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use super::StepError;

/// How often a held stream looks whether somebody has done what was to be done.
const PROBE_INTERVAL: Duration = Duration::from_secs(60);

/// A stream that fails: since when, and how long it waits each time.
#[derive(Default)]
pub(super) struct Trouble {
    since: Option<Instant>,
    backoff: Option<ExponentialBackoff>,
}

impl Trouble {
    /// It is over.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// How long to wait after this failure; none if that is more than `patience` has left. Without
    /// end to the patience, what needs somebody's doing is looked at now and then.
    pub(super) fn wait(
        &mut self,
        error: &StepError,
        patience: Option<Duration>,
    ) -> Option<Duration> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let asked = error.asked_wait().unwrap_or_default();
        let wait = match error {
            StepError::Paused { wait } => *wait,
            _ if error.is_hold() && patience.is_none() => PROBE_INTERVAL,
            _ => {
                let backoff = self.backoff.get_or_insert_with(backoff);
                backoff.next().unwrap_or(PROBE_INTERVAL).max(asked)
            }
        };
        let Some(patience) = patience else {
            return Some(wait);
        };
        let left = patience.saturating_sub(since.elapsed());
        (!left.is_zero() && asked <= left).then(|| wait.min(left))
    }
}

fn backoff() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(Duration::from_secs(30))
        .without_max_times()
        .with_jitter()
        .build()
}
