use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use onepassword_events::{Timestamp, Transport, TransportError, TransportErrorKind};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::{date, wall};

/// A stream has one event more every so often.
const EVENT_EVERY: Duration = Duration::from_secs(5);

/// How many it has when the soak begins: some pages, to begin with a drain.
const BACKLOG: u64 = 2500;

/// The Events API of all accounts, whose cursors are numbers and whose events are made when they are
/// asked for.
pub(super) struct Events {
    begun: Instant,
    asked: AtomicU64,
    failed: AtomicU64,
}

/// That of one account.
pub(super) struct OfAccount {
    events: Arc<Events>,
    account: usize,
}

#[derive(Deserialize)]
struct Asked {
    cursor: Option<String>,
}

impl Events {
    pub(super) fn new(begun: Instant) -> Self {
        Self {
            begun,
            asked: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    pub(super) fn of(self: &Arc<Self>, account: usize) -> OfAccount {
        OfAccount {
            events: self.clone(),
            account,
        }
    }

    /// How many requests came, and how many of them were failed on purpose.
    pub(super) fn requests(&self) -> (u64, u64) {
        (
            self.asked.load(Ordering::Relaxed),
            self.failed.load(Ordering::Relaxed),
        )
    }

    fn page(&self, account: usize, feed: &str, from: u64) -> String {
        let now = self.begun.elapsed();
        let all = BACKLOG + now.as_secs() / EVENT_EVERY.as_secs();
        let to = all.min(from + 1000);
        let timestamp = Timestamp::from(wall(self.begun));
        let mut items = String::new();
        for number in from..to {
            let comma = if number == from { "" } else { "," };
            let _ = write!(
                items,
                r#"{comma}{{"uuid":"{account}-{feed}-{number}","number":{number},"timestamp":"{timestamp}","action":"reveal","user":{{"uuid":"U","name":"Somebody","email":"somebody@example.com"}},"client":{{"ip_address":"192.0.2.1"}}}}"#,
            );
        }
        let more = to < all;
        format!(r#"{{"cursor":"{to}","has_more":{more},"items":[{items}]}}"#)
    }
}

#[async_trait]
impl Transport for OfAccount {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let events = &self.events;
        let number = events.asked.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(40)).await;
        let failed = || events.failed.fetch_add(1, Ordering::Relaxed);
        let answer = Response::builder().header("date", date(events.begun));
        let answer = match number % 1009 {
            7 => {
                failed();
                answer.status(500).body(Bytes::new())
            }
            107 => {
                failed();
                answer
                    .status(429)
                    .header("retry-after", "3")
                    .body(Bytes::new())
            }
            307 => {
                failed();
                let cut = TransportError::new(TransportErrorKind::Network, "cut off");
                return Err(cut);
            }
            507 => {
                failed();
                answer.body("<html>a portal</html>".into())
            }
            _ => {
                let asked: Asked = serde_json::from_slice(request.body()).unwrap();
                let from = asked.cursor.map_or(0, |cursor| cursor.parse().unwrap());
                let feed = request.uri().path().rsplit('/').next().unwrap_or_default();
                answer.body(events.page(self.account, feed, from).into())
            }
        };
        Ok(answer.unwrap())
    }
}
