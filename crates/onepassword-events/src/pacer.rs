use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Spaces an account's requests out, so that 1Password never has cause to refuse one.
///
/// 1Password counts [600 requests a minute and 30,000 an hour](https://developer.1password.com/docs/events-api/rate-limits).
/// One bucket keeps both: with `rate` permits a second and `burst` saved up at the most, no span of
/// T seconds sees more than `burst + rate × T`, which for 8 and 100 is 580 a minute and 28,900 an
/// hour. A new pacer starts with a single permit, not a full bucket, so that a program which is
/// restarted over and over keeps within the limits, too.
///
/// Clones share one bucket: give the same pacer to every client of the same account. What may wait
/// takes its permits by a handle that [leaves some](Self::reserving) to what may not.
#[derive(Clone, Debug)]
pub struct Pacer {
    bucket: Arc<Bucket>,
    /// How much of what is saved up this handle leaves to the others; none if it need not.
    reserve: Option<u32>,
}

#[derive(Debug)]
struct Bucket {
    level: Mutex<Level>,
    /// Whose turn it is among those that leave a reserve.
    turn: tokio::sync::Mutex<()>,
}

/// How full the bucket is, and how fast it fills.
#[derive(Debug)]
struct Level {
    spacing: Duration,
    burst: u32,
    /// When the bucket will be full again. The later it is, the emptier is the bucket.
    full_at: Instant,
}

impl Pacer {
    /// Permits a second, unless set otherwise.
    pub const RATE: f64 = 8.0;
    /// Permits that a pacer saves up at the most, unless set otherwise.
    pub const BURST: u32 = 100;

    /// A pacer of `rate` permits a second that saves up `burst` of them.
    ///
    /// A rate below one a day, or none at all, counts as one a day; a burst of 0 counts as 1.
    #[must_use]
    pub fn new(rate: f64, burst: u32) -> Self {
        let (spacing, burst) = (spacing(rate), burst.max(1));
        let full_at = Instant::now() + spacing * (burst - 1);
        Self {
            bucket: Arc::new(Bucket {
                level: Mutex::new(Level {
                    spacing,
                    burst,
                    full_at,
                }),
                turn: tokio::sync::Mutex::default(),
            }),
            reserve: None,
        }
    }

    /// Keeps within these limits, too, from now on, for all handles: for clients of one account that
    /// were given different ones. Who is waiting for a permit already gets it when he would have before.
    pub fn tighten(&self, rate: f64, burst: u32) {
        self.bucket.level().tighten(spacing(rate), burst.max(1));
    }

    /// Another handle of the same bucket, for what has time, such as reading old events anew: it takes
    /// a permit only if `permits` of those that are saved up are left to the other handles then.
    ///
    /// The others never wait for its sake as long as they alone would keep within the rate and a burst
    /// of `permits`; it gets what they leave of the rate, and nothing while they use all of it. The
    /// limits hold for all handles together. At the most all but one of a burst are left.
    #[must_use]
    pub fn reserving(&self, permits: u32) -> Self {
        Self {
            bucket: Arc::clone(&self.bucket),
            reserve: Some(permits),
        }
    }

    /// Waits for a permit. Whoever asks first gets the first.
    ///
    /// A permit counts from the moment that it is asked for: to stop waiting is to lose it. By a handle
    /// that [leaves a reserve](Self::reserving), it counts once it is given, and to stop waiting costs
    /// nothing.
    pub async fn permit(&self) {
        match self.reserve {
            None => {
                let at = self.bucket.level().book();
                sleep_until(at).await;
            }
            Some(reserve) => {
                let _turn = self.bucket.turn.lock().await;
                loop {
                    let taken = self.bucket.level().take_leaving(reserve);
                    let Err(at) = taken else { break };
                    sleep_until(at).await;
                }
            }
        }
    }

    /// How many permits this handle could have at once.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.bucket.level().saved_beside(self.reserve.unwrap_or(0))
    }
}

impl Bucket {
    fn level(&self) -> MutexGuard<'_, Level> {
        self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Level {
    /// Takes a permit, and says from when on it counts.
    fn book(&mut self) -> Instant {
        let now = Instant::now();
        let at = self.next(0).map_or(now, |at| at.max(now));
        self.take(now);
        at
    }

    /// Takes a permit if so many are left then; else fails with when to ask again.
    fn take_leaving(&mut self, reserve: u32) -> Result<(), Instant> {
        let now = Instant::now();
        match self.next(reserve) {
            Some(at) if at > now => Err(at),
            _ => {
                self.take(now);
                Ok(())
            }
        }
    }

    fn take(&mut self, now: Instant) {
        self.full_at = self.full_at.max(now) + self.spacing;
    }

    /// From when on there is one more permit than `reserve`; none if that is before the clock began.
    fn next(&self, reserve: u32) -> Option<Instant> {
        let most = self.burst - 1;
        let saved = self.spacing * (most - reserve.min(most));
        self.full_at.checked_sub(saved)
    }

    /// How many there are at present beside the reserve.
    fn saved_beside(&self, reserve: u32) -> u32 {
        let missing = self.full_at.saturating_duration_since(Instant::now());
        let missing = missing.as_nanos().div_ceil(self.spacing.as_nanos().max(1));
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        let reserve = reserve.min(self.burst - 1);
        (self.burst - reserve).saturating_sub(missing)
    }

    /// What is saved up stays, as far as there is room for it.
    fn tighten(&mut self, spacing: Duration, burst: u32) {
        let (spacing, burst) = (self.spacing.max(spacing), self.burst.min(burst));
        let now = Instant::now();
        let missing = self.full_at.saturating_duration_since(now);
        let missing = missing.div_duration_f64(self.spacing.max(Duration::from_nanos(1)));
        let missing = (missing - f64::from(self.burst - burst)).max(0.0);
        self.full_at = now + spacing.mul_f64(missing);
        self.spacing = spacing;
        self.burst = burst;
    }
}

fn spacing(rate: f64) -> Duration {
    Duration::from_secs_f64(1.0 / rate.max(1.0 / 86_400.0))
}

impl Default for Pacer {
    fn default() -> Self {
        Self::new(Self::RATE, Self::BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(permits: &[Instant], window: Duration) -> usize {
        let mut first = 0;
        let mut worst = 0;
        for (last, at) in permits.iter().enumerate() {
            while permits[first] + window <= *at {
                first += 1;
            }
            worst = worst.max(last + 1 - first);
        }
        worst
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_stays_within_both_limits_over_three_feeds_and_ten_restarts() {
        let mut permits = Vec::new();
        for _ in 0..10 {
            let pacer = Pacer::default();
            // An idle quarter of an hour fills the bucket, then all feeds drain at once.
            tokio::time::advance(Duration::from_secs(900)).await;
            let feeds: Vec<_> = (0..3)
                .map(|_| {
                    let pacer = pacer.clone();
                    tokio::spawn(async move {
                        let mut permits = Vec::new();
                        for _ in 0..4000 {
                            pacer.permit().await;
                            permits.push(Instant::now());
                        }
                        permits
                    })
                })
                .collect();
            for feed in feeds {
                permits.extend(feed.await.unwrap());
            }
        }
        permits.sort();
        let minute = worst(&permits, Duration::from_secs(60));
        let hour = worst(&permits, Duration::from_secs(3600));
        assert!((500..=600).contains(&minute), "{minute} in a minute");
        assert!((20_000..=30_000).contains(&hour), "{hour} in an hour");
    }

    #[tokio::test(start_paused = true)]
    async fn restarts_in_quick_succession_stay_within_both_limits() {
        let start = Instant::now();
        let mut permits = Vec::new();
        while start.elapsed() < Duration::from_secs(2 * 3600) {
            let pacer = Pacer::default();
            let ends = Instant::now() + Duration::from_secs(3);
            while tokio::time::timeout_at(ends, pacer.permit()).await.is_ok() {
                permits.push(Instant::now());
            }
        }
        let minute = worst(&permits, Duration::from_secs(60));
        let hour = worst(&permits, Duration::from_secs(3600));
        assert!(minute <= 600, "{minute} in a minute");
        assert!(hour <= 30_000, "{hour} in an hour");
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_saved_up_and_no_more() {
        let pacer = Pacer::new(2.0, 4);
        tokio::time::advance(Duration::from_secs(60)).await;
        let start = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..6 {
            pacer.permit().await;
            waits.push(start.elapsed().as_millis());
        }
        assert_eq!(waits, [0, 0, 0, 0, 500, 1000]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_pacer_has_one_permit() {
        let pacer = Pacer::new(2.0, 4);
        let start = Instant::now();
        pacer.permit().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        pacer.permit().await;
        assert_eq!(start.elapsed(), Duration::from_millis(500));
    }
}
