use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// How often, and after what waits, the client's own methods try again.
///
/// It says nothing about what is worth another attempt: that is [`Retry`](crate::Retry)'s part.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts after the first. 0 means never again.
    pub attempts: usize,
    /// The first wait. Each further one is twice as long, with up to as much again at random.
    pub first: Duration,
    /// No wait is longer than this before the random part, unless the server asks for it.
    pub longest: Duration,
}

impl RetryPolicy {
    /// The waits, one after another, until there is no attempt left.
    pub fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        ExponentialBuilder::default()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_max_times(self.attempts)
            .with_jitter()
            .build()
    }
}

impl Default for RetryPolicy {
    /// Seven more attempts over about two to four minutes: 1 s doubling to 60 s.
    fn default() -> Self {
        Self {
            attempts: 7,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        }
    }
}
