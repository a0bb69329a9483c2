use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use datadog_logs::{Transport, TransportError, TransportErrorKind};
use http::{Request, Response};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::date;

/// The intake, which keeps nothing but a number for each stream.
pub(super) struct Intake {
    begun: Instant,
    posted: AtomicU64,
    failed: AtomicU64,
    accepted: Mutex<Accepted>,
}

#[derive(Default)]
struct Accepted {
    /// For each stream, by its tags, the number of the next event that is new.
    next: HashMap<String, u64>,
    once: u64,
    again: u64,
    missed: u64,
}

#[derive(Deserialize)]
struct Log<'a> {
    ddtags: &'a str,
    number: u64,
}

impl Intake {
    pub(super) fn new(begun: Instant) -> Self {
        Self {
            begun,
            posted: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            accepted: Mutex::default(),
        }
    }

    /// How many requests came, and how many of them were failed on purpose.
    pub(super) fn requests(&self) -> (u64, u64) {
        (
            self.posted.load(Ordering::Relaxed),
            self.failed.load(Ordering::Relaxed),
        )
    }

    /// How many events were accepted, accepted again, and never seen.
    pub(super) fn accepted(&self) -> (u64, u64, u64) {
        let accepted = self.accepted.lock().unwrap();
        (accepted.once, accepted.again, accepted.missed)
    }

    fn accept(&self, body: &[u8]) {
        let body = zstd::stream::decode_all(body).unwrap();
        let logs: Vec<Log<'_>> = serde_json::from_slice(&body).unwrap();
        let accepted = &mut *self.accepted.lock().unwrap();
        for Log { ddtags, number } in logs {
            let next = match accepted.next.get_mut(ddtags) {
                Some(next) => next,
                None => accepted.next.entry(ddtags.to_owned()).or_default(),
            };
            if number < *next {
                accepted.again += 1;
                continue;
            }
            accepted.missed += number - *next;
            accepted.once += 1;
            *next = number + 1;
        }
    }
}

#[async_trait]
impl Transport for Intake {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let number = self.posted.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(40)).await;
        let failed = || self.failed.fetch_add(1, Ordering::Relaxed);
        let answer = Response::builder().header("date", date(self.begun));
        let answer = match number % 2003 {
            13 => {
                failed();
                answer.status(503)
            }
            213 => {
                failed();
                answer.status(429).header("retry-after", "5")
            }
            413 => {
                failed();
                self.accept(request.body());
                let lost = TransportError::new(TransportErrorKind::Network, "cut off");
                return Err(lost);
            }
            613 => {
                failed();
                answer.status(403)
            }
            _ => {
                self.accept(request.body());
                answer.status(202)
            }
        };
        Ok(answer.body(Bytes::from_static(b"{}")).unwrap())
    }
}
