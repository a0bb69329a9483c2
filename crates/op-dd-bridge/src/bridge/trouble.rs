use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use datadog_logs::SendErrorKind;
use onepassword_events::ErrorKind;
use tokio::time::Instant;

use super::{Pause, Scope, StepError};

/// How often a held stream looks whether somebody has done what was to be done.
const PROBE_INTERVAL: Duration = Duration::from_secs(60);

/// How soon a secret that was refused is tried again, which is read anew for that: it may have been
/// exchanged a moment ago.
const FIRST_PROBE: Duration = Duration::from_secs(1);

/// Over how long streams spread that have waited for the same thing.
const SPREAD: Duration = Duration::from_secs(1);

/// A stream that fails: since when, for what, and how long it waits each time.
#[derive(Default)]
pub(super) struct Trouble {
    since: Option<Instant>,
    cause: Option<StepError>,
    backoff: Option<ExponentialBackoff>,
    /// Whether the token was refused before.
    token_refused: bool,
    /// Whether the key was.
    key_refused: bool,
}

impl Trouble {
    /// It is over.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// Whether the last step failed.
    pub(super) fn is_on(&self) -> bool {
        self.since.is_some()
    }

    /// How long to wait after this failure. Without end to the patience, what needs somebody's doing
    /// is looked at now and then.
    ///
    /// Fails with the cause of the trouble if the wait is more than `patience` has left.
    pub(super) fn wait(
        &mut self,
        error: StepError,
        patience: Option<Duration>,
    ) -> Result<Duration, StepError> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let asked = error.asked_wait().unwrap_or_default();
        let wait = match &error {
            StepError::Paused { by, wait, .. } => match by {
                // Not all at once: the first finds out for all.
                Scope::Destination(_) => *wait + spread(),
                _ => *wait,
            },
            _ if error.is_hold() && patience.is_none_or(is_endless) => {
                if self.is_first_refusal(&error) {
                    FIRST_PROBE
                } else {
                    PROBE_INTERVAL
                }
            }
            _ => {
                let backoff = self.backoff.get_or_insert_with(backoff);
                backoff.next().unwrap_or(PROBE_INTERVAL).max(asked)
            }
        };
        let probed = matches!(
            error,
            StepError::Paused {
                why: Pause::Probed,
                ..
            }
        );
        // Its own failure says more than that it waits with others.
        let cause = match self.cause.take() {
            Some(own) if matches!(error, StepError::Paused { .. }) => own,
            _ => error,
        };
        let left = patience.map(|patience| patience.saturating_sub(since.elapsed()));
        match left {
            // Whoever looks whether the intake is back may take as long as a delivery does.
            Some(left) if !probed && (left.is_zero() || asked > left) => Err(cause),
            Some(left) if !probed => {
                self.cause = Some(cause);
                Ok(wait.min(left))
            }
            _ => {
                self.cause = Some(cause);
                Ok(wait)
            }
        }
    }

    /// Whether a token, or a key, is refused for the first time.
    fn is_first_refusal(&mut self, error: &StepError) -> bool {
        let refused = match error {
            StepError::Source(error) if error.kind() == ErrorKind::Unauthorized => {
                &mut self.token_refused
            }
            StepError::Sink { error, .. } if error.kind() == SendErrorKind::Unauthorized => {
                &mut self.key_refused
            }
            _ => return false,
        };
        !std::mem::replace(refused, true)
    }
}

/// How long a stream waits for others to go first.
pub(super) fn spread() -> Duration {
    SPREAD.mul_f64(fastrand::f64())
}

fn is_endless(patience: Duration) -> bool {
    patience == Duration::MAX
}

fn backoff() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(Duration::from_secs(30))
        .without_max_times()
        .with_jitter()
        .build()
}
