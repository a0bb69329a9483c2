use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use datadog_logs::{JsonError, LogEntry, Status, Tags};
use onepassword_events::EventSource;
use serde::Serialize;
use tokio::time::Instant;

use super::{StepError, StepReport};
use crate::{StreamId, Success};

/// How a stream is doing, and which of it the sink has been told.
pub(super) struct Pulse {
    source: Arc<dyn EventSource>,
    tags: Tags,
    state: Mutex<State>,
}

struct State {
    /// What came since the last heartbeat.
    fresh: Counts,
    /// What came before, back to the last heartbeat that is known to have been accepted.
    told: Counts,
    accepted: Instant,
    made: Instant,
    /// How long before it was made a step had gone well, once the store was asked.
    before: Option<Duration>,
    /// When a step last went well since it was made.
    succeeded: Option<Instant>,
    lag: Option<Duration>,
    fails: bool,
}

/// What pages that were committed one after the other had on them.
#[derive(Clone, Debug, Default, Serialize)]
struct Counts {
    events: usize,
    late: usize,
    refused: usize,
    pages: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_event_s: Option<u64>,
}

impl Pulse {
    pub(super) fn new(source: Arc<dyn EventSource>, tags: Tags) -> Self {
        let now = Instant::now();
        Self {
            source,
            tags,
            state: Mutex::new(State {
                fresh: Counts::default(),
                told: Counts::default(),
                accepted: now,
                made: now,
                before: None,
                succeeded: None,
                lag: None,
                fails: false,
            }),
        }
    }

    /// Takes note of what became of a step.
    pub(super) fn take_note(&self, step: &Result<StepReport, StepError>) {
        let mut state = self.lock();
        state.fails = step.is_err();
        if let Ok(report) = step {
            state.succeeded = Some(Instant::now());
            state.lag = report.lag.or(state.lag);
            state.fresh.append(Counts::from(report));
        }
    }

    /// Whether the store has not said yet how the stream was before.
    pub(super) fn is_new(&self) -> bool {
        self.lock().before.is_none()
    }

    /// Takes over from the store when the stream was last well before this was made.
    pub(super) fn recall(&self, last: Option<Success>, now: SystemTime) {
        let mut state = self.lock();
        let ago = last.and_then(|last| now.duration_since(last.at).ok());
        let before = ago.unwrap_or_default().saturating_sub(state.made.elapsed());
        state.before = Some(before);
        state.lag = state.lag.or(last.and_then(|last| last.lag));
    }

    /// When the stream was last well, if it was so since this was made.
    pub(super) fn success(&self, now: SystemTime) -> Option<Success> {
        let state = self.lock();
        Some(Success {
            at: now.checked_sub(state.succeeded?.elapsed())?,
            lag: state.lag,
        })
    }

    /// Whether there is something that the sink is not known to have been told, or whether it was told
    /// nothing since then.
    pub(super) fn has_news(&self, since: Instant) -> bool {
        let state = self.lock();
        state.accepted < since || state.fresh.pages + state.told.pages > 0
    }

    /// The stream's heartbeat.
    ///
    /// # Errors
    ///
    /// If it can't be written as JSON.
    pub(super) fn tell(&self, stream: &StreamId, now: SystemTime) -> Result<LogEntry, JsonError> {
        let expires = self.source.expires_at();
        let mut state = self.lock();
        let fresh = std::mem::take(&mut state.fresh);
        state.told.append(fresh);
        let since_success_s = state.since_success().as_secs();
        let is_stuck = state.fails && state.succeeded.unwrap_or(state.made) <= state.accepted;

        let StreamId {
            account,
            feed,
            destination,
        } = stream;
        let events = match state.told.events {
            0 => "no events".to_owned(),
            1 => "1 event".to_owned(),
            events => format!("{events} events"),
        };
        let mut message = format!("{events} of {account}/{feed} carried to {destination}");
        if is_stuck {
            message.push_str(&format!("; nothing went well for {since_success_s} s"));
        }
        let status = if is_stuck { Status::Warn } else { Status::Info };
        LogEntry::new(message)
            .source("op-dd")
            .service("op-dd")
            .status(status)
            .tags(self.tags.clone())
            .attribute("evt", &Event { name: "heartbeat" })?
            .attribute(
                "onepassword",
                &Origin {
                    account: account.as_str(),
                    feed: feed.as_str(),
                },
            )?
            .attribute(
                "op_dd",
                &Figures {
                    destination: destination.as_str(),
                    counts: &state.told,
                    since_success_s,
                    token_expires_in_s: expires.map(|end| seconds(now, end)),
                    version: env!("CARGO_PKG_VERSION"),
                },
            )
    }

    /// What [`tell`](Self::tell) said last was accepted.
    pub(super) fn was_told(&self) {
        let mut state = self.lock();
        state.told = Counts::default();
        state.accepted = Instant::now();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How long ago a step last went well; if none ever did, for how long that has been tried.
    fn since_success(&self) -> Duration {
        match self.succeeded {
            Some(succeeded) => succeeded.elapsed(),
            None => self.made.elapsed() + self.before.unwrap_or_default(),
        }
    }
}

impl Counts {
    fn append(&mut self, later: Self) {
        if self.events == 0 {
            self.first_uuid = later.first_uuid;
        }
        if later.events > 0 {
            self.last_uuid = later.last_uuid;
            self.lag_event_s = later.lag_event_s;
        }
        self.events += later.events;
        self.late += later.late;
        self.refused += later.refused;
        self.pages += later.pages;
    }
}

impl From<&StepReport> for Counts {
    fn from(report: &StepReport) -> Self {
        Self {
            events: report.read,
            late: report.late,
            refused: report.refused,
            pages: usize::from(report.moved),
            first_uuid: report.first_uuid.clone(),
            last_uuid: report.last_uuid.clone(),
            lag_event_s: report.lag.map(|lag| lag.as_secs()),
        }
    }
}

#[derive(Serialize)]
struct Event {
    name: &'static str,
}

#[derive(Serialize)]
struct Origin<'a> {
    account: &'a str,
    feed: &'a str,
}

#[derive(Serialize)]
struct Figures<'a> {
    destination: &'a str,
    #[serde(flatten)]
    counts: &'a Counts,
    since_success_s: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_expires_in_s: Option<i64>,
    version: &'static str,
}

/// How far it is from one time to another.
fn seconds(from: SystemTime, to: SystemTime) -> i64 {
    let whole = |seconds| i64::try_from(seconds).unwrap_or(i64::MAX);
    match to.duration_since(from) {
        Ok(ahead) => whole(ahead.as_secs()),
        Err(ago) => -whole(ago.duration().as_secs()),
    }
}
