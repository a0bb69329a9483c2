use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::Permission;

/// A call of the management API didn't do what it was to do: what happened, to which call, and where.
///
/// It shows neither key, and of Datadog's answers only what they say of what we sent.
#[derive(Debug)]
pub struct ApiError(Box<Details>);

#[derive(Debug)]
struct Details {
    kind: ApiErrorKind,
    call: String,
    host: String,
    status: Option<u16>,
    wait: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// What was sent is refused, for these reasons.
    Refused(Vec<Reason>),
    /// The API key is refused: it is wrong, revoked, or of another site or organisation.
    Key,
    /// The API key is good, but the application key may not do this, or is none.
    Permission(Permission),
    /// 429, again and again, or for longer than one waits.
    RateLimited,
    /// 5xx, again and again.
    Server,
    /// No answer in time.
    Timeout,
    /// No connection was made: nothing was sent.
    Connect,
    /// No connection was made, since the certificate is not trusted.
    Certificate,
    /// The connection broke off.
    Network,
    /// An answer that the API doesn't give: something else answers at this address.
    Unexpected,
}

/// Why something is refused, in Datadog's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What is wrong.
    pub message: String,
    /// What Datadog calls the member that it is about, if it says.
    pub target: Option<String>,
}

impl ApiError {
    pub(super) fn new(kind: ApiErrorKind, call: impl Into<String>, host: &str) -> Self {
        Self(Box::new(Details {
            kind,
            call: call.into(),
            host: host.to_owned(),
            status: None,
            wait: None,
            source: None,
        }))
    }

    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(super) fn with_wait(mut self, wait: Option<Duration>) -> Self {
        self.0.wait = wait;
        self
    }

    pub(super) fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> &ApiErrorKind {
        &self.0.kind
    }

    /// The call, such as `PUT api/v1/dashboard/abc-def-ghi`.
    #[must_use]
    pub fn call(&self) -> &str {
        &self.0.call
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long the server wants to be left alone.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.0.wait
    }

    /// Whether the same call may succeed in a while.
    pub(super) fn may_pass(&self) -> bool {
        matches!(
            self.0.kind,
            ApiErrorKind::RateLimited
                | ApiErrorKind::Server
                | ApiErrorKind::Timeout
                | ApiErrorKind::Connect
                | ApiErrorKind::Network
        )
    }

    /// Whether the call may have had its effect all the same.
    pub(super) fn may_have_been_done(&self) -> bool {
        matches!(
            self.0.kind,
            ApiErrorKind::Server | ApiErrorKind::Timeout | ApiErrorKind::Network
        )
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details {
            kind, call, host, ..
        } = &*self.0;
        let status = self.0.status.unwrap_or_default();
        match kind {
            ApiErrorKind::Refused(reasons) => {
                let reasons: Vec<_> = reasons.iter().map(|reason| &*reason.message).collect();
                let reasons = reasons.join("; ");
                write!(f, "{host} refuses it ({call}, {status}): {reasons}")
            }
            ApiErrorKind::Key => write!(
                f,
                "{host} refuses the API key ({call}, {status}): it is wrong or revoked, or key and site \
                 don't belong together"
            ),
            ApiErrorKind::Permission(permission) => write!(
                f,
                "{host} refuses {call} ({status}): the application key lacks the permission {permission}, is \
                 wrong or revoked, or is of another organisation than the API key"
            ),
            ApiErrorKind::RateLimited => {
                write!(
                    f,
                    "{host} takes no more requests for now ({call}, {status})"
                )?;
                match self.0.wait {
                    Some(wait) => write!(f, ": try again in {} s", wait.as_secs()),
                    None => write!(f, ": try again later"),
                }
            }
            ApiErrorKind::Server => write!(f, "{host} fails ({call}, {status}): try again later"),
            ApiErrorKind::Timeout => write!(f, "{host} doesn't answer in time ({call})"),
            ApiErrorKind::Connect => write!(f, "{host} can't be reached ({call})"),
            ApiErrorKind::Certificate => write!(
                f,
                "the certificate of {host} is not trusted: trust the authority that vouches for it, if it is \
                 the right one"
            ),
            ApiErrorKind::Network => write!(f, "the connection to {host} broke off ({call})"),
            ApiErrorKind::Unexpected => {
                write!(f, "{host} answers {call} as Datadog's API doesn't")?;
                if status != 0 {
                    write!(f, " ({status})")?;
                }
                write!(f, ": is it the right address?")
            }
        }
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}
