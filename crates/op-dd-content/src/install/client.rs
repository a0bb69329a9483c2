use std::error::Error;
use std::fmt;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Method, Request, StatusCode};
use serde_json::Value;
use thiserror::Error;
use tokio::time;
use url::{Host, Url};

use super::transport::{self, Answer, Cause, Settings};
use super::{ApiError, ApiErrorKind, Keys, Permission, reasons};

const NAME: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The first wait, which doubles from try to try. Up to as much again is added at random.
const FIRST_DELAY: Duration = Duration::from_millis(250);

/// How many times a call is tried again.
const AGAIN: usize = 4;

/// A server that wants to be left alone for longer is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Speaks to Datadog's management API.
pub struct Client {
    http: reqwest::Client,
    url: Url,
    host: String,
    keys: Keys,
    headers: HeaderMap,
}

/// Makes a [`Client`]; from [`Client::builder`].
#[must_use]
pub struct ClientBuilder {
    keys: Keys,
    url: Url,
    user_agent: String,
    settings: Settings,
    http: Option<reqwest::Client>,
}

/// Why there is no client.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Whoever stands between would see the keys.
    #[error("the API's address must begin with https:// (plain http is for loopback hosts only)")]
    Insecure,
    /// The features `rustls` and `rustls-no-provider` are off.
    #[error(
        "https needs the feature `rustls` or `rustls-no-provider`, or an HTTP client of your own"
    )]
    NoTls,
    /// The HTTP client can't be set up.
    #[error("cannot set up the HTTP client")]
    Http(#[source] Box<dyn Error + Send + Sync>),
    /// What is to be the proxy is no address. It isn't shown: it may have a password in it.
    #[error("the proxy's address is none: write a URL, such as http://proxy.example:3128")]
    Proxy,
    /// What is to be trusted is no certificate.
    #[error("the CA certificates cannot be used: they must be in PEM, -----BEGIN CERTIFICATE-----")]
    CaCertificates(#[source] Box<dyn Error + Send + Sync>),
    /// What is named can't be sent as a header.
    #[error("the {0} cannot stand in an HTTP header")]
    Header(&'static str),
}

/// One call.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// With its query.
    pub(super) path: &'a str,
    pub(super) body: Option<&'a Value>,
    pub(super) permission: Permission,
    /// Whether doing it twice comes to the same as doing it once.
    pub(super) repeatable: bool,
}

impl Client {
    /// A client of the API at `url`, such as `https://api.datadoghq.eu`.
    pub fn builder(url: Url, keys: Keys) -> ClientBuilder {
        ClientBuilder {
            keys,
            url,
            user_agent: NAME.to_owned(),
            settings: Settings::default(),
            http: None,
        }
    }

    /// Makes a call, again if that can help and can't harm, and gives what came of it: `null`, if it is
    /// nothing.
    pub(super) async fn call(&self, call: &Call<'_>) -> Result<Value, ApiError> {
        let mut delays = delays();
        loop {
            let error = match self.attempt(call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let may_repeat = call.repeatable || !error.may_have_been_done();
            if !may_repeat || !self.waited(&error, &mut delays).await {
                return Err(error);
            }
        }
    }

    /// Waits for what may pass, unless it has been waited for long enough.
    pub(super) async fn waited(
        &self,
        error: &ApiError,
        delays: &mut impl Iterator<Item = Duration>,
    ) -> bool {
        if !error.may_pass() {
            return false;
        }
        let Some(own) = delays.next() else {
            return false;
        };
        let delay = own.max(error.wait().unwrap_or_default());
        if delay > LONGEST_WAIT {
            return false;
        }
        if delay > Duration::from_secs(2) {
            tracing::info!("{error}; going on in {} s", delay.as_secs());
        } else {
            tracing::debug!("{error}; going on in {delay:?}");
        }
        time::sleep(delay).await;
        true
    }

    /// The host, with its port if it isn't the scheme's own.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<Value, ApiError> {
        let answer = self.exchange(call).await?;
        let failed = |kind| self.failed(kind, call).with_status(answer.status.as_u16());
        match answer.status {
            status if status.is_success() && answer.body.is_empty() => Ok(Value::Null),
            status if status.is_success() => serde_json::from_slice(&answer.body)
                .map_err(|error| failed(ApiErrorKind::Unexpected).with_source(error)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let kind = self.whose_fault(call).await;
                Err(failed(kind))
            }
            StatusCode::TOO_MANY_REQUESTS => {
                Err(failed(ApiErrorKind::RateLimited).with_wait(answer.wait))
            }
            StatusCode::REQUEST_TIMEOUT => Err(failed(ApiErrorKind::Timeout)),
            status if status.is_server_error() => {
                Err(failed(ApiErrorKind::Server).with_wait(answer.wait))
            }
            status if status.is_client_error() => {
                let reasons = reasons::read(&answer.body, &self.keys);
                // Whatever the words: what was sent is refused. What only asks, something else may answer.
                let reasons = reasons.or_else(|| {
                    (call.method != Method::GET).then(|| reasons::unknown(&answer.body, &self.keys))
                });
                Err(failed(
                    reasons.map_or(ApiErrorKind::Unexpected, ApiErrorKind::Refused),
                ))
            }
            _ => Err(failed(ApiErrorKind::Unexpected)),
        }
    }

    /// A refusal looks the same whichever key it is for, so the API key is tried alone.
    async fn whose_fault(&self, call: &Call<'_>) -> ApiErrorKind {
        let validate = Call {
            method: Method::GET,
            path: "api/v1/validate",
            body: None,
            permission: call.permission,
            repeatable: true,
        };
        match self.exchange(&validate).await {
            Ok(answer) if answer.status.is_success() => ApiErrorKind::Permission(call.permission),
            _ => ApiErrorKind::Key,
        }
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Answer, ApiError> {
        let failed = |kind, cause: Cause| self.failed(kind, call).with_source(cause);
        let url = format!("{}{}", self.url, call.path);
        let url =
            Url::parse(&url).map_err(|error| failed(ApiErrorKind::Unexpected, error.into()))?;
        let mut request = Request::new(call.method.clone(), url);
        *request.headers_mut() = self.headers.clone();
        if let Some(body) = call.body {
            *request.body_mut() = Some(body.to_string().into());
        }
        let answer = transport::send(&self.http, request).await;
        answer.map_err(|(kind, cause)| failed(kind, cause))
    }

    fn failed(&self, kind: ApiErrorKind, call: &Call<'_>) -> ApiError {
        let path = call.path.split('?').next().unwrap_or_default();
        ApiError::new(kind, format!("{} {path}", call.method), &self.host)
    }
}

/// How long to wait from try to try.
pub(super) fn delays() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(FIRST_DELAY)
        .with_factor(2.0)
        .with_max_times(AGAIN)
        .with_jitter()
        .build()
}

impl ClientBuilder {
    /// Sets the `User-Agent`. Default: name and version of this crate.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sets how long one request may take as a whole, from the name look-up to the end of the answer, for the
    /// HTTP client that is made here. Default: 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// Sets how long making a connection may take, the proxy's part included, for the HTTP client that is made
    /// here. Default: 10 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// Adds certificate authorities to trust besides the system's, in PEM, for the HTTP client that is made
    /// here.
    pub fn ca_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        let trusted = &mut self.settings.ca_certificates;
        trusted.extend_from_slice(pem.as_ref());
        trusted.push(b'\n');
        self
    }

    /// Sets the HTTP proxy to make connections through, such as `http://proxy.example:3128`, for the HTTP
    /// client that is made here; a user name and password may stand before the host, percent-encoded. Default:
    /// the proxies that the environment names in `HTTPS_PROXY` and `NO_PROXY`. A server by plain `http`, which
    /// is on a loopback host, is spoken to without any.
    pub fn proxy(mut self, url: impl AsRef<str>) -> Self {
        self.settings.proxy = Some(url.as_ref().to_owned());
        self
    }

    /// Sends through an HTTP client of one's own, with its proxies, certificates and time limits.
    ///
    /// It must be built with `redirect::Policy::none()`: by default reqwest follows redirects, and hands the
    /// keys to whatever host they lead to.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http = Some(client);
        self
    }

    /// Makes the client. It sends nothing yet.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the keys would be seen on the way, if the proxy's address or the CA certificates are
    /// none, or if the HTTP client can't be set up.
    ///
    /// # Panics
    ///
    /// With the feature `rustls-no-provider` and without `rustls`, reqwest panics if the program has not
    /// installed a TLS provider before.
    pub fn build(self) -> Result<Client, BuildError> {
        let mut url = self.url;
        let https = url.scheme() == "https";
        if !(https || url.scheme() == "http" && is_loopback(&url)) {
            return Err(BuildError::Insecure);
        }
        url.set_query(None);
        url.set_fragment(None);
        url.set_path(&format!("{}/", url.path().trim_end_matches('/')));
        let http = match self.http {
            Some(client) => client,
            None if https && !cfg!(any(feature = "rustls", feature = "rustls-no-provider")) => {
                return Err(BuildError::NoTls);
            }
            None => transport::client(https, &self.settings)?,
        };
        let user_agent = HeaderValue::try_from(self.user_agent);
        let json = HeaderValue::from_static("application/json");
        let headers = [
            (ACCEPT, json.clone()),
            (CONTENT_TYPE, json),
            (
                USER_AGENT,
                user_agent.map_err(|_| BuildError::Header("user agent"))?,
            ),
            (
                HeaderName::from_static("dd-api-key"),
                self.keys
                    .api
                    .header()
                    .map_err(|_| BuildError::Header("API key"))?,
            ),
            (
                HeaderName::from_static("dd-application-key"),
                self.keys
                    .application
                    .header()
                    .map_err(|_| BuildError::Header("application key"))?,
            ),
        ];
        Ok(Client {
            http,
            host: host_of(&url),
            url,
            keys: self.keys,
            headers: headers.into_iter().collect(),
        })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").finish_non_exhaustive()
    }
}
