use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use http::StatusCode;

use crate::Error;
use crate::lock::lock;

mod spelling;

/// The fake that a fault happens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The Events API: the three feed endpoints, not the introspection.
    Events,
    /// Datadog's log intake, not the check of the key.
    Intake,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Answers with this status instead of doing the work. A redirect points to `/redirected`, where nothing is.
    Status {
        /// From 300 to 599 where it is parsed.
        code: StatusCode,
        /// Sent as `Retry-After`, in seconds, rounded up.
        retry_after: Option<Duration>,
    },
    /// Closes the connection without an answer; the work is not done.
    Cut,
    /// Resets the connection (TCP RST) instead of an answer; the work is not done.
    Reset,
    /// Never says a word, and keeps the connection open until the client closes it; the work is not done.
    Silent,
    /// Does the work, then closes the connection without an answer.
    Lost,
    /// Does the work, sends the head of the answer and half of the body that it announces, and closes the connection.
    Half,
    /// Does the work and answers, but `Content-Length` says so many bytes more than the body has, or fewer if it is
    /// negative, though never less than none; then closes the connection.
    Length(i32),
    /// Does the work and answers properly, a byte at a time with this pause behind each; then closes the connection.
    Drip(Duration),
    /// Waits, then does what it would have done. If the client has gone by then, nothing is done.
    Slow(Duration),
    /// Events only: a page without items that says there is more, and whose cursor leads to where the request was.
    /// The real API documents such pages.
    Empty,
    /// Events only: the page that was asked for, without a `cursor`.
    NoCursor,
    /// Events only: the page that was asked for, its `cursor` the empty text.
    EmptyCursor,
    /// Does the work and answers with success, but with a body that is not JSON.
    Garbage,
    /// Nothing: an ordinary answer, to place the faults after it.
    Ok,
}

/// A [`FaultKind`], the [`Side`] that it happens to, and how many requests in a row.
///
/// Written `SIDE:KIND[=ARG][xN]`: `intake:403`, `intake:429=2s`, `events:cut`, `events:slow=200ms`, `intake:500x3`.
///
/// ```
/// use op_dd_fakes::Fault;
///
/// let fault: Fault = "intake:429=2sx3".parse()?;
/// assert_eq!(fault.times(), 3);
/// assert_eq!(fault.to_string(), "intake:429=2sx3");
/// # Ok::<(), op_dd_fakes::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    side: Side,
    kind: FaultKind,
    times: u32,
}

/// Faults in the order in which they happen, written with commas or white space between them.
///
/// ```
/// use op_dd_fakes::FaultScript;
///
/// let script: FaultScript = "events:ok events:cut, intake:500x2".parse()?;
/// assert_eq!(script.into_iter().count(), 3);
/// # Ok::<(), op_dd_fakes::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultScript(Vec<Fault>);

impl Fault {
    /// A fault that happens to one request.
    ///
    /// # Errors
    ///
    /// [`Error::Fault`] if that side has no such fault.
    pub fn new(side: Side, kind: FaultKind) -> Result<Self, Error> {
        let fault = Self {
            side,
            kind,
            times: 1,
        };
        match kind {
            FaultKind::Empty | FaultKind::NoCursor | FaultKind::EmptyCursor
                if side == Side::Intake =>
            {
                Err(Error::Fault {
                    text: fault.to_string(),
                    reason: "only a page of events can have it".to_owned(),
                })
            }
            _ => Ok(fault),
        }
    }

    /// The same fault for `times` requests in a row; none if that is 0.
    #[must_use]
    pub const fn repeated(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// The fake that it happens to.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// What happens.
    pub const fn kind(&self) -> FaultKind {
        self.kind
    }

    /// To how many requests.
    pub const fn times(&self) -> u32 {
        self.times
    }
}

impl FromIterator<Fault> for FaultScript {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Self(faults.into_iter().collect())
    }
}

impl IntoIterator for FaultScript {
    type Item = Fault;
    type IntoIter = std::vec::IntoIter<Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for FaultScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            let gap = if place == 0 { "" } else { " " };
            write!(f, "{gap}{fault}")?;
        }
        Ok(())
    }
}

/// The faults that one fake has still to commit.
#[derive(Debug)]
pub(crate) struct FaultQueue {
    side: Side,
    waiting: Mutex<VecDeque<Fault>>,
}

impl FaultQueue {
    pub(crate) fn new(side: Side, script: impl IntoIterator<Item = Fault>) -> Self {
        let queue = Self {
            side,
            waiting: Mutex::default(),
        };
        queue.extend(script);
        queue
    }

    /// Appends those faults of the script that are this side's.
    pub(crate) fn extend(&self, script: impl IntoIterator<Item = Fault>) {
        let ours = script
            .into_iter()
            .filter(|fault| fault.side == self.side && fault.times > 0);
        lock(&self.waiting).extend(ours);
    }

    /// What happens to the next request.
    pub(crate) fn next(&self) -> FaultKind {
        let mut waiting = lock(&self.waiting);
        let Some(fault) = waiting.front_mut() else {
            return FaultKind::Ok;
        };
        let kind = fault.kind;
        fault.times -= 1;
        if fault.times == 0 {
            waiting.pop_front();
        }
        kind
    }

    /// For how many requests faults are left.
    pub(crate) fn left(&self) -> u64 {
        lock(&self.waiting)
            .iter()
            .map(|fault| u64::from(fault.times))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_takes_its_own_side_in_order() {
        let script: FaultScript = "intake:500 events:cutx2 events:ok intake:lost events:empty"
            .parse()
            .unwrap();
        let queue = FaultQueue::new(Side::Events, script);
        assert_eq!(queue.left(), 4);
        let kinds: Vec<_> = (0..5).map(|_| queue.next()).collect();
        assert_eq!(
            kinds,
            [
                FaultKind::Cut,
                FaultKind::Cut,
                FaultKind::Ok,
                FaultKind::Empty,
                FaultKind::Ok
            ]
        );
        assert_eq!(queue.left(), 0);
    }

    #[test]
    fn no_time_at_all_is_no_fault() {
        let fault = Fault::new(Side::Intake, FaultKind::Cut)
            .unwrap()
            .repeated(0);
        assert_eq!(FaultQueue::new(Side::Intake, [fault]).next(), FaultKind::Ok);
    }
}
