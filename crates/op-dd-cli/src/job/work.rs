use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use onepassword_events::Timestamp;
use op_dd_bridge::{Bridge, Outcome, Progress, StreamId};
use tokio::time::sleep;

use super::standing::Reach;
use super::{Job, Jobs, Standing, State};
use crate::signal::Stop;

/// How often it is noted how far a job is.
const NOTE: Duration = Duration::from_secs(1);

/// Does a job, part by part, until it is done or told to stop. It never gives up: what fails is tried
/// again, as it is in live polling.
pub(crate) async fn carry(job: Job, parts: Vec<Bridge>, ledger: Arc<Ledger>, stop: Stop) {
    let (id, account) = (&job.id, &job.asked.account);
    tracing::info!(job = id, "backfill of account {account} begins, or goes on");
    let work = async {
        for part in &parts {
            let drained = part.drain(Duration::MAX, stop.clone().told()).await;
            let mut outcomes = drained.streams.iter().map(|(_, outcome)| outcome);
            if !outcomes.all(|outcome| matches!(outcome, Outcome::Complete)) {
                return State::Stopped;
            }
        }
        State::Done
    };
    let state = tokio::select! {
        state = work => state,
        () = ledger.note_until_called_off(id) => {
            tracing::info!(job = id, "backfill of account {account} was called off");
            return;
        }
    };
    ledger.lock().state = state;
    // A job that is done would be looked through again by the next start.
    while !ledger.note(id).await {
        tokio::select! {
            biased;
            () = stop.clone().told() => break,
            () = sleep(NOTE) => {}
        }
    }
    let Standing {
        events, refused, ..
    } = ledger.lock().clone();
    match state {
        State::Done => tracing::info!(
            job = id,
            events,
            refused,
            "backfill of account {account} is done"
        ),
        _ => tracing::info!(
            job = id,
            events,
            "backfill of account {account} goes on with the next start"
        ),
    }
}

/// How far a job is, while it is done.
pub(crate) struct Ledger {
    jobs: Jobs,
    standing: Mutex<Standing>,
    /// One note after the other, or an older one could come last.
    turn: Mutex<()>,
}

impl Ledger {
    /// Goes on with what another process has left.
    pub(crate) fn open(jobs: Jobs, before: Option<Standing>) -> Self {
        Self {
            jobs,
            standing: Mutex::new(Standing::taken_up(before)),
            turn: Mutex::default(),
        }
    }

    /// Takes note of the streams that a job has.
    pub(crate) fn expect<'a>(&self, streams: impl Iterator<Item = &'a StreamId>) {
        let mut standing = self.lock();
        for stream in streams {
            standing.streams.entry(key(stream)).or_default();
        }
    }

    pub(crate) fn observe(&self, progress: &Progress<'_>) {
        let mut standing = self.lock();
        match progress {
            Progress::Step { stream, report, .. } => {
                standing.events += report.read as u64;
                standing.late += report.late as u64;
                standing.refused += report.refused as u64;
                standing.pages += u64::from(report.read > 0);
                let reach = standing.streams.entry(key(stream)).or_default();
                reach.advance(report.last_at);
                reach.done = !report.more;
                reach.trouble = None;
            }
            Progress::Failure { stream, error, .. } => {
                let reach = standing.streams.entry(key(stream)).or_default();
                reach.trouble = Some(error.to_string());
            }
            _ => return,
        }
        let mut troubles = standing
            .streams
            .values()
            .filter_map(|reach| reach.trouble.as_ref());
        standing.trouble = troubles.next().cloned();
    }

    async fn note_until_called_off(self: &Arc<Self>, id: &str) {
        while self.jobs.has(id) {
            self.note(id).await;
            sleep(NOTE).await;
        }
        // It may have been noted while it was called off.
        if let Err(failure) = self.jobs.remove(id) {
            tracing::debug!("{failure}");
        }
    }

    /// Where a slow disk keeps nothing else from going on. False if it failed.
    async fn note(self: &Arc<Self>, id: &str) -> bool {
        let (ledger, id) = (Arc::clone(self), id.to_owned());
        let noting = tokio::task::spawn_blocking(move || {
            let _turn = ledger.turn.lock().unwrap_or_else(PoisonError::into_inner);
            let mut standing = ledger.lock().clone();
            standing.updated_at = SystemTime::now().into();
            ledger.jobs.note(&id, &standing)
        });
        if let Ok(Err(failure)) = noting.await {
            tracing::debug!("how far the backfill is was not noted: {failure}");
            return false;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reach {
    fn advance(&mut self, to: Option<SystemTime>) {
        let reached = self.reached.as_ref().map(Timestamp::to_system_time);
        if to > reached {
            self.reached = to.map(Into::into);
        }
    }
}

fn key(stream: &StreamId) -> String {
    format!("{}/{}", stream.destination, stream.feed)
}
