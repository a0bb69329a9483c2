use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::StepError;

/// So many events of a stream may be given up within [`SPAN`] because the intake refused them. If there
/// are more, they may have something in common that somebody should look at.
const MOST: usize = 10;

const SPAN: Duration = Duration::from_secs(3600);

/// When events of a stream were given up because the intake refused them.
#[derive(Debug, Default)]
pub(super) struct Refusals(VecDeque<Instant>);

impl Refusals {
    /// Fails if so many more are too many.
    pub(super) fn allow(&mut self, more: usize) -> Result<(), StepError> {
        while self.0.front().is_some_and(|at| at.elapsed() >= SPAN) {
            self.0.pop_front();
        }
        if more == 0 || self.0.len() + more <= MOST {
            return Ok(());
        }
        Err(StepError::TooManyRefused {
            before: self.0.len(),
            entries: more,
        })
    }

    /// So many were given up.
    pub(super) fn add(&mut self, count: usize) {
        let now = Instant::now();
        self.0.extend((0..count).map(|_| now));
    }
}
