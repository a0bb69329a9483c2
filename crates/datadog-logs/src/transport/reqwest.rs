use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use reqwest::redirect::Policy;

use super::{Transport, TransportError, TransportErrorKind};

/// So much of an answer is read; Datadog's are a few hundred bytes at most.
const LONGEST_ANSWER: usize = 64 * 1024;

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

    pub(crate) fn build(connect_timeout: Duration, https_only: bool) -> reqwest::Result<Self> {
        // Not `Client::new()`, which panics where the system has no certificates.
        reqwest::Client::builder()
            .redirect(Policy::none())
            .https_only(https_only)
            .connect_timeout(connect_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .tcp_keepalive(TCP_KEEPALIVE)
            .build()
            .map(Self::from_client)
    }
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

        let mut body = BytesMut::new();
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| failure(error).with_status(status))?
        {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                let source = format!("more than {LONGEST_ANSWER} bytes");
                return Err(
                    TransportError::new(TransportErrorKind::TooLarge, source).with_status(status)
                );
            }
            body.extend_from_slice(&chunk);
        }
        *response.body_mut() = body.freeze();
        Ok(response)
    }
}

fn failure(error: reqwest::Error) -> TransportError {
    let kind = if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Network
    };
    // A proxy's URL may have credentials in it.
    TransportError::new(kind, error.without_url())
}
