use std::future::{Future, ready};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::future::{FutureExt as _, Shared, join_all};
use tokio::time::{Instant, sleep, sleep_until};

use super::alarms::Alarms;
use super::{Bridge, StepError, StepReport, Stream};
use crate::StreamId;

/// How often a held stream looks whether somebody has done what was to be done.
const PROBE_INTERVAL: Duration = Duration::from_secs(60);

/// Something that happened while a bridge was at work.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A page was delivered and committed, or there was nothing to deliver.
    Step {
        /// The stream.
        stream: &'a StreamId,
        /// What was done.
        report: &'a StepReport,
    },
    /// A step failed; there will be another.
    Failure {
        /// The stream.
        stream: &'a StreamId,
        /// What failed.
        error: &'a StepError,
    },
}

/// How a drain ended for each stream.
#[derive(Debug)]
pub struct Drained {
    /// The streams with their outcomes, in the bridge's order.
    pub streams: Vec<(StreamId, Outcome)>,
}

/// How a drain ended for one stream.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Everything that there was at present has been delivered.
    Complete,
    /// It failed for longer than the drain had patience; this was the last error.
    Held(StepError),
    /// The drain was stopped before it was complete.
    Stopped,
}

/// When a stream's work is over, besides being stopped.
#[derive(Clone, Copy)]
enum Until {
    /// Never.
    Stopped,
    /// There is nothing more at present, or it has failed for this long.
    Drained(Duration),
}

impl Bridge {
    /// Carries events until `stop` completes: asks every feed for news at the poll interval, follows
    /// it as long as it has more, waits as servers ask, and never gives up.
    ///
    /// When `stop` completes, the steps that are under way come to their end, and no other begins.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        self.drive(Until::Stopped, stop).await;
    }

    /// Carries what there is at present, and comes to an end: for a job that is started now and then.
    ///
    /// A stream whose failures have lasted for `patience` is held; the others go on.
    pub async fn drain(
        &self,
        patience: Duration,
        stop: impl Future<Output = ()> + Send,
    ) -> Drained {
        let outcomes = self.drive(Until::Drained(patience), stop).await;
        let streams = self.streams().cloned().zip(outcomes).collect();
        Drained { streams }
    }

    /// All streams as one set of futures, in one task.
    async fn drive(&self, until: Until, stop: impl Future<Output = ()> + Send) -> Vec<Outcome> {
        let stop = stop.shared();
        let alarms = Alarms::default();
        let streams = self.streams.iter();
        join_all(streams.map(|stream| self.follow(stream, until, stop.clone(), &alarms))).await
    }

    async fn follow<S: Future<Output = ()>>(
        &self,
        stream: &Stream,
        until: Until,
        stop: Shared<S>,
        alarms: &Alarms,
    ) -> Outcome {
        let mut backoff = backoff();
        let mut failing_since = None;
        let mut asked_at = None;
        loop {
            if !before(&stop, ready(())).await {
                return Outcome::Stopped;
            }
            let start = *asked_at.get_or_insert_with(Instant::now);
            match self.step_of(stream).await {
                Ok(report) => {
                    failing_since = None;
                    backoff = self::backoff();
                    alarms.clear(&stream.id);
                    self.tell(&Progress::Step {
                        stream: &stream.id,
                        report: &report,
                    });
                    if report.more {
                        continue;
                    }
                    if matches!(until, Until::Drained(_)) {
                        return Outcome::Complete;
                    }
                    asked_at = None;
                    // From start to start; what is shorter for some spreads them out.
                    let interval = self.poll_interval.mul_f64(1.0 - 0.1 * fastrand::f64());
                    if !before(&stop, sleep_until(start + interval)).await {
                        return Outcome::Stopped;
                    }
                }
                Err(error) => {
                    asked_at = None;
                    let since = *failing_since.get_or_insert_with(Instant::now);
                    let asked = error.asked_wait().unwrap_or_default();
                    let mut wait = asked;
                    if !matches!(error, StepError::Paused { .. }) {
                        alarms.raise(&stream.id, &error);
                        self.tell(&Progress::Failure {
                            stream: &stream.id,
                            error: &error,
                        });
                        wait = match until {
                            Until::Stopped if error.is_hold() => PROBE_INTERVAL,
                            _ => backoff.next().unwrap_or(PROBE_INTERVAL).max(asked),
                        };
                    }
                    if let Until::Drained(patience) = until {
                        let left = patience.saturating_sub(since.elapsed());
                        if left.is_zero() || asked > left {
                            return Outcome::Held(error);
                        }
                        wait = wait.min(left);
                    }
                    if !before(&stop, sleep(wait)).await {
                        return Outcome::Stopped;
                    }
                }
            }
        }
    }

    fn tell(&self, progress: &Progress<'_>) {
        if let Some(observer) = &self.observer {
            observer(progress);
        }
    }
}

/// Waits, unless it is to stop: then false.
async fn before<S: Future<Output = ()>>(stop: &Shared<S>, wait: impl Future<Output = ()>) -> bool {
    tokio::select! {
        biased;
        () = stop.clone() => false,
        () = wait => true,
    }
}

fn backoff() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(Duration::from_secs(30))
        .without_max_times()
        .with_jitter()
        .build()
}
