use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use reqwest::redirect::Policy;

use super::{Transport, TransportError, TransportErrorKind};
use crate::{Error, ErrorKind};

/// A [`Transport`] over `reqwest`.
#[derive(Clone, Debug)]
pub struct ReqwestTransport(reqwest::Client);

impl ReqwestTransport {
    /// The largest body that is read: 64 MiB, a hundred times a full page of ordinary events.
    pub const BODY_LIMIT: usize = 64 * 1024 * 1024;

    /// A transport with settings that fit a poller: no redirects, connections given up before the
    /// usual load balancers close them, `connect_timeout` for making one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if TLS can't be set up, as where the system has no certificates.
    pub fn new(connect_timeout: Duration) -> Result<Self, Error> {
        reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(connect_timeout)
            .pool_idle_timeout(Duration::from_secs(15))
            .tcp_keepalive(Duration::from_secs(30))
            .build()
            .map(Self)
            .map_err(|error| {
                Error::new(
                    ErrorKind::Config,
                    "HTTPS can't be set up: install the system's CA certificates \
                     (package ca-certificates), or name a file of them in SSL_CERT_FILE",
                )
                .with_source(error.without_url())
            })
    }
}

impl From<reqwest::Client> for ReqwestTransport {
    /// Takes a client of your own, with its proxies, certificates and timeouts. It must not follow
    /// redirects: they would take the token along to another server.
    fn from(client: reqwest::Client) -> Self {
        Self(client)
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(from_reqwest)?;
        let mut answer = self.0.execute(request).await.map_err(from_reqwest)?;

        let status = answer.status();
        let headers = std::mem::take(answer.headers_mut());
        let expected = answer
            .content_length()
            .unwrap_or(0)
            .min(Self::BODY_LIMIT as u64);
        let mut body = BytesMut::with_capacity(usize::try_from(expected).unwrap_or(0));
        while let Some(chunk) = answer.chunk().await.map_err(from_reqwest)? {
            if body.len() + chunk.len() > Self::BODY_LIMIT {
                return Err(TransportError::new(
                    TransportErrorKind::TooLarge,
                    format!("more than {} bytes", Self::BODY_LIMIT),
                ));
            }
            body.extend_from_slice(&chunk);
        }

        let mut response = Response::new(body.freeze());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

fn from_reqwest(error: reqwest::Error) -> TransportError {
    let kind = if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else {
        TransportErrorKind::Network
    };
    // The address may hold what must not be shown.
    TransportError::new(kind, error.without_url())
}
