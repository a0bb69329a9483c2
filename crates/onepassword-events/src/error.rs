use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::Retry;

/// Everything that can go wrong in this crate.
///
/// Its text says what happened, where, and what to do about it. It never holds the token, and of a
/// server's answer at most 1Password's own short message.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    text: String,
    status: Option<u16>,
    retry: Retry,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What sort of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The token can't be read, or names no host that it may be sent to.
    Token,
    /// A setting is wrong: a region against the token, an address, a feed's name.
    Config,
    /// 401 or 403: the token is missing, revoked, expired, or lacks the feed's feature.
    Unauthorized,
    /// 400: the request was refused; with a stored cursor, the cursor is not usable any more.
    BadRequest,
    /// 404: not an Events API, or not its address.
    NotFound,
    /// 429: more than 600 requests a minute or 30,000 an hour.
    RateLimited,
    /// 408 or 5xx: the server's own trouble.
    Server,
    /// No whole answer came in time.
    Timeout,
    /// No connection could be made.
    Connect,
    /// No connection could be made, since the certificate is not trusted: somebody else's server, a
    /// proxy that looks into TLS, or a wrong clock.
    Certificate,
    /// The connection broke before the answer was whole.
    Network,
    /// The answer is no page: not JSON, too large, or without a cursor.
    BadPage,
    /// One event is not what its feed promises; the page around it is good.
    BadEvent,
    /// Any other status, redirects among them: they are never followed.
    Unexpected,
}

impl Error {
    /// An error of a source of your own: a line that says what happened, where, and what to do about
    /// it. Whether to try again goes by its kind, unless [set](Self::with_retry).
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        let retry = match kind {
            ErrorKind::RateLimited
            | ErrorKind::Server
            | ErrorKind::Timeout
            | ErrorKind::Connect
            | ErrorKind::Certificate
            | ErrorKind::Network => Retry::Backoff,
            _ => Retry::Never,
        };
        Self(Box::new(Inner {
            kind,
            text: text.into(),
            status: None,
            retry,
            source: None,
        }))
    }

    /// What caused it. It must hold no secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The HTTP status that a server answered with.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Whether the same call may succeed later, and when to try: after an hour at the most.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = match retry {
            Retry::After(wait) => Retry::After(wait.min(Retry::LONGEST)),
            other => other,
        };
        self
    }

    /// What sort of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may succeed later, and when to try.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// Whether the same call may succeed later, with nothing changed on our side.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retry != Retry::Never
    }

    /// How long the server asked to be left alone, at most an hour.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.0.retry {
            Retry::After(wait) => Some(wait),
            Retry::Never | Retry::Backoff => None,
        }
    }

    /// The HTTP status that the server answered with, if it answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("text", &self.0.text)
            .field("status", &self.0.status)
            .field("retry", &self.0.retry)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
