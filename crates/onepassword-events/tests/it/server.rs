//! A server in memory: a closure answers, and every request is kept with its time.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use onepassword_events::{AccessToken, Client, ClientBuilder, Position, Reset, Transport};
use onepassword_events::{TransportError, TransportErrorKind};
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) type Answer = Result<Response<Bytes>, TransportError>;
type Judge = dyn FnMut(&Request<Bytes>) -> Answer + Send;

pub(crate) struct Server {
    judge: Mutex<Box<Judge>>,
    seen: Mutex<Vec<(Instant, Request<Bytes>)>>,
}

impl Server {
    pub(crate) fn new(judge: impl FnMut(&Request<Bytes>) -> Answer + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            judge: Mutex::new(Box::new(judge)),
            seen: Mutex::default(),
        })
    }

    /// Gives these answers one after the other, then empty last pages.
    pub(crate) fn script(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let mut answers = answers.into_iter().collect::<Vec<_>>().into_iter();
        Self::new(move |_| answers.next().unwrap_or_else(|| page("end", false, &[])))
    }

    /// A client that speaks to this server, with the token `first`.
    pub(crate) fn client(self: &Arc<Self>) -> ClientBuilder {
        Client::builder(token("first")).transport(self.clone())
    }

    pub(crate) fn requests(&self) -> Vec<Request<Bytes>> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(_, request)| request.clone()).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// The cursor that each request asked for; none in a reset.
    pub(crate) fn cursors(&self) -> Vec<Option<String>> {
        let body =
            |request: &Request<Bytes>| -> Value { serde_json::from_slice(request.body()).unwrap() };
        let cursor = |request| Some(body(request)["cursor"].as_str()?.to_owned());
        self.requests().iter().map(cursor).collect()
    }

    /// The token that came with each request, by the name that [`token`] gave it.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let token = |request: &Request<Bytes>| {
            let header = request.headers()["authorization"].to_str().unwrap();
            let token = header.strip_prefix("Bearer ").unwrap();
            token.rsplit_once("SIGNATURE-").unwrap().1.to_owned()
        };
        self.requests().iter().map(token).collect()
    }

    /// The seconds from the first request to each.
    pub(crate) fn seconds(&self) -> Vec<f64> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .map(|(at, _)| (*at - seen[0].0).as_secs_f64())
            .collect()
    }
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        let answer = (self.judge.lock().unwrap())(&request);
        self.seen.lock().unwrap().push((Instant::now(), request));
        answer
    }
}

/// A server that takes requests and never answers.
pub(crate) struct Silent;

#[async_trait]
impl Transport for Silent {
    async fn send(&self, _: Request<Bytes>) -> Answer {
        std::future::pending().await
    }
}

/// A token for 1password.com's server whose signature has this name.
pub(crate) fn token(name: &str) -> AccessToken {
    token_for(&json!(["events.1password.com"]), name)
}

pub(crate) fn token_for(audience: &Value, name: &str) -> AccessToken {
    let claims = json!({ "aud": audience, "1password.com/fts": ["auditevents", "itemusages"] });
    token_with(&claims, name)
}

pub(crate) fn token_with(claims: &Value, name: &str) -> AccessToken {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","kid":"a-key","typ":"JWT"}"#);
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    AccessToken::new(format!("{header}.{claims}.SIGNATURE-{name}")).unwrap()
}

pub(crate) fn page(cursor: &str, has_more: bool, items: &[Value]) -> Answer {
    let page = json!({ "cursor": cursor, "has_more": has_more, "items": items });
    said(200, page.to_string())
}

pub(crate) fn status(status: u16) -> Answer {
    said(status, "")
}

pub(crate) fn said(status: u16, body: impl Into<Bytes>) -> Answer {
    let answer = Response::builder().status(status);
    Ok(answer.body(body.into()).unwrap())
}

pub(crate) fn with_header(answer: Answer, name: &'static str, value: &str) -> Answer {
    let mut answer = answer?;
    answer.headers_mut().insert(name, value.parse().unwrap());
    Ok(answer)
}

pub(crate) fn broken(kind: TransportErrorKind) -> Answer {
    Err(TransportError::new(kind, "a cause of this test"))
}

/// A place to begin.
pub(crate) fn start() -> Position {
    Reset::new("2026-01-01T00:00:00Z".parse().unwrap()).into()
}
