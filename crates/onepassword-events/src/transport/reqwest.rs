use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::uri::Scheme;
use http::{Request, Response, StatusCode};
use tokio::time;

use super::{Transport, TransportError, TransportErrorKind};

mod builder;

pub use builder::ReqwestTransportBuilder;

/// So much of an answer other than 200 is read: a short message is all that is of use.
const REFUSAL_LIMIT: usize = 64 * 1024;

/// So long is waited for the body of an answer other than 200.
const REFUSAL_TIME: Duration = Duration::from_secs(5);

/// A [`Transport`] over `reqwest`, with settings that fit a poller: no redirects, gzip, connections
/// given up before the usual load balancers close them.
///
/// Cheap to clone; clones share their connections. One does for the clients of any number of accounts.
#[derive(Clone)]
pub struct ReqwestTransport {
    https: reqwest::Client,
    /// Plain HTTP is for this machine: a proxy would be shown the token.
    plain: reqwest::Client,
    limit: usize,
}

impl ReqwestTransport {
    /// The largest body that is read, after decompression: 64 MiB, a hundred times a full page of
    /// ordinary events.
    pub const BODY_LIMIT: usize = 64 * 1024 * 1024;

    /// A transport as a client makes one by itself, to be shared by clients, or put into a transport
    /// of your own.
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder::new()
    }

    /// Takes a client of your own, with its proxies, certificates and timeouts. It must not follow
    /// redirects: they would take the token along to another server.
    #[must_use]
    pub fn from_client(client: reqwest::Client) -> Self {
        Self {
            https: client.clone(),
            plain: client,
            limit: Self::BODY_LIMIT,
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
        let request = reqwest::Request::try_from(request).map_err(from_reqwest)?;
        let mut answer = client.execute(request).await.map_err(from_reqwest)?;

        let status = answer.status();
        let headers = std::mem::take(answer.headers_mut());
        let mut body = BytesMut::new();
        if status == StatusCode::OK {
            read(&mut answer, &mut body, self.limit).await?;
        } else {
            // The status says it: what befalls the rest, which may be a proxy's, takes nothing from it.
            let rest = read(&mut answer, &mut body, REFUSAL_LIMIT);
            let _ = time::timeout(REFUSAL_TIME, rest).await;
        }

        let mut response = Response::new(body.freeze());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// Reads what is left of an answer behind what is in `body`.
async fn read(
    answer: &mut reqwest::Response,
    body: &mut BytesMut,
    limit: usize,
) -> Result<(), TransportError> {
    // Of a compressed body nothing is announced.
    let announced = answer.content_length().unwrap_or(0);
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(too_large(limit));
    }
    body.reserve(announced);
    while let Some(chunk) = answer.chunk().await.map_err(from_reqwest)? {
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(())
}

fn too_large(limit: usize) -> TransportError {
    TransportError::new(
        TransportErrorKind::TooLarge,
        format!("more than {limit} bytes"),
    )
}

fn from_reqwest(error: reqwest::Error) -> TransportError {
    // A connection that isn't made in time is both: a firewall, not a slow server.
    let kind = if error.is_connect() && is_about_certificate(&error) {
        TransportErrorKind::Certificate
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Network
    };
    // The address may hold what must not be shown.
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    #[tokio::test]
    async fn the_limit_is_on_what_a_body_unpacks_to() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&[b' '; 10_000]).unwrap();
        let gzip = gzip.finish().unwrap();
        assert!(gzip.len() < 1_000);
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200)
            .insert_header("content-encoding", "gzip")
            .set_body_bytes(gzip);
        Mock::given(any()).respond_with(answer).mount(&server).await;

        let mut transport = ReqwestTransport::builder().build().unwrap();
        for (limit, length) in [(9_999, None), (10_000, Some(10_000))] {
            transport.limit = limit;
            let request = Request::get(server.uri()).body(Bytes::new()).unwrap();
            match transport.send(request).await {
                Ok(answer) => assert_eq!(Some(answer.body().len()), length),
                Err(error) => {
                    assert_eq!(error.kind(), TransportErrorKind::TooLarge);
                    assert_eq!(length, None);
                }
            }
        }
    }
}
