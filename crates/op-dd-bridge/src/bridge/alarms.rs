use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::mem::{Discriminant, discriminant};
use std::sync::{Mutex, MutexGuard, PoisonError};

use datadog_logs::SendErrorKind;
use onepassword_events::ErrorKind;

use super::{Scope, StepError};
use crate::{StoreErrorKind, StreamId};

/// One line for each cause, when it begins and when it is over, however many streams it stops and
/// however often, over all bridges that are beside each other. What refuses heartbeats is a cause, too:
/// while there is nothing else to send, nothing else would say so.
#[derive(Default)]
pub(super) struct Alarms(Mutex<Raised>);

type Raised = HashMap<(Scope, Cause), HashSet<Stopped>>;

/// What a cause stops.
#[derive(PartialEq, Eq, Hash)]
enum Stopped {
    Stream(StreamId),
    /// Those of the bridge that has this stream first.
    Heartbeats(StreamId),
}

#[derive(PartialEq, Eq, Hash)]
enum Cause {
    Source(ErrorKind),
    Sink(SendErrorKind),
    Store(StoreErrorKind),
    Other(Discriminant<StepError>),
}

impl Alarms {
    pub(super) fn raise(&self, stream: &StreamId, error: &StepError) {
        self.stopped(stream, error, Stopped::Stream(stream.clone()));
    }

    /// The heartbeats are refused of the bridge that has this stream first.
    pub(super) fn raise_for_heartbeats(&self, stream: &StreamId, error: &StepError) {
        self.stopped(stream, error, Stopped::Heartbeats(stream.clone()));
    }

    /// A cause is over once it stops nothing: one feed may be refused while others are not. A scope goes
    /// on once it has no cause left.
    pub(super) fn clear(&self, stream: &StreamId) {
        self.over(&Stopped::Stream(stream.clone()));
    }

    /// The heartbeats are accepted of the bridge that has this stream first.
    pub(super) fn clear_for_heartbeats(&self, stream: &StreamId) {
        self.over(&Stopped::Heartbeats(stream.clone()));
    }

    /// Nobody drives these streams any longer: what stops them is no cause for now, and not over either.
    pub(super) fn forget<'a>(&self, streams: impl Iterator<Item = &'a StreamId>) {
        let mut raised = self.lock();
        for stream in streams {
            let stopped = [Stopped::Stream, Stopped::Heartbeats].map(|what| what(stream.clone()));
            for failing in raised.values_mut() {
                failing.retain(|one| !stopped.contains(one));
            }
        }
        raised.retain(|_, failing| !failing.is_empty());
    }

    fn stopped(&self, stream: &StreamId, error: &StepError, stopped: Stopped) {
        let mut raised = self.lock();
        let scope = error.scope(stream);
        let cause = (scope.clone(), Cause::of(error));
        let failing = raised.entry(cause).or_default();
        let because = because(error).map(tracing::field::display);
        match (failing.is_empty(), error.is_hold()) {
            (true, true) => tracing::error!(%scope, %error, because, "held"),
            (true, false) => tracing::warn!(%scope, %error, because, "trying again"),
            (false, _) => tracing::debug!(%stream, %error, because, "trying again"),
        }
        failing.insert(stopped);
    }

    fn over(&self, stopped: &Stopped) {
        let mut raised = self.lock();
        let mut over = HashSet::new();
        raised.retain(|(scope, _), failing| {
            if failing.remove(stopped) && failing.is_empty() {
                over.insert(scope.clone());
            }
            !failing.is_empty()
        });
        over.retain(|scope| !raised.keys().any(|(raised, _)| raised == scope));
        for scope in over {
            tracing::info!(%scope, "going on");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Raised> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cause {
    fn of(error: &StepError) -> Self {
        match error {
            StepError::Source(error) => Self::Source(error.kind()),
            StepError::Sink { error, .. } => Self::Sink(error.kind()),
            StepError::Store(error) => Self::Store(error.kind()),
            other => Self::Other(discriminant(other)),
        }
    }
}

/// What lies at the bottom of a failure on the way to a server, such as a connection refused.
fn because(error: &StepError) -> Option<&(dyn Error + 'static)> {
    let on_the_way =
        matches!(error, StepError::Source(_) | StepError::Sink { .. }) && !error.is_hold();
    let mut bottom = error.source().filter(|_| on_the_way)?;
    while let Some(cause) = bottom.source() {
        bottom = cause;
    }
    Some(bottom)
}
