use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use http::{HeaderMap, HeaderName, Method, Request, Response};

use crate::{
    AccessToken, Endpoint, Error, ErrorKind, EventSource, Feed, Introspection, Pacer, Page,
    Position, Retry, Transport,
};
use crate::{TransportError, TransportErrorKind};

mod answer;
mod builder;
mod pages;
mod policy;
mod rotation;

pub use builder::ClientBuilder;
pub use policy::RetryPolicy;
use rotation::{Reread, Rotation};

/// A client of one account's Events API.
///
/// Cheap to clone; clones share the connection pool, the token and the pacer.
///
/// ```no_run
/// use futures_util::TryStreamExt;
/// use onepassword_events::{Client, Reset, SignInAttempt};
///
/// # async fn list() -> Result<(), Box<dyn std::error::Error>> {
/// let token = std::env::var("OP_EVENTS_TOKEN")?;
/// let client = Client::builder(token.parse()?).build()?;
/// let since = Reset::new("2026-01-01T00:00:00Z".parse()?);
/// let mut attempts = std::pin::pin!(client.events::<SignInAttempt>(since.into()));
/// while let Some(attempt) = attempts.try_next().await? {
///     println!("{} {}", attempt.timestamp, attempt.category);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Arc<dyn Transport>,
    endpoint: Endpoint,
    token: Arc<Rotation>,
    pacer: Pacer,
    user_agent: HeaderValue,
    timeout: Duration,
    retries: RetryPolicy,
}

impl Client {
    /// The time that one attempt may take from its start to the answer's last byte, unless set
    /// otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
    /// The time that making a connection may take, unless set otherwise.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

    /// A client that reads with `token`, at the server which the token names.
    pub fn builder(token: AccessToken) -> ClientBuilder {
        ClientBuilder::new(token)
    }

    /// Where requests go.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// The token that requests are made with at present.
    #[must_use]
    pub fn token(&self) -> AccessToken {
        self.0.token.current()
    }

    /// The pacer that every attempt takes a permit from, to share with the account's other clients.
    #[must_use]
    pub fn pacer(&self) -> &Pacer {
        &self.0.pacer
    }

    /// The same client, but for its pacer: for requests of another urgency, as
    /// [`Pacer::reserving`] says. Token and connections are shared.
    #[must_use]
    pub fn with_pacer(&self, pacer: Pacer) -> Self {
        Self(Arc::new(Inner {
            transport: Arc::clone(&self.0.transport),
            endpoint: self.0.endpoint.clone(),
            token: Arc::clone(&self.0.token),
            pacer,
            user_agent: self.0.user_agent.clone(),
            timeout: self.0.timeout,
            retries: self.0.retries,
        }))
    }

    /// Has the token [read again](ClientBuilder::reread_token) before the next attempt, though nobody
    /// has refused it: for when it is known to have been exchanged. If it can't be read, the old one
    /// stays in use. Goes for clones and siblings, too.
    pub fn reread_token(&self) {
        self.0.token.ask_to_reread();
    }

    /// Asks the server what it knows of the token. It is a request like any other: a good way to
    /// find out whether the token is accepted and which account answers.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`]. Tries again by the client's [`RetryPolicy`].
    pub async fn introspect(&self) -> Result<Introspection, Error> {
        self.retrying(|| async {
            let answer = self
                .attempt(Method::GET, "api/v2/auth/introspect", Bytes::new())
                .await?;
            Ok(Introspection::decode(answer.body())?.given_at(server_time(&answer)))
        })
        .await
    }

    /// Reads one page, and tries again by the client's [`RetryPolicy`]; if the token was refused and
    /// can be [read again](ClientBuilder::reread_token), once at once.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`]: the last attempt's error.
    pub async fn fetch(&self, feed: Feed, position: &Position) -> Result<Page, Error> {
        self.retrying(|| self.page(feed, position)).await
    }

    async fn retrying<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut delays = self.0.retries.delays();
        let mut reread = self.0.token.can_be_reread();
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if error.kind() == ErrorKind::Unauthorized && std::mem::take(&mut reread) {
                continue;
            }
            let Some(delay) = delays.next() else {
                return Err(error);
            };
            let delay = match error.retry() {
                Retry::Never => return Err(error),
                Retry::Backoff => delay,
                Retry::After(wait) => wait.max(delay),
            };
            tracing::debug!(%error, ?delay, "trying again");
            tokio::time::sleep(delay).await;
        }
    }

    /// One request, one answer of status 200.
    async fn attempt(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Response<Bytes>, Error> {
        let Inner {
            transport,
            endpoint,
            token,
            pacer,
            user_agent,
            timeout,
            ..
        } = &*self.0;

        // The token only once it is this attempt's turn, which may take minutes: what was exchanged
        // meanwhile is good for nothing, or revoked.
        pacer.permit().await;
        let token_used = token.fresh(endpoint, *timeout).await;
        let has_body = !body.is_empty();
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = endpoint.join(path).parse().map_err(|error| {
            Error::new(ErrorKind::Config, "the Events API's url can't be used").with_source(error)
        })?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, bearer(&token_used)?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.insert(USER_AGENT, user_agent.clone());

        let host = endpoint.host();
        let answer = tokio::time::timeout(*timeout, transport.send(request))
            .await
            .map_err(|_| {
                Error::new(
                    ErrorKind::Timeout,
                    format!("{host} gave no whole answer within {timeout:?}"),
                )
            })?
            .map_err(|error| unanswered(error, host))?;

        let status = answer.status().as_u16();
        if status == 200 {
            token.accepted();
            return Ok(answer);
        }
        if matches!(status, 401 | 403) {
            token.refused(&token_used);
        }
        let retry_after = text(answer.headers(), RETRY_AFTER);
        // A date is the server's, so it is read against the server's clock.
        let now = server_time(&answer).unwrap_or_else(SystemTime::now);
        let retry = Retry::after_answer(status, retry_after, now);
        let said = answer::message(answer.body(), token_used.expose_secret());
        let error = answer::error(status, path, host, said.as_deref());
        Err(error.with_status(status).with_retry(retry))
    }
}

#[async_trait]
impl EventSource for Client {
    async fn page(&self, feed: Feed, position: &Position) -> Result<Page, Error> {
        let path = format!("api/v2/{feed}");
        let answer = self
            .attempt(Method::POST, &path, position.to_request_body().into())
            .await?;
        Ok(Page::decode(feed, answer.body())?.given_at(server_time(&answer)))
    }

    fn feeds(&self) -> Vec<Feed> {
        self.token().claims().feeds()
    }

    fn host(&self) -> &str {
        self.0.endpoint.host()
    }

    fn expires_at(&self) -> Option<SystemTime> {
        self.token().claims().expires_at()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.0.endpoint)
            .field("token", &self.0.token.current())
            .finish_non_exhaustive()
    }
}

fn bearer(token: &AccessToken) -> Result<HeaderValue, Error> {
    let mut value =
        HeaderValue::try_from(format!("Bearer {}", token.expose_secret())).map_err(|_| {
            Error::new(
                ErrorKind::Token,
                "the token holds characters that no token has: copy it again from 1Password",
            )
        })?;
    value.set_sensitive(true);
    Ok(value)
}

fn server_time(answer: &Response<Bytes>) -> Option<SystemTime> {
    let date = text(answer.headers(), DATE)?;
    httpdate::parse_http_date(date).ok()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn unanswered(error: TransportError, host: &str) -> Error {
    let (kind, text) = match error.kind() {
        TransportErrorKind::Timeout => (
            ErrorKind::Timeout,
            format!("{host} gave no whole answer in time"),
        ),
        TransportErrorKind::Connect => (
            ErrorKind::Connect,
            format!("no connection to {host}: check the name, the firewall and the proxy"),
        ),
        TransportErrorKind::Certificate => (
            ErrorKind::Certificate,
            format!(
                "no connection to {host}: its certificate is not trusted; if it is of a proxy or \
                 server of your own, trust its certificate authority"
            ),
        ),
        TransportErrorKind::Network => (
            ErrorKind::Network,
            format!("the connection to {host} broke before the answer was whole"),
        ),
        TransportErrorKind::TooLarge => (
            ErrorKind::BadPage,
            format!("the answer of {host} is too large to be read: ask for smaller pages"),
        ),
    };
    Error::new(kind, text).with_source(error.into_source())
}
