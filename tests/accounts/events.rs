use std::collections::HashMap;
use std::fmt::Write as _;
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use op_dd_fakes::Feed;
use serde::Deserialize;

use super::server::{Answer, answered};
use super::{Broken, Traffic};

/// The Events API of all accounts on one address, as 1Password's is. Cursors are numbers, and an event is
/// made when somebody asks for it: when it came into being is known all the same.
pub(super) struct Events {
    begun: Instant,
    traffic: Traffic,
    /// The number of the account that each token is of.
    accounts: HashMap<String, usize>,
    asked: AtomicU64,
}

#[derive(Deserialize)]
struct Asked {
    cursor: Option<String>,
}

impl Events {
    pub(super) fn new(begun: Instant, traffic: Traffic, tokens: &[String]) -> Self {
        let bearer = |(number, token): (_, &String)| (format!("Bearer {token}"), number);
        Self {
            begun,
            traffic,
            accounts: tokens.iter().enumerate().map(bearer).collect(),
            asked: AtomicU64::new(0),
        }
    }

    /// How many requests came.
    pub(super) fn requests(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    fn page(&self, stream: usize, from: u64) -> String {
        let to = self.traffic.events(stream, self.begun.elapsed());
        let mut items = String::new();
        for number in from..to {
            let born = self.traffic.birth(stream, number);
            let ago = self.begun.elapsed().saturating_sub(born);
            let timestamp = Timestamp::try_from(SystemTime::now() - ago).unwrap_or_default();
            let comma = if number == from { "" } else { "," };
            let _ = write!(
                items,
                r#"{comma}{{"uuid":"{stream}-{number}","timestamp":"{timestamp}","stream":{stream},"number":{number},"action":"reveal","client":{{"ip_address":"192.0.2.1"}}}}"#,
            );
        }
        format!(r#"{{"cursor":"{to}","has_more":false,"items":[{items}]}}"#)
    }
}

impl Answer for Events {
    async fn answer(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let path = request.uri().path();
        let place = path.trim_start_matches('/').split('/').next();
        let broken = Broken::ALL
            .into_iter()
            .find(|broken| place == Some(&*broken.name()));
        if let Some(broken) = broken {
            return spoilt(broken).await;
        }
        let feed = Feed::ALL
            .iter()
            .position(|feed| path.ends_with(feed.name()));
        let bearer = request.headers().get("authorization");
        let account = bearer.and_then(|bearer| self.accounts.get(bearer.to_str().ok()?));
        let (Some(feed), Some(account)) = (feed, account) else {
            return Some(answered(401, "{}"));
        };
        let asked = serde_json::from_slice(request.body());
        let from = match asked {
            Ok(Asked { cursor: None }) => Some(0),
            Ok(Asked { cursor: Some(at) }) => at.parse().ok(),
            Err(_) => None,
        };
        let Some(from) = from else {
            return Some(answered(400, "{}"));
        };
        let stream = account * Feed::ALL.len() + feed;
        Some(answered(200, self.page(stream, from)))
    }
}

/// What becomes of a request of a broken account.
async fn spoilt(broken: Broken) -> Option<Response<Bytes>> {
    let mut answer = match broken {
        Broken::Silent => pending().await,
        Broken::Cut => return None,
        Broken::Revoked | Broken::Expired => answered(401, "{}"),
        Broken::Forbidden => answered(403, "{}"),
        Broken::Redirected => answered(302, ""),
        Broken::Limited => answered(429, "{}"),
        Broken::Garbage => answered(200, "<html>a portal</html>"),
        Broken::NoCursor => answered(200, r#"{"has_more":false,"items":[{"uuid":"A"}]}"#),
        _ => answered(500, "{}"),
    };
    let (name, value) = match broken {
        Broken::Redirected => ("location", "/elsewhere"),
        Broken::Limited => ("retry-after", "3"),
        _ => return Some(answer),
    };
    answer
        .headers_mut()
        .insert(name, http::HeaderValue::from_static(value));
    Some(answer)
}

impl Traffic {
    /// When an event of a stream comes into being. Those of the streams are spread evenly.
    pub(super) fn birth(&self, stream: usize, number: u64) -> Duration {
        // Multiples of the golden ratio are spread evenly however many there are.
        let phase = (stream as f64 * 0.618_033_988_749_895).fract();
        self.every.mul_f64(phase + number as f64)
    }

    /// How many events a stream has by then.
    pub(super) fn events(&self, stream: usize, at: Duration) -> u64 {
        let at = at.min(self.time);
        let born = |number: &u64| self.birth(stream, *number) <= at;
        (0..).take_while(born).count() as u64
    }
}
