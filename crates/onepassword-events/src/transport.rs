//! How a request gets to the server and its answer back.
//!
//! The client speaks through [`Transport`], in the vocabulary of the `http` crate, so that an
//! application can bring its own HTTP, and a test can do without any.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

#[cfg(feature = "reqwest")]
mod reqwest;

#[cfg(feature = "reqwest")]
pub use self::reqwest::{ReqwestTransport, ReqwestTransportBuilder};

/// Sends one request and reads the whole answer.
///
/// An implementation must not follow redirects, since the request carries a token; must not try
/// again by itself what the server may have seen; and must bound the bodies that it reads.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends the request, once. Its URI is absolute. The caller limits the time.
    ///
    /// # Errors
    ///
    /// When there is no whole answer. An answer of any status is an answer.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        (**self).send(request).await
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Box<dyn StdError + Send + Sync>,
}

/// What kept an answer from arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// It took too long.
    Timeout,
    /// No connection could be made: a wrong name or port, a firewall, TLS.
    Connect,
    /// No connection could be made, since the server's certificate is not trusted.
    Certificate,
    /// The connection broke before the answer was whole.
    Network,
    /// The body is larger than the transport reads.
    TooLarge,
}

impl TransportError {
    /// An error of a transport, and what caused it. The cause must hold no secret.
    pub fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: source.into(),
        }
    }

    /// What kept the answer from arriving.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    pub(crate) fn into_source(self) -> Box<dyn StdError + Send + Sync> {
        self.source
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::Timeout => "the answer took too long",
            TransportErrorKind::Connect => "no connection could be made",
            TransportErrorKind::Certificate => "the server's certificate is not trusted",
            TransportErrorKind::Network => "the connection broke before the answer was whole",
            TransportErrorKind::TooLarge => "the answer is too large to be read",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}
