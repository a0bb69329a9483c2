use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{Request, Response};
use serde::Deserialize;

use super::Traffic;
use super::server::{Answer, answered};

/// An intake that accepts all, and measures how long each event took to get here.
pub(super) struct Intake {
    begun: Instant,
    traffic: Traffic,
    posted: AtomicU64,
    arrived: Mutex<Arrived>,
}

struct Arrived {
    /// For each stream the number of the next event that is new.
    next: Vec<u64>,
    lags: Vec<Duration>,
    again: u64,
    missed: u64,
    beats: u64,
}

/// What of a log is looked at. A heartbeat is of no stream.
#[derive(Deserialize)]
struct Log {
    stream: Option<usize>,
    #[serde(default)]
    number: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) lags: Vec<Duration>,
    pub(super) again: u64,
    pub(super) lost: u64,
    pub(super) posts: u64,
    pub(super) beats: u64,
}

impl Intake {
    pub(super) fn new(begun: Instant, traffic: Traffic, streams: usize) -> Self {
        Self {
            begun,
            traffic,
            posted: AtomicU64::new(0),
            arrived: Mutex::new(Arrived {
                next: vec![0; streams],
                lags: Vec::new(),
                again: 0,
                missed: 0,
                beats: 0,
            }),
        }
    }

    /// How many events have yet to come, of all that there will be.
    pub(super) fn owed(&self) -> u64 {
        let arrived = self.arrived();
        let all = |stream| self.traffic.events(stream, self.traffic.time);
        let next = arrived.next.iter().enumerate();
        next.map(|(stream, next)| all(stream) - next).sum()
    }

    pub(super) fn taken(&self) -> Taken {
        let owed = self.owed();
        let arrived = self.arrived();
        Taken {
            lags: arrived.lags.clone(),
            again: arrived.again,
            lost: arrived.missed + owed,
            posts: self.posted.load(Ordering::Relaxed),
            beats: arrived.beats,
        }
    }

    fn take(&self, logs: &[Log]) {
        let now = self.begun.elapsed();
        let arrived = &mut *self.arrived();
        for Log { stream, number } in logs {
            let Some(stream) = *stream else {
                arrived.beats += 1;
                continue;
            };
            let next = &mut arrived.next[stream];
            if number < next {
                arrived.again += 1;
                continue;
            }
            arrived.missed += number - *next;
            *next = number + 1;
            let born = self.traffic.birth(stream, *number);
            // Those before are of the start.
            if born >= self.traffic.warm {
                arrived.lags.push(now.saturating_sub(born));
            }
        }
    }

    fn arrived(&self) -> MutexGuard<'_, Arrived> {
        self.arrived.lock().unwrap()
    }
}

impl Answer for Intake {
    async fn answer(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        self.posted.fetch_add(1, Ordering::Relaxed);
        let logs = unpack(&request).and_then(|body| serde_json::from_slice::<Vec<Log>>(&body).ok());
        let Some(logs) = logs else {
            return Some(answered(400, "{}"));
        };
        self.take(&logs);
        Some(answered(202, "{}"))
    }
}

fn unpack(request: &Request<Bytes>) -> Option<Vec<u8>> {
    let packed = &request.body()[..];
    match request.headers().get("content-encoding")?.to_str().ok()? {
        "zstd" => zstd::stream::decode_all(packed).ok(),
        _ => {
            let mut body = Vec::new();
            GzDecoder::new(packed).read_to_end(&mut body).ok()?;
            Some(body)
        }
    }
}
