use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A server is left alone for an hour at the most.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Keeps every stream of an account waiting for as long as its server asked to be left alone.
///
/// Clones are the same gate. 1Password counts requests by its own accounts: give one gate to all
/// [accounts](crate::Account::gate) that are the same over there, whatever they are called here.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<Option<Instant>>>);

impl Gate {
    pub(super) fn close_for(&self, wait: Duration) {
        let mut opens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *opens = (*opens).max(Some(Instant::now() + wait.min(LONGEST_WAIT)));
    }

    /// How much longer it stays closed; none if it is open.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        let opens = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = opens?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}
