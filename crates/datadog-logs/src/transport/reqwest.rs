use std::error::Error;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::uri::Scheme;
use http::{Request, Response};
use tokio::time;

use super::{Transport, TransportError, TransportErrorKind};

mod builder;

pub use self::builder::ReqwestTransportBuilder;

/// So much of an answer is read; Datadog's are a few hundred bytes at most.
const LONGEST_ANSWER: usize = 64 * 1024;

/// So long is waited for an answer's body once its status is there.
const BODY_TIME: Duration = Duration::from_secs(5);

/// A [`Transport`] over reqwest.
///
/// The client makes one by itself: it follows no redirects, and keeps idle connections for 15
/// seconds. Answers are read up to 64 KiB. Clones share their connections.
#[derive(Clone)]
pub struct ReqwestTransport {
    https: reqwest::Client,
    /// Plain HTTP is for this machine: a proxy would be shown the key.
    plain: reqwest::Client,
}

impl ReqwestTransport {
    /// A transport as a client makes one by itself, to be put into a transport of one's own.
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder::new()
    }

    /// Takes a client of one's own, with its proxies, certificates and time limits.
    ///
    /// It must be built with `redirect::Policy::none()`: by default reqwest follows redirects, and
    /// hands the key to whatever host they lead to.
    #[must_use]
    pub fn from_client(client: reqwest::Client) -> Self {
        Self {
            https: client.clone(),
            plain: client,
        }
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // reqwest's own text may hold a proxy's password.
        f.debug_struct("ReqwestTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let client = match request.uri().scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => &self.plain,
            _ => &self.https,
        };
        let request = request.try_into().map_err(failure)?;
        let mut answer = client.execute(request).await.map_err(failure)?;
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
