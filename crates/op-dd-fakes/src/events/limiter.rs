use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use crate::lock::lock;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// How many requests are answered in any 60 seconds and in any hour, whichever the endpoint; further ones get 429.
///
/// Whether the real service counts by token, integration or account is not documented, nor is a `Retry-After`: the
/// fake counts everything that reaches a known endpoint and sends none. Refused requests don't count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests in any 60 seconds.
    pub per_minute: usize,
    /// Requests in any 3,600 seconds.
    pub per_hour: usize,
}

impl RateLimits {
    /// What 1Password documents: 600 a minute and 30,000 an hour.
    pub const DOCUMENTED: Self = Self {
        per_minute: 600,
        per_hour: 30_000,
    };
}

#[derive(Debug)]
pub(crate) struct Limiter {
    limits: RateLimits,
    /// When the requests of the last hour were answered, the oldest first.
    answered: Mutex<VecDeque<SystemTime>>,
}

impl Limiter {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self {
            limits,
            answered: Mutex::default(),
        }
    }

    /// Counts a request; false if it has to be refused.
    pub(crate) fn admits(&self, now: SystemTime) -> bool {
        let mut answered = lock(&self.answered);
        while answered.front().is_some_and(|then| age(*then, now) >= HOUR) {
            answered.pop_front();
        }
        let in_the_last_minute = answered
            .iter()
            .rev()
            .take_while(|then| age(**then, now) < MINUTE)
            .count();
        let admitted =
            in_the_last_minute < self.limits.per_minute && answered.len() < self.limits.per_hour;
        if admitted {
            answered.push_back(now);
        }
        admitted
    }
}

/// An instant in the future, after the clock was set back, counts as the present.
fn age(then: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_windows_slide() {
        let limiter = Limiter::new(RateLimits {
            per_minute: 2,
            per_hour: 3,
        });
        let at = |seconds| limiter.admits(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert!(at(0));
        assert!(at(30));
        assert!(!at(59), "two in this minute");
        assert!(at(60), "the first is a minute old");
        assert!(!at(200), "three in this hour");
        assert!(!at(3599));
        assert!(at(3600));
        assert!(!at(3601));
    }
}
