use std::future::{Future, pending, ready};
use std::time::Duration;

use futures_util::future::{FutureExt as _, Shared, join_all};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::trouble::{Trouble, spread};
use super::{Bridge, StepError, StepReport, Stream};
use crate::StreamId;

/// Something that happened while a bridge was at work.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A page was delivered and committed, or there was nothing to deliver.
    #[non_exhaustive]
    Step {
        /// The stream.
        stream: &'a StreamId,
        /// What was done.
        report: &'a StepReport,
        /// How long it took.
        took: Duration,
    },
    /// A step failed; there will be another.
    #[non_exhaustive]
    Failure {
        /// The stream.
        stream: &'a StreamId,
        /// What failed.
        error: &'a StepError,
        /// How long it took.
        took: Duration,
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

impl Bridge {
    /// Carries events until `stop` completes: asks every feed for news at the poll interval, follows
    /// it as long as it has more, waits as servers ask, and never gives up.
    ///
    /// When `stop` completes, the steps that are under way come to their end, and no other begins. With
    /// [heartbeats](super::BridgeBuilder::heartbeat), the last ones are sent then.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        self.drive(None, stop).await;
    }

    /// Carries what there is at present, and comes to an end: for a job that is started now and then.
    ///
    /// A stream whose failures have lasted for `patience` is held; the others go on. `Duration::MAX` is
    /// patience without end: then only `stop` comes before everything is carried. With
    /// [heartbeats](super::BridgeBuilder::heartbeat), the last ones are sent at the end.
    pub async fn drain(
        &self,
        patience: Duration,
        stop: impl Future<Output = ()> + Send,
    ) -> Drained {
        let outcomes = self.drive(Some(patience), stop).await;
        let streams = self.streams().cloned().zip(outcomes).collect();
        Drained { streams }
    }

    /// All streams as one set of futures, in one task. With patience, each until there is nothing more
    /// at present or the patience is at its end.
    async fn drive(
        &self,
        patience: Option<Duration>,
        stop: impl Future<Output = ()> + Send,
    ) -> Vec<Outcome> {
        let stop = stop.shared();
        let _drive = Drive(self);
        let streams = self.streams.iter();
        let work = join_all(streams.map(|stream| self.follow(stream, patience, stop.clone())));
        self.noting_successes(async {
            match &self.heartbeat {
                Some(heartbeat) => heartbeat.accompany(work, &stop, self).await,
                None => work.await,
            }
        })
        .await
    }

    async fn follow<S: Future<Output = ()>>(
        &self,
        stream: &Stream,
        patience: Option<Duration>,
        stop: Shared<S>,
    ) -> Outcome {
        stream.lane.lock().await.begin_anew();
        let mut trouble = Trouble::default();
        let mut look_again = self.settings.look_again.subscribe();
        // When the round began that goes on for as long as there is more.
        let mut round = Instant::now();
        while before(&stop, ready(())).await {
            // What is said while a step is under way, which may have begun with an old secret, counts.
            look_again.mark_unchanged();
            let begun = Instant::now();
            let step = self.step_of(stream).await;
            let took = begun.elapsed();
            let next = match step {
                Ok(report) => {
                    trouble.end();
                    self.settings.alarms.clear(&stream.id);
                    self.tell(&Progress::Step {
                        stream: &stream.id,
                        report: &report,
                        took,
                    });
                    if report.more {
                        continue;
                    }
                    if patience.is_some() {
                        return Outcome::Complete;
                    }
                    // From start to start; what is shorter for some spreads them out.
                    round
                        + self
                            .settings
                            .poll_interval
                            .mul_f64(1.0 - 0.1 * fastrand::f64())
                }
                Err(error) => {
                    if !matches!(error, StepError::Paused { .. }) {
                        self.settings.alarms.raise(&stream.id, &error);
                        self.tell(&Progress::Failure {
                            stream: &stream.id,
                            error: &error,
                            took,
                        });
                    }
                    match trouble.wait(error, patience) {
                        Ok(wait) => Instant::now() + wait,
                        Err(cause) => return Outcome::Held(cause),
                    }
                }
            };
            let wait = async {
                tokio::select! {
                    () = sleep_until(next) => {}
                    () = told(&mut look_again), if trouble.is_on() => {}
                }
            };
            if !before(&stop, wait).await {
                break;
            }
            round = Instant::now();
        }
        Outcome::Stopped
    }

    fn tell(&self, progress: &Progress<'_>) {
        if let Some(observer) = &self.settings.observer {
            observer(progress);
        }
    }
}

/// A bridge at work: once it isn't, however that came about, its streams are no reason for an alarm.
struct Drive<'a>(&'a Bridge);

impl Drop for Drive<'_> {
    fn drop(&mut self) {
        self.0.settings.alarms.forget(self.0.streams());
    }
}

/// Completes a moment after it was told: those that hear it don't go all at once.
async fn told(look_again: &mut watch::Receiver<()>) {
    match look_again.changed().await {
        Ok(()) => sleep(spread()).await,
        // Nobody is left to tell.
        Err(_) => pending().await,
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
