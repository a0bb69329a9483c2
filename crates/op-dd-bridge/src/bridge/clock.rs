use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// This machine's clock, set right by the intake's: what is too old for the intake is for the intake
/// to say.
#[derive(Clone)]
pub(super) struct Clock {
    local: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    known: Arc<Mutex<Option<Known>>>,
}

/// What a server's clock said, and when that was by this machine's.
#[derive(Clone, Copy, Debug)]
struct Known {
    time: SystemTime,
    local: SystemTime,
    at: Instant,
    from_intake: bool,
}

/// An answer's `Date` counts whole seconds and is a little old when it is read: less than this is no
/// difference.
const TOLERANCE: Duration = Duration::from_secs(5);

/// Clocks that are set by hand or by nobody differ by hours; if it is more, one of them is out of order.
const FAR: Duration = Duration::from_secs(86_400);

impl Clock {
    pub(super) fn new(local: Arc<dyn Fn() -> SystemTime + Send + Sync>) -> Self {
        Self {
            local,
            known: Arc::default(),
        }
    }

    /// The time by the intake's clock, as far as it is known.
    pub(super) fn now(&self) -> SystemTime {
        let local = self.local();
        let Some(known) = *self.lock() else {
            return local;
        };
        let now = match known.time.duration_since(known.local) {
            Ok(behind) => local.checked_add(behind),
            Err(ahead) => local.checked_sub(ahead.duration()),
        };
        now.unwrap_or(local)
    }

    /// The time by this machine's clock, for what is kept on this machine.
    pub(super) fn local(&self) -> SystemTime {
        (self.local)()
    }

    /// Whether this machine's clock was set, or the machine has slept, since a server last said what
    /// time it is: what was known of the clock is of no use then.
    pub(super) fn has_jumped(&self) -> bool {
        self.lock().is_some_and(|known| self.contradicts(known))
    }

    /// Takes note of what the intake's clock said just now.
    pub(super) fn learn(&self, intake: SystemTime) {
        self.set(intake, true);
    }

    /// Takes note of what another server's clock said just now, where the intake's is not known: without
    /// it, a machine whose clock is wrong would send old events with dates that the intake drops.
    ///
    /// If that clock and this machine's are far from each other, it is believed only if this machine's is
    /// wrong for sure: behind what has happened.
    pub(super) fn guess(&self, time: SystemTime, happened: impl FnOnce() -> Option<SystemTime>) {
        let known = *self.lock();
        if known.is_some_and(|known| known.from_intake && !self.contradicts(known)) {
            return;
        }
        let local = (self.local)();
        if distance(time, local) < FAR || happened().is_some_and(|happened| happened > local) {
            self.set(time, false);
        }
    }

    fn set(&self, time: SystemTime, from_intake: bool) {
        let local = (self.local)();
        let time = if distance(time, local) < TOLERANCE {
            local
        } else {
            time
        };
        *self.lock() = Some(Known {
            time,
            local,
            at: Instant::now(),
            from_intake,
        });
    }

    fn contradicts(&self, known: Known) -> bool {
        let expected = known.local.checked_add(known.at.elapsed());
        expected.is_none_or(|expected| distance(expected, (self.local)()) >= TOLERANCE)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn distance(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other)
        .unwrap_or_else(|error| error.duration())
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("known", &*self.lock())
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
        clock.guess(local + 2 * hour, || None);
        assert_eq!(clock.now(), local + 2 * hour);
        clock.learn(local + hour);
        assert_eq!(clock.now(), local + hour);
        clock.guess(local + 2 * hour, || None);
        assert_eq!(clock.now(), local + hour, "the intake knows better");
        clock.learn(local - hour);
        assert_eq!(clock.now(), local - hour);
        clock.learn(local - Duration::from_secs(2));
        assert_eq!(clock.now(), local, "a delay on the way is no wrong clock");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_known_before_a_jump_gives_way() {
        let hour = Duration::from_secs(3600);
        let begin = SystemTime::UNIX_EPOCH + 1000 * hour;
        let begun = Instant::now();
        let set_by = Arc::new(Mutex::new(Duration::ZERO));
        let jump = set_by.clone();
        let clock = Clock::new(Arc::new(move || {
            begin + begun.elapsed() + *set_by.lock().unwrap()
        }));
        assert!(!clock.has_jumped(), "nothing is known");
        clock.learn(begin);
        tokio::time::sleep(hour).await;
        assert!(!clock.has_jumped());
        clock.guess(begin, || None);
        assert_eq!(clock.now(), begin + hour, "the intake knows better");

        *jump.lock().unwrap() = 3 * hour;
        assert!(clock.has_jumped());
        clock.guess(begin + hour, || None);
        assert!(!clock.has_jumped());
        assert_eq!(clock.now(), begin + hour);
        tokio::time::sleep(hour).await;
        assert_eq!(clock.now(), begin + 2 * hour);
        clock.learn(begin);
        assert_eq!(clock.now(), begin);
    }

    #[test]
    fn a_clock_that_is_far_off_is_believed_if_this_one_is_behind_what_happened() {
        let local = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let year = Duration::from_secs(365 * 86_400);
        for (said, happened, believed) in [
            (local - 30 * year, None, false),
            (local - 30 * year, Some(local), false),
            (local + 30 * year, Some(local), false),
            (local + 30 * year, Some(local + 29 * year), true),
            (local + Duration::from_secs(3600), None, true),
        ] {
            let clock = Clock::new(Arc::new(move || local));
            clock.guess(said, || happened);
            assert_eq!(clock.now(), if believed { said } else { local });
        }
    }
}
