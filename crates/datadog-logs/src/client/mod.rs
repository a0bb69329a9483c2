mod builder;
mod key;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use http::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderName, RETRY_AFTER, USER_AGENT,
};
use http::{HeaderValue, Method, Request, Response, Uri};
use serde::Deserialize;
use tokio::time::{self, Instant};

use self::key::Key;
use crate::{
    Answer, ApiKey, Batch, Delivery, Intake, LogEntry, LogSink, Receipt, Retry, SendError,
    SendErrorKind, Transport, TransportError, TransportErrorKind,
};

pub use self::builder::{BuildError, ClientBuilder};

const DD_API_KEY: HeaderName = HeaderName::from_static("dd-api-key");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The first delay of [`Client::submit`], which doubles from try to try. Up to as much again is
/// added at random, so that many clients don't come back all at once.
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// Where the doubling ends.
const LAST_DELAY: Duration = Duration::from_secs(60);

/// How long one attempt goes on: a log's date was judged when the log was made, and the intake drops
/// what is too old behind a 202.
const LONGEST_SEND: Duration = Duration::from_secs(600);

/// Sends logs to Datadog.
///
/// [`submit`](Self::submit) is for programs that want their logs delivered: it waits and tries
/// again. [`send`](LogSink::send) makes one attempt, for those that do their own waiting. Neither
/// buffers, spawns or drops anything: when it returns, one knows what became of every entry.
///
/// A client is meant to be kept: it keeps connections, and what it has learned about the intake's
/// compression.
pub struct Client {
    intake: Intake,
    transport: Arc<dyn Transport>,
    key: Key,
    post_to: Uri,
    validate_at: Uri,
    api_host: String,
    user_agent: HeaderValue,
    timeout: Duration,
    retry_for: Duration,
}

impl Client {
    /// A client that sends as `key`: to US1, gzip, until told otherwise.
    pub fn builder(key: ApiKey) -> ClientBuilder {
        ClientBuilder::new(key)
    }

    /// Sends `entries` in their order, and tries again as long as it makes sense.
    ///
    /// Delays double from one second to a minute, with jitter, and are never shorter than the
    /// server's `Retry-After`. Entries that were accepted are not sent again; after a connection
    /// that broke off mid-way an entry may arrive twice, since the intake can't recognise repeats.
    /// If the key was refused and can be [read again](ClientBuilder::reread_key), that is done
    /// once, at once.
    ///
    /// # Errors
    ///
    /// [`SendError`] once sending again makes no sense, or the next try would come later than the
    /// [time that may be spent](ClientBuilder::retry_for). It names what was accepted and refused
    /// in all tries.
    pub async fn submit(&self, entries: &[LogEntry]) -> Result<Receipt, SendError> {
        let started = Instant::now();
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(FIRST_DELAY)
            .with_max_delay(LAST_DELAY)
            .with_factor(2.0)
            .without_max_times()
            .with_jitter()
            .build();
        let mut reread = self.key.can_be_reread();
        let mut delivery = self.intake.deliver(entries);
        loop {
            let Err(error) = self.drive(&mut delivery, None).await else {
                return Ok(delivery.into_receipt());
            };
            if error.kind() == SendErrorKind::Unauthorized && std::mem::take(&mut reread) {
                continue;
            }
            let delay = match (error.retry(), delays.next()) {
                (Retry::Never, _) | (_, None) => return Err(error),
                (Retry::Backoff, Some(own)) => own,
                (Retry::After(asked), Some(own)) => own.max(asked),
            };
            if started.elapsed() + delay > self.retry_for {
                return Err(error);
            }
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                ?delay,
                "trying again"
            );
            time::sleep(delay).await;
        }
    }

    /// Asks Datadog's API whether the key is valid
    /// (<https://docs.datadoghq.com/api/latest/authentication/>), and gives the time on that server's
    /// clock, to the second, if it tells.
    ///
    /// That API is on another host than the intake: a success doesn't show that the intake can be
    /// [reached](Self::reach).
    ///
    /// # Errors
    ///
    /// [`SendError`] of kind [`Unauthorized`](SendErrorKind::Unauthorized) if it is not, else as
    /// for a single attempt to send.
    pub async fn validate(&self) -> Result<Option<SystemTime>, SendError> {
        #[derive(Deserialize)]
        struct Validity {
            valid: bool,
        }

        let failed = |kind| SendError::new(kind).with_host(&self.api_host);
        self.key.refresh(self.timeout).await;
        let key = self.key.header();
        let request = self.request(Method::GET, &self.validate_at, Bytes::new());
        let response = self
            .exchange(signed(request, &key))
            .await
            .map_err(|error| failed(error.kind().into()).with_source(error))?;
        let answer = answer(&response);
        let kind = match (answer.status, serde_json::from_slice(response.body())) {
            (200, Ok(Validity { valid: true })) => {
                self.key.accepted();
                return Ok(answer.server_time());
            }
            (200, Ok(Validity { valid: false })) => SendErrorKind::Unauthorized,
            (status, _) => SendErrorKind::of_status(status),
        };
        if kind == SendErrorKind::Unauthorized {
            self.key.refused(&key);
        }
        let retry = Retry::after_answer(answer.status, answer.retry_after, answer.server_time());
        let error = failed(kind).with_status(answer.status).with_retry(retry);
        Err(match answer.server_time() {
            Some(time) => error.with_server_time(time),
            None => error,
        })
    }

    /// Finds out whether the intake can be reached, without a log and without the key, and gives the
    /// time on its clock, to the second, if it tells. Any answer will do, a refusal as well: whether the
    /// key is good is what [`validate`](Self::validate) finds out.
    ///
    /// # Errors
    ///
    /// [`SendError`] if there is no answer: no connection, no trust, or none in time.
    pub async fn reach(&self) -> Result<Option<SystemTime>, SendError> {
        let request = self.request(Method::GET, &self.post_to, Bytes::new());
        let response = self.exchange(request).await.map_err(|error| {
            SendError::new(error.kind().into())
                .with_host(self.intake.host())
                .with_source(error)
        })?;
        Ok(answer(&response).server_time())
    }

    /// Has the key [read again](ClientBuilder::reread_key) before the next attempt, though nobody has
    /// refused it: for when it is known to have been exchanged. If it can't be read, the old one stays
    /// in use.
    pub fn reread_key(&self) {
        self.key.ask_to_reread();
    }

    async fn drive(
        &self,
        delivery: &mut Delivery<'_>,
        until: Option<Instant>,
    ) -> Result<(), SendError> {
        self.key.refresh(self.timeout).await;
        while let Some(batch) = delivery.next_batch()? {
            if until.is_some_and(|until| Instant::now() >= until) {
                let age = "what is left has waited for too long to be sent as it is";
                return Err(delivery.failed(SendErrorKind::Timeout, age));
            }
            let key = self.key.header();
            let answered = match self.exchange(self.post(&batch, &key)).await {
                Ok(response) => delivery.answered(&answer(&response)),
                Err(error) => Err(delivery.failed(error.kind().into(), error)),
            };
            if let Err(error) = answered {
                if error.kind() == SendErrorKind::Unauthorized {
                    self.key.refused(&key);
                }
                return Err(error);
            }
            self.key.accepted();
        }
        Ok(())
    }

    fn post(&self, batch: &Batch, key: &HeaderValue) -> Request<Bytes> {
        let request = self.request(Method::POST, &self.post_to, batch.body.clone());
        let mut request = signed(request, key);
        request.headers_mut().insert(CONTENT_TYPE, JSON);
        if let Some(encoding) = batch.compression.content_encoding() {
            request
                .headers_mut()
                .insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        request
    }

    fn request(&self, method: Method, uri: &Uri, body: Bytes) -> Request<Bytes> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers.insert(ACCEPT, JSON);
        request
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let error = match time::timeout(self.timeout, self.transport.send(request)).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => error,
            Err(elapsed) => TransportError::new(TransportErrorKind::Timeout, elapsed),
        };
        // A status counts, whatever befell the rest of the answer.
        let status = error.status().ok_or(error)?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        Ok(response)
    }
}

#[async_trait]
impl LogSink for Client {
    /// Takes no more than about ten minutes, however many requests it needs: an error then names what
    /// was accepted, and the rest can be made anew, with what is true by then of its age.
    async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, SendError> {
        let mut delivery = self.intake.deliver(entries);
        let until = Instant::now() + LONGEST_SEND;
        self.drive(&mut delivery, Some(until)).await?;
        Ok(delivery.into_receipt())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("intake", &self.intake)
            .field("timeout", &self.timeout)
            .field("retry_for", &self.retry_for)
            .finish_non_exhaustive()
    }
}

fn signed(mut request: Request<Bytes>, key: &HeaderValue) -> Request<Bytes> {
    request.headers_mut().insert(DD_API_KEY, key.clone());
    request
}

fn answer(response: &Response<Bytes>) -> Answer<'_> {
    let header = |name| response.headers().get(name)?.to_str().ok();
    Answer::new(response.status().as_u16())
        .with_retry_after(header(RETRY_AFTER))
        .with_date(header(DATE))
}
