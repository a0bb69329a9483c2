use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// This machine's clock, set right by the intake's: what is too old for the intake is for the intake
/// to say.
#[derive(Clone)]
pub(super) struct Clock {
    local: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    ahead_millis: Arc<AtomicI64>,
    from_intake: Arc<AtomicBool>,
}

/// An answer's `Date` counts whole seconds and is a little old when it is read: less than this is no
/// difference.
const TOLERANCE: Duration = Duration::from_secs(5);

impl Clock {
    pub(super) fn new(local: Arc<dyn Fn() -> SystemTime + Send + Sync>) -> Self {
        Self {
            local,
            ahead_millis: Arc::default(),
            from_intake: Arc::default(),
        }
    }

    /// The time by the intake's clock, as far as it is known.
    pub(super) fn now(&self) -> SystemTime {
        let local = (self.local)();
        let ahead = self.ahead_millis.load(Ordering::Relaxed);
        let by = Duration::from_millis(ahead.unsigned_abs());
        let corrected = if ahead < 0 {
            local.checked_sub(by)
        } else {
            local.checked_add(by)
        };
        corrected.unwrap_or(local)
    }

    /// Takes note of what the intake's clock said just now.
    pub(super) fn learn(&self, intake: SystemTime) {
        self.from_intake.store(true, Ordering::Relaxed);
        self.set(intake);
    }

    /// Takes note of what another server's clock said just now, for as long as the intake has said
    /// nothing: without it, a machine whose clock is slow would send the first page's oldest events
    /// with dates that the intake drops.
    pub(super) fn guess(&self, time: SystemTime) {
        if !self.from_intake.load(Ordering::Relaxed) {
            self.set(time);
        }
    }

    fn set(&self, time: SystemTime) {
        let local = (self.local)();
        let (by, sign) = match time.duration_since(local) {
            Ok(by) => (by, 1),
            Err(behind) => (behind.duration(), -1),
        };
        let millis = if by < TOLERANCE {
            0
        } else {
            sign * i64::try_from(by.as_millis()).unwrap_or(0)
        };
        self.ahead_millis.store(millis, Ordering::Relaxed);
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("ahead_millis", &self.ahead_millis)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_intake_sets_the_clock_right() {
        let local = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let clock = Clock::new(Arc::new(move || local));
        assert_eq!(clock.now(), local);
        let hour = Duration::from_secs(3600);
        clock.guess(local + 2 * hour);
        assert_eq!(clock.now(), local + 2 * hour);
        clock.learn(local + hour);
        assert_eq!(clock.now(), local + hour);
        clock.guess(local + 2 * hour);
        assert_eq!(clock.now(), local + hour, "the intake knows better");
        clock.learn(local - hour);
        assert_eq!(clock.now(), local - hour);
        clock.learn(local - Duration::from_secs(2));
        assert_eq!(clock.now(), local, "a delay on the way is no wrong clock");
    }
}
