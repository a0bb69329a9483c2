use std::time::Duration;

use datadog_logs::{JsonError, LogEntry, Receipt, SendError, SendErrorKind};
use futures_util::future::{FutureExt as _, Shared, join};
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, sleep_until, timeout};

use super::pulse::Pulse;
use super::{Bridge, StepError, Stream};

/// How long the intake may take over heartbeats.
const LONGEST_SEND: Duration = Duration::from_secs(4);

/// How long after it was told to stop the bridge may be kept by heartbeats, however many sendings that
/// are: whoever told it may wait for ten seconds.
const LONGEST_END: Duration = Duration::from_secs(8);

/// Tells the intake at an interval how the streams are doing, all in one batch.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    /// One sending after the other, or both would count the same.
    turn: Mutex<()>,
}

impl Heartbeat {
    pub(super) fn new(interval: Duration) -> Self {
        let (second, day) = (Duration::from_secs(1), Duration::from_secs(86_400));
        Self {
            interval: interval.clamp(second, day),
            turn: Mutex::default(),
        }
    }

    /// Does `work`, and sends heartbeats meanwhile, and the last ones at its end.
    ///
    /// When it is to stop, they are sent at once, since what is under way may take longer than there is
    /// time; and at the end for those streams that have more to tell by then.
    pub(super) async fn accompany<T, S: Future<Output = ()>>(
        &self,
        work: impl Future<Output = T>,
        stop: &Shared<S>,
        bridge: &Bridge,
    ) -> T {
        let over = Notify::new();
        let stopped = stop.clone().map(|()| Instant::now()).shared();
        let end = async { sleep_until(stopped.clone().await + LONGEST_END).await };
        let end = end.shared();
        let work = async {
            let done = work.await;
            over.notify_one();
            done
        };
        let beats = async {
            let mut stopped_at = None;
            let mut due = Instant::now() + self.interval;
            loop {
                tokio::select! {
                    biased;
                    () = over.notified() => break,
                    at = stopped.clone(), if stopped_at.is_none() => stopped_at = Some(at),
                    () = sleep_until(due) => due = Instant::now() + self.interval,
                }
                self.beat(bridge, |_| true, &end).await;
            }
            let has_more = |pulse: &Pulse| stopped_at.is_none_or(|since| pulse.has_news(since));
            self.beat(bridge, has_more, &end).await;
        };
        join(work, beats).await.0
    }

    /// Sends the heartbeats of those streams until the end, and takes note of those that are accepted.
    async fn beat<E: Future<Output = ()>>(
        &self,
        bridge: &Bridge,
        of: impl Fn(&Pulse) -> bool,
        end: &Shared<E>,
    ) {
        let _turn = self.turn.lock().await;
        let streams = bridge.streams.iter().filter(|stream| of(&stream.pulse));
        let streams: Vec<_> = streams.collect();
        let sent = match logs(&streams, bridge) {
            Ok(logs) => send(&logs, bridge, end).await,
            Err(error) => {
                tracing::warn!(%error, "no heartbeat");
                return;
            }
        };
        let is_accepted = |index: usize| match &sent {
            Ok(receipt) => !receipt.refused.iter().any(|refused| refused.index == index),
            Err(StepError::Sink { error, .. }) => error.accepted().contains(&index),
            Err(_) => false,
        };
        for (index, stream) in streams.iter().enumerate() {
            if is_accepted(index) {
                stream.pulse.was_told();
            }
        }
        let alarms = &bridge.settings.alarms;
        let first = bridge.streams().next().filter(|_| !streams.is_empty());
        match (sent, first) {
            (Err(error), Some(first)) if error.is_hold() => {
                alarms.raise_for_heartbeats(first, &error);
            }
            // If pages fail, too, it is they that say so.
            (Err(error), _) => tracing::debug!(%error, "no heartbeat"),
            (Ok(receipt), first) => {
                if let Some(first) = first {
                    alarms.clear_for_heartbeats(first);
                }
                if !receipt.refused.is_empty() {
                    let refused = receipt.refused.len();
                    tracing::warn!(refused, "the intake refuses heartbeats");
                }
            }
        }
    }
}

async fn send<E: Future<Output = ()>>(
    logs: &[LogEntry],
    bridge: &Bridge,
    end: &Shared<E>,
) -> Result<Receipt, StepError> {
    if logs.is_empty() {
        return Ok(Receipt::default());
    }
    let sent = tokio::select! {
        biased;
        () = end.clone() => None,
        sent = timeout(LONGEST_SEND, bridge.listener.send_aside(logs)) => sent.ok(),
    };
    let timeout = || {
        bridge
            .listener
            .error(SendError::new(SendErrorKind::Timeout))
    };
    sent.unwrap_or_else(|| Err(timeout()))
}

fn logs(streams: &[&Stream], bridge: &Bridge) -> Result<Vec<LogEntry>, JsonError> {
    let now = bridge.settings.clock.now();
    let streams = streams.iter();
    streams
        .map(|stream| stream.pulse.tell(&stream.id, now))
        .collect()
}
