use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What a fake takes for the present: it dates the answers, decides what "the last hour" is and how old a log is.
///
/// A test that moves time gives both fakes a clone of one clock:
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::{Duration, SystemTime};
/// use op_dd_fakes::Clock;
///
/// let hand = Arc::new(Mutex::new(SystemTime::UNIX_EPOCH));
/// let clock = Clock::new({
///     let hand = Arc::clone(&hand);
///     move || *hand.lock().unwrap()
/// });
///
/// *hand.lock().unwrap() += Duration::from_secs(3600);
/// assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(3600));
/// ```
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// A clock that asks `now`. An instant before 1970 or after the year 9999 can't be written as an HTTP date and is
    /// moved to the nearer of the two.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The computer's own clock: the default of both fakes.
    pub fn system() -> Self {
        Self::new(SystemTime::now)
    }

    /// A clock that stands still.
    pub fn fixed(instant: SystemTime) -> Self {
        Self::new(move || instant)
    }

    /// The same clock, but so much fast.
    #[must_use]
    pub fn fast_by(self, ahead: Duration) -> Self {
        Self::new(move || self.now() + ahead)
    }

    /// The same clock, but so much slow.
    #[must_use]
    pub fn slow_by(self, behind: Duration) -> Self {
        Self::new(move || self.now() - behind)
    }

    /// The present, by this clock.
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl From<Arc<dyn Fn() -> SystemTime + Send + Sync>> for Clock {
    fn from(now: Arc<dyn Fn() -> SystemTime + Send + Sync>) -> Self {
        Self(now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}
