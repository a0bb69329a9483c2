use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};

use crate::lock::lock;

/// How many exchanges a fake remembers: the newest. The counts go on.
const REMEMBERED: usize = 10_000;

/// One request and how it was answered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// When the whole request had arrived, by a clock that only moves forward: for judging the pace of a client.
    pub received: Instant,
    /// The same, by the fake's clock.
    pub at: SystemTime,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// Every header, the credentials among them.
    pub headers: HeaderMap,
    /// The body as it was sent. Empty at Datadog, whose intake would have to hold megabytes; see [`size`](Self::size).
    pub body: Bytes,
    /// The length of the body as it was sent, so compressed, in bytes.
    pub size: usize,
    /// The status of the answer; none if the connection was closed instead, or nothing has been answered yet.
    pub status: Option<StatusCode>,
}

/// How many requests there were, by path and status of the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<(String, Option<u16>), u64>);

impl Counts {
    /// All requests.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Requests to that path, for example `/api/v2/logs`.
    pub fn of_path(&self, path: &str) -> u64 {
        self.sum(|of, _| of == path)
    }

    /// Requests that were answered with that status.
    pub fn of_status(&self, status: u16) -> u64 {
        self.sum(|_, of| of == Some(status))
    }

    /// Requests that got no answer: the connection was closed, or the answer is still being made.
    pub fn unanswered(&self) -> u64 {
        self.sum(|_, status| status.is_none())
    }

    /// Path, status (none: unanswered) and number, by path and then by status.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<u16>, u64)> {
        self.0
            .iter()
            .map(|((path, status), count)| (path.as_str(), *status, *count))
    }

    fn sum(&self, wanted: impl Fn(&str, Option<u16>) -> bool) -> u64 {
        self.iter()
            .filter(|(path, status, _)| wanted(path, *status))
            .map(|(_, _, count)| count)
            .sum()
    }
}

/// What a fake was asked, in the order in which the requests arrived.
#[derive(Debug, Default)]
pub(crate) struct Traffic(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The number of the oldest exchange in `newest`.
    first: usize,
    newest: VecDeque<Exchange>,
    counts: Counts,
}

/// The number of an exchange that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket(usize);

impl Traffic {
    /// Notes a request before it is answered: a client that gives up is seen as well.
    pub(crate) fn arrived(
        &self,
        request: &Request<Bytes>,
        at: SystemTime,
        keep_body: bool,
    ) -> Ticket {
        let exchange = Exchange {
            received: Instant::now(),
            at,
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            body: if keep_body {
                request.body().clone()
            } else {
                Bytes::new()
            },
            size: request.body().len(),
            status: None,
        };
        let mut state = lock(&self.0);
        *state
            .counts
            .0
            .entry((exchange.uri.path().to_owned(), None))
            .or_default() += 1;
        state.newest.push_back(exchange);
        if state.newest.len() > REMEMBERED {
            state.newest.pop_front();
            state.first += 1;
        }
        Ticket(state.first + state.newest.len() - 1)
    }

    /// Notes the answer, before it is on its way: whoever has the answer finds it here.
    pub(crate) fn answered(&self, ticket: Ticket, path: &str, status: StatusCode) {
        let state = &mut *lock(&self.0);
        if let Some(waiting) = state.counts.0.remove(&(path.to_owned(), None))
            && waiting > 1
        {
            state.counts.0.insert((path.to_owned(), None), waiting - 1);
        }
        *state
            .counts
            .0
            .entry((path.to_owned(), Some(status.as_u16())))
            .or_default() += 1;
        let place = ticket.0.checked_sub(state.first);
        if let Some(exchange) = place.and_then(|place| state.newest.get_mut(place)) {
            exchange.status = Some(status);
        }
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.0).newest.iter().cloned().collect()
    }

    pub(crate) fn counts(&self) -> Counts {
        lock(&self.0).counts.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest_and_counts_them_all() {
        let traffic = Traffic::default();
        let request = Request::post("/api/v2/logs?x=1")
            .body(Bytes::from_static(b"{}"))
            .unwrap();
        let first = traffic.arrived(&request, SystemTime::UNIX_EPOCH, false);
        for _ in 0..REMEMBERED {
            traffic.arrived(&request, SystemTime::UNIX_EPOCH, false);
        }
        traffic.answered(first, "/api/v2/logs", StatusCode::ACCEPTED);

        let exchanges = traffic.exchanges();
        assert_eq!(exchanges.len(), REMEMBERED);
        assert!(
            exchanges
                .iter()
                .all(|exchange| exchange.status.is_none() && exchange.size == 2)
        );
        let counts = traffic.counts();
        assert_eq!(counts.total(), REMEMBERED as u64 + 1);
        assert_eq!(counts.of_path("/api/v2/logs"), REMEMBERED as u64 + 1);
        assert_eq!(counts.of_status(202), 1);
        assert_eq!(counts.unanswered(), REMEMBERED as u64);
    }
}
