use std::error::Error;
use std::time::SystemTime;
use std::{fmt, io};

use crate::{Refused, Retry};

/// Entries could not be sent, or not all of them: what happened, where, what was accepted before,
/// and what to do.
///
/// It shows neither the key, nor the payload, nor a byte of the intake's answer, which may echo the
/// payload.
#[derive(Debug)]
pub struct SendError(Box<Details>);

#[derive(Debug)]
struct Details {
    kind: SendErrorKind,
    retry: Retry,
    status: Option<u16>,
    host: Option<String>,
    in_store: bool,
    accepted: Vec<usize>,
    refused: Vec<Refused>,
    server_time: Option<SystemTime>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What happened, each with whether sending again makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendErrorKind {
    /// 401 or 403: the key is wrong, revoked, or belongs to another site. Never by itself.
    Unauthorized,
    /// 429. Again, after a delay.
    RateLimited,
    /// Any 5xx. Again, after a delay.
    Server,
    /// No answer in time, or 408. Again, after a delay; the entries may have been accepted, and
    /// arrive twice then.
    Timeout,
    /// No connection was made. Again, after a delay.
    Connect,
    /// No connection was made, since the certificate is not trusted: somebody else's server, a proxy
    /// that looks into TLS, or a wrong clock. Again, after a delay.
    Certificate,
    /// A connection broke off. Again, after a delay; the entries may have been accepted, and arrive
    /// twice then.
    Network,
    /// More than ten entries were refused one by one, so the fault is hardly theirs. Never.
    Rejected,
    /// An answer that the protocol doesn't know, with its HTTP status: a redirect, a success other
    /// than 202, or a refusal that isn't about the entries. Never.
    Unexpected(u16),
    /// A body could not be compressed. Never.
    Compression,
    /// A sink that keeps logs on a disk or in an object store can't, for such a reason. Again, after a
    /// delay.
    Storage(io::ErrorKind),
    /// A sink of one's own failed, for a reason that is [added](SendError::with_source). Again, after
    /// a delay.
    Sink,
}

impl SendErrorKind {
    /// What an HTTP status other than 202 means.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::Unauthorized,
            408 => Self::Timeout,
            429 => Self::RateLimited,
            500..=599 => Self::Server,
            _ => Self::Unexpected(status),
        }
    }

    /// Whether sending again makes sense, as far as the kind alone tells.
    #[must_use]
    pub const fn retry(self) -> Retry {
        match self {
            Self::RateLimited
            | Self::Server
            | Self::Timeout
            | Self::Connect
            | Self::Certificate
            | Self::Network
            | Self::Storage(_)
            | Self::Sink => Retry::Backoff,
            Self::Unauthorized | Self::Rejected | Self::Unexpected(_) | Self::Compression => {
                Retry::Never
            }
        }
    }
}

impl SendError {
    /// An error of this kind, with the kind's own [`Retry`]. The other parts are added by the
    /// `with_` methods, which sinks of one's own use as well.
    #[must_use]
    pub fn new(kind: SendErrorKind) -> Self {
        Self(Box::new(Details {
            kind,
            retry: kind.retry(),
            status: None,
            host: None,
            in_store: false,
            accepted: Vec::new(),
            refused: Vec::new(),
            server_time: None,
            source: None,
        }))
    }

    /// Says whether sending again makes sense. A time is cut to [`Retry::LONGEST`].
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = match retry {
            Retry::After(delay) => Retry::After(delay.min(Retry::LONGEST)),
            other => other,
        };
        self
    }

    /// Adds the HTTP status of the answer.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds the host that was spoken to, without credentials.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.0.host = Some(host.into());
        self
    }

    /// Says that it is an object store that failed, which has other remedies than the intake and a disk.
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn of_store(mut self) -> Self {
        self.0.in_store = true;
        self
    }

    /// Adds the indices of the entries that were accepted before.
    #[must_use]
    pub fn with_accepted(mut self, mut accepted: Vec<usize>) -> Self {
        accepted.sort_unstable();
        self.0.accepted = accepted;
        self
    }

    /// Adds the entries that were refused before.
    #[must_use]
    pub fn with_refused(mut self, refused: Vec<Refused>) -> Self {
        self.0.refused = refused;
        self
    }

    /// Adds the time of the answer on the server's clock.
    #[must_use]
    pub fn with_server_time(mut self, time: SystemTime) -> Self {
        self.0.server_time = Some(time);
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> SendErrorKind {
        self.0.kind
    }

    /// Whether it makes sense to send the rest again, and when.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// The HTTP status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The indices, in order, of the entries that were accepted before. They must not be sent
    /// again.
    #[must_use]
    pub fn accepted(&self) -> &[usize] {
        &self.0.accepted
    }

    /// The entries that were refused before, which a second try won't save.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        &self.0.refused
    }

    /// The time of the last answer on the server's clock, to the second.
    #[must_use]
    pub fn server_time(&self) -> Option<SystemTime> {
        self.0.server_time
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, remedy) = match self.0.kind {
            kind if self.0.in_store => store(kind),
            SendErrorKind::Unauthorized => (
                "refuses the API key",
                ": check the key, and that it belongs to this site",
            ),
            SendErrorKind::RateLimited => ("takes no more requests for now", ""),
            SendErrorKind::Server => ("failed", ""),
            SendErrorKind::Timeout => ("took too long", ""),
            SendErrorKind::Connect => (
                "cannot be reached",
                ": check the site, and DNS, proxy and firewall",
            ),
            SendErrorKind::Certificate => (
                "shows a certificate that is not trusted",
                ": if it is of a proxy or server of your own, trust its certificate authority",
            ),
            SendErrorKind::Network => ("did not answer before the connection broke off", ""),
            SendErrorKind::Rejected => (
                "refuses one entry after the other",
                ": look at what all entries have in common",
            ),
            SendErrorKind::Unexpected(_) => {
                ("does not answer as Datadog does", ": check the site or URL")
            }
            SendErrorKind::Storage(fault) => storage(fault),
            SendErrorKind::Sink => ("failed", ""),
            SendErrorKind::Compression => {
                ("was sent nothing: the body could not be compressed", "")
            }
        };
        let host = self.0.host.as_deref().unwrap_or("the intake");
        write!(f, "{host} {what}")?;
        if let Some(status) = self.0.status {
            write!(f, " (status {status})")?;
        }
        f.write_str(remedy)?;
        match self.0.retry {
            Retry::Never => {}
            Retry::Backoff => f.write_str("; try again later")?,
            Retry::After(delay) => write!(f, "; try again in {delay:?}")?,
        }
        match self.0.accepted.len() {
            0 => Ok(()),
            1 => f.write_str("; 1 entry was accepted before"),
            count => write!(f, "; {count} entries were accepted before"),
        }
    }
}

/// What is wrong with a disk, and what helps.
fn storage(fault: io::ErrorKind) -> (&'static str, &'static str) {
    match fault {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            "can't be written, since its disk is full",
            ": make room on it",
        ),
        io::ErrorKind::PermissionDenied => (
            "can't be written, since this user may not",
            ": give this user the right to, or choose another folder",
        ),
        io::ErrorKind::ReadOnlyFilesystem => (
            "can't be written, since its disk is mounted for reading only",
            ": mount it for writing, or choose another folder",
        ),
        io::ErrorKind::ResourceBusy => (
            "can't be taken",
            ": stop that process, or choose another folder",
        ),
        io::ErrorKind::NotFound => (
            "is gone",
            ": put the folder back or mount its disk, or start anew to begin another",
        ),
        _ => (
            "can't be written",
            ": look at the folder's rights and at its disk",
        ),
    }
}

/// What is wrong with an object store, and what helps.
fn store(kind: SendErrorKind) -> (&'static str, &'static str) {
    match kind {
        SendErrorKind::Unauthorized => (
            "refuses the credentials",
            ": check those of the store in this program's environment, and that they may write there",
        ),
        SendErrorKind::RateLimited => ("takes no more requests for now", ""),
        SendErrorKind::Timeout => ("took too long", ""),
        SendErrorKind::Connect => (
            "cannot be reached",
            ": check the store's address and region, and DNS, proxy and firewall",
        ),
        SendErrorKind::Certificate => (
            "shows a certificate that is not trusted",
            ": if it is of a proxy or server of your own, trust its certificate authority",
        ),
        SendErrorKind::Network => ("did not answer before the connection broke off", ""),
        SendErrorKind::Unexpected(_) => (
            "does not take the request",
            ": check the name, region and endpoint of the bucket, and this machine's clock",
        ),
        SendErrorKind::Storage(io::ErrorKind::NotFound) => (
            "is not there",
            ": check the name, region and endpoint of the bucket",
        ),
        SendErrorKind::Storage(io::ErrorKind::PermissionDenied) => (
            "can't be written, since there are no credentials for it",
            ": give the store's credentials in this program's environment",
        ),
        SendErrorKind::Storage(_) => (
            "can't be written",
            ": check the store's settings in this program's environment",
        ),
        SendErrorKind::Server
        | SendErrorKind::Rejected
        | SendErrorKind::Sink
        | SendErrorKind::Compression => ("failed", ""),
    }
}

impl Error for SendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn says_what_where_and_what_to_do() {
        fn check(error: &SendError, expect: &str) {
            assert_eq!(error.to_string(), expect);
        }
        check(
            &SendError::new(SendErrorKind::Unauthorized)
                .with_status(403)
                .with_host("http-intake.logs.datadoghq.eu"),
            "http-intake.logs.datadoghq.eu refuses the API key (status 403): \
             check the key, and that it belongs to this site",
        );
        check(
            &SendError::new(SendErrorKind::RateLimited)
                .with_status(429)
                .with_retry(Retry::After(Duration::from_secs(7)))
                .with_accepted(vec![1, 0]),
            "the intake takes no more requests for now (status 429); try again in 7s; \
             2 entries were accepted before",
        );
        let full = SendErrorKind::Storage(io::ErrorKind::StorageFull);
        check(
            &SendError::new(full).with_host("the archive /srv/logs"),
            "the archive /srv/logs can't be written, since its disk is full: make room on it; \
             try again later",
        );
        check(
            &SendError::new(SendErrorKind::Network).with_source("reset by peer"),
            "the intake did not answer before the connection broke off; try again later",
        );
    }

    #[test]
    fn no_server_holds_us_for_more_than_an_hour() {
        let error = SendError::new(SendErrorKind::Server).with_retry(Retry::After(Duration::MAX));
        assert_eq!(error.retry(), Retry::After(Retry::LONGEST));
    }
}
