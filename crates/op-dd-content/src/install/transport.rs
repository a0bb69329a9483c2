//! HTTP over reqwest: one request, one answer that is read to a bound.

use std::error::Error;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Proxy, Request, Response, StatusCode};
use url::Url;

use super::{ApiErrorKind, BuildError};

/// So much of an answer is read. A page of a hundred rules is about a megabyte, and all the pipelines of an
/// organisation come at once.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;

/// Shorter than any common server's keep-alive.
const POOL_IDLE: Duration = Duration::from_secs(15);

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) wait: Option<Duration>,
    pub(super) body: Vec<u8>,
}

pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// How the HTTP client is made, unless it is one of the caller's own.
pub(super) struct Settings {
    pub(super) proxy: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
    pub(super) ca_certificates: Vec<u8>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            ca_certificates: Vec::new(),
        }
    }
}

/// A client that hands the keys to nobody but the host that it asks.
pub(super) fn client(https_only: bool, settings: &Settings) -> Result<Client, BuildError> {
    // Not `Client::new()`, which panics where the system has no certificates.
    let mut client = Client::builder()
        .redirect(Policy::none())
        .https_only(https_only)
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.timeout)
        .pool_idle_timeout(POOL_IDLE);
    if let Some(url) = &settings.proxy {
        client = client.proxy(proxy(url)?);
    }
    if !https_only {
        // Plain HTTP is for this machine: a proxy would be shown the keys.
        client = client.no_proxy();
    }
    if !settings.ca_certificates.is_empty() {
        client = trusting(client, &settings.ca_certificates).map_err(BuildError::CaCertificates)?;
    }
    client
        .build()
        .map_err(|error| BuildError::Http(error.without_url().into()))
}

/// For what is spoken to by https.
fn proxy(url: &str) -> Result<Proxy, BuildError> {
    let is_http = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let url = Url::parse(url).ok().filter(is_http);
    url.and_then(|url| Proxy::https(url).ok())
        .ok_or(BuildError::Proxy)
}

/// Without TLS there is nothing to trust.
#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn trusting(client: ClientBuilder, _: &[u8]) -> Result<ClientBuilder, Cause> {
    Ok(client)
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn trusting(client: ClientBuilder, pem: &[u8]) -> Result<ClientBuilder, Cause> {
    let certificates = reqwest::Certificate::from_pem_bundle(pem)?;
    if certificates.is_empty() {
        return Err("there is no certificate".into());
    }
    Ok(client.tls_certs_merge(certificates))
}

/// Makes one request, once.
pub(super) async fn send(
    client: &Client,
    request: Request,
) -> Result<Answer, (ApiErrorKind, Cause)> {
    let mut response = client.execute(request).await.map_err(failure)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            let cause = format!("the answer is longer than {LONGEST_ANSWER} bytes");
            return Err((ApiErrorKind::Unexpected, cause.into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status: response.status(),
        wait: wait(&response),
        body,
    })
}

/// How long the server wants to be left alone: seconds, in a header of Datadog's or in the common one.
fn wait(response: &Response) -> Option<Duration> {
    let seconds = |name| {
        let header = response.headers().get(name)?;
        header.to_str().ok()?.trim().parse().ok()
    };
    ["x-ratelimit-reset", "retry-after"]
        .into_iter()
        .filter_map(seconds)
        .max()
        .map(Duration::from_secs)
}

fn failure(error: reqwest::Error) -> (ApiErrorKind, Cause) {
    let kind = if error.is_connect() && is_about_certificate(&error) {
        ApiErrorKind::Certificate
    } else if error.is_connect() {
        ApiErrorKind::Connect
    } else if error.is_timeout() {
        ApiErrorKind::Timeout
    } else {
        ApiErrorKind::Network
    };
    // A proxy's URL may have credentials in it.
    (kind, error.without_url().into())
}

/// Each TLS library has an error of its own for it, and each names the certificate.
fn is_about_certificate(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.to_string().contains("certificate") {
            return true;
        }
        cause = error.source();
    }
    false
}
