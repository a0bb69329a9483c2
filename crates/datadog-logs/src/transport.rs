use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::SendErrorKind;

#[cfg(feature = "reqwest")]
mod reqwest;

#[cfg(feature = "reqwest")]
pub use self::reqwest::{ReqwestTransport, ReqwestTransportBuilder};

/// What carries a request to Datadog and brings the answer: the only place where there is HTTP.
///
/// An implementation
///
/// - must not follow redirects: the key stands in a header that most HTTP clients would take along
///   to another host;
/// - must bound what it reads of an answer. Nothing beyond a few kilobytes is of use here;
/// - needs no time limit for the whole: the client has one.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Makes one request, once.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if there is no whole answer. An answer with any status is none.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        (**self).send(request).await
    }
}

/// There is no whole answer.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    status: Option<StatusCode>,
    source: Box<dyn Error + Send + Sync>,
}

/// Where it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was made: name, address, TLS. The request was not sent.
    Connect,
    /// No connection was made, since the server's certificate is not trusted. The request was not
    /// sent.
    Certificate,
    /// A time limit of the transport's own.
    Timeout,
    /// The connection broke off, or what came over it is not HTTP.
    Network,
    /// The answer is larger than the transport's bound.
    TooLarge,
}

impl TransportError {
    /// An error of this kind with its cause, in which no credentials must stand.
    #[must_use]
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            status: None,
            source: source.into(),
        }
    }

    /// Adds the status, if the answer got that far. It counts although the rest is missing: entries
    /// that were acknowledged by a 202 are not sent again because the body behind it broke off.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// Where it went wrong.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// The status, if the answer got that far.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }
}

impl From<TransportErrorKind> for SendErrorKind {
    fn from(kind: TransportErrorKind) -> Self {
        match kind {
            TransportErrorKind::Connect => Self::Connect,
            TransportErrorKind::Certificate => Self::Certificate,
            TransportErrorKind::Timeout => Self::Timeout,
            TransportErrorKind::Network | TransportErrorKind::TooLarge => Self::Network,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::Connect => "no connection was made",
            TransportErrorKind::Certificate => "the server's certificate is not trusted",
            TransportErrorKind::Timeout => "the transport's time limit has passed",
            TransportErrorKind::Network => "the connection broke off",
            TransportErrorKind::TooLarge => "the answer is too large",
        })
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
