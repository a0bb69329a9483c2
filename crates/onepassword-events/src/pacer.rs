use std::sync::{Arc, Mutex, PoisonError};
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
/// Clones share one bucket: give the same pacer to every client of the same account.
#[derive(Clone, Debug)]
pub struct Pacer {
    spacing: Duration,
    allowance: Duration,
    /// When the bucket will be full again. The later it is, the emptier is the bucket.
    full_at: Arc<Mutex<Instant>>,
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
        let spacing = Duration::from_secs_f64(1.0 / rate.max(1.0 / 86_400.0));
        let allowance = spacing * burst.saturating_sub(1);
        Self {
            spacing,
            allowance,
            full_at: Arc::new(Mutex::new(Instant::now() + allowance)),
        }
    }

    /// Waits for a permit. Whoever asks first gets the first.
    ///
    /// A permit counts from the moment that it is asked for: to stop waiting is to lose it.
    pub async fn permit(&self) {
        let at = {
            let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let empties_to = (*full_at).max(now) + self.spacing;
            let at = (*full_at)
                .checked_sub(self.allowance)
                .map_or(now, |at| at.max(now));
            *full_at = empties_to;
            at
        };
        sleep_until(at).await;
    }
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
