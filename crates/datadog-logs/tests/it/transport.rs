//! A transport in memory: a closure answers, and every request is kept.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use datadog_logs::{
    ApiKey, Client, ClientBuilder, Compression, Transport, TransportError, TransportErrorKind,
};
use http::{Request, Response};
use tokio::time::Instant;

use crate::numbers;

type Answer = Result<Response<Bytes>, TransportError>;
type Judge = dyn FnMut(&Request<Bytes>) -> Answer + Send;

pub(crate) struct FakeIntake {
    judge: Mutex<Box<Judge>>,
    seen: Mutex<Vec<(Instant, Request<Bytes>)>>,
}

impl FakeIntake {
    pub(crate) fn new(judge: impl FnMut(&Request<Bytes>) -> Answer + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            judge: Mutex::new(Box::new(judge)),
            seen: Mutex::default(),
        })
    }

    /// Gives these answers one after the other, then 202.
    pub(crate) fn script(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let mut answers = answers.into_iter().collect::<Vec<_>>().into_iter();
        Self::new(move |_| answers.next().unwrap_or_else(|| status(202)))
    }

    pub(crate) fn requests(&self) -> Vec<Request<Bytes>> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(_, request)| request.clone()).collect()
    }

    /// The numbers of the entries in each request.
    pub(crate) fn numbers(&self) -> Vec<Vec<usize>> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .map(|(_, request)| numbers(request.body()))
            .collect()
    }

    /// The key that came with each request.
    pub(crate) fn keys(&self) -> Vec<String> {
        let key =
            |request: &Request<Bytes>| request.headers()["dd-api-key"].to_str().unwrap().into();
        self.requests().iter().map(key).collect()
    }

    /// The seconds from the first request to each.
    pub(crate) fn seconds(&self) -> Vec<f64> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .map(|(at, _)| (*at - seen[0].0).as_secs_f64())
            .collect()
    }

    /// A client, uncompressed, that speaks to this intake.
    pub(crate) fn client(self: &Arc<Self>) -> ClientBuilder {
        Client::builder(ApiKey::new("key-1").unwrap())
            .compression(Compression::None)
            .transport(self.clone())
    }
}

#[async_trait]
impl Transport for FakeIntake {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        let answer = (self.judge.lock().unwrap())(&request);
        self.seen.lock().unwrap().push((Instant::now(), request));
        answer
    }
}

pub(crate) fn status(status: u16) -> Answer {
    Ok(Response::builder()
        .status(status)
        .body(Bytes::from_static(b"{}"))
        .unwrap())
}

pub(crate) fn with_header(status: u16, name: &'static str, value: &'static str) -> Answer {
    let mut response = self::status(status)?;
    response.headers_mut().insert(name, value.parse().unwrap());
    Ok(response)
}

pub(crate) fn broken(kind: TransportErrorKind) -> Answer {
    Err(TransportError::new(kind, "in this test"))
}
