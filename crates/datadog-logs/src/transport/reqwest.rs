use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use reqwest::redirect::Policy;
use tokio::time;

use super::{Transport, TransportError, TransportErrorKind};
use crate::BuildError;

/// So much of an answer is read; Datadog's are a few hundred bytes at most.
const LONGEST_ANSWER: usize = 64 * 1024;

/// So long is waited for an answer's body once its status is there.
const BODY_TIME: Duration = Duration::from_secs(5);

/// Shorter than any common server's keep-alive, so that a connection is not taken up just as the
/// server closes it.
const POOL_IDLE: Duration = Duration::from_secs(15);

const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// A [`Transport`] over reqwest.
///
/// The client makes one by itself: it follows no redirects, speaks `https` only unless the site is
/// on a loopback host, and keeps idle connections for 15 seconds. Answers are read up to 64 KiB.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

impl ReqwestTransport {
    /// Takes a client of one's own, with its proxies, certificates and time limits.
    ///
    /// It must be built with `redirect::Policy::none()`: by default reqwest follows redirects, and
    /// hands the key to whatever host they lead to.
    #[must_use]
    pub fn from_client(client: reqwest::Client) -> Self {
        Self { client }
    }

    /// `ca_certificates`, in PEM, are trusted besides the system's.
    pub(crate) fn build(
        connect_timeout: Duration,
        https_only: bool,
        ca_certificates: &[u8],
    ) -> Result<Self, BuildError> {
        // Not `Client::new()`, which panics where the system has no certificates.
        let mut client = reqwest::Client::builder()
            .redirect(Policy::none())
            .https_only(https_only)
            .connect_timeout(connect_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .tcp_keepalive(TCP_KEEPALIVE);
        if !https_only {
            // Plain HTTP is for this machine: a proxy would be shown the key.
            client = client.no_proxy();
        }
        if ca_certificates.is_empty() {
            let client = client.build();
            let client = client.map_err(|error| BuildError::Http(error.into()))?;
            return Ok(Self::from_client(client));
        }
        trusting(client, ca_certificates)
            .map(Self::from_client)
            .map_err(BuildError::CaCertificates)
    }
}

/// Without TLS there is nothing to trust.
#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn trusting(
    client: reqwest::ClientBuilder,
    _: &[u8],
) -> Result<reqwest::Client, Box<dyn Error + Send + Sync>> {
    Ok(client.build()?)
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn trusting(
    client: reqwest::ClientBuilder,
    pem: &[u8],
) -> Result<reqwest::Client, Box<dyn Error + Send + Sync>> {
    let certificates = reqwest::Certificate::from_pem_bundle(pem)?;
    if certificates.is_empty() {
        return Err("there is no certificate".into());
    }
    Ok(client.tls_certs_merge(certificates).build()?)
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let request = request.try_into().map_err(failure)?;
        let mut answer = self.client.execute(request).await.map_err(failure)?;
        let status = answer.status();
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        *response.headers_mut() = std::mem::take(answer.headers_mut());

        // The status says it all: a body that stalls must not keep it back.
        let body = time::timeout(BODY_TIME, read(&mut answer)).await;
        let body = body.unwrap_or_else(|elapsed| {
            Err(TransportError::new(TransportErrorKind::Timeout, elapsed))
        });
        *response.body_mut() = body.map_err(|error| error.with_status(status))?;
        Ok(response)
    }
}

async fn read(answer: &mut reqwest::Response) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(failure)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            let source = format!("more than {LONGEST_ANSWER} bytes");
            return Err(TransportError::new(TransportErrorKind::TooLarge, source));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn failure(error: reqwest::Error) -> TransportError {
    let kind = if error.is_connect() && is_about_certificate(&error) {
        TransportErrorKind::Certificate
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Network
    };
    // A proxy's URL may have credentials in it.
    TransportError::new(kind, error.without_url())
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
