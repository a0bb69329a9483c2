use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use datadog_logs::{SendError, SendErrorKind};
use onepassword_events::{Error as SourceError, ErrorKind};

use crate::{Name, StoreError, StoreErrorKind, StreamId};

/// Why a step didn't come to its end. The stream's cursor has not moved.
#[derive(Debug)]
#[non_exhaustive]
pub enum StepError {
    /// The page could not be read.
    Source(SourceError),
    /// The sink didn't accept the page, or not all of it. What it did accept is not sent again.
    Sink {
        /// The destination that the sink was set for: `datadog` is the intake.
        destination: Name,
        /// What went wrong.
        error: SendError,
    },
    /// The intake refused every entry that it was sent, which is more likely its fault, or the
    /// settings', than each event's. Nothing is given up.
    AllRefused {
        /// How many it refused.
        entries: usize,
        /// The status that it refused the first of them with.
        status: Option<u16>,
    },
    /// The intake refused more of the stream's entries within an hour than may be given up: they may
    /// have something in common. No more are given up for now.
    TooManyRefused {
        /// How many were given up within the last hour.
        before: usize,
        /// How many more it refused.
        entries: usize,
    },
    /// The checkpoint could not be read or moved, or a dead letter not be kept.
    Store(StoreError),
    /// A server is left alone for a while, since it asked for that, or since it fails and another
    /// stream finds out whether it is back.
    Paused {
        /// Which one: a sink, or an account's.
        by: Scope,
        /// Why.
        why: Pause,
        /// How long still.
        wait: Duration,
    },
}

/// Why a server is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pause {
    /// It asked for that.
    Asked,
    /// It failed a moment ago.
    Failed,
    /// Another stream is about to find out whether it is back.
    Probed,
}

/// What else a failure stands for: the streams that would fail the same way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// All streams of an account.
    Account(Name),
    /// All streams to the sink that was set for this destination: `datadog` is the intake.
    Destination(Name),
    /// One stream.
    Stream(StreamId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(name) => write!(f, "account {name}"),
            Self::Destination(name) if *name == Name::DATADOG => f.write_str("the intake"),
            Self::Destination(name) => write!(f, "destination {name}"),
            Self::Stream(stream) => write!(f, "stream {stream}"),
        }
    }
}

impl StepError {
    /// Which other streams the failure stands for.
    #[must_use]
    pub fn scope(&self, stream: &StreamId) -> Scope {
        match self {
            Self::Source(error) => match error.kind() {
                ErrorKind::BadPage | ErrorKind::BadRequest | ErrorKind::BadEvent => {
                    Scope::Stream(stream.clone())
                }
                _ => Scope::Account(stream.account.clone()),
            },
            Self::Sink { destination, error } => match error.kind() {
                SendErrorKind::Rejected => Scope::Stream(stream.clone()),
                _ => Scope::Destination(destination.clone()),
            },
            Self::AllRefused { .. } | Self::TooManyRefused { .. } | Self::Store(_) => {
                Scope::Stream(stream.clone())
            }
            Self::Paused { by, .. } => by.clone(),
        }
    }

    /// Whether nothing but somebody's doing will help: a token to renew, a setting to change.
    #[must_use]
    pub fn is_hold(&self) -> bool {
        match self {
            Self::Source(error) => !error.is_retryable(),
            Self::Sink { error, .. } => error.retry() == datadog_logs::Retry::Never,
            Self::AllRefused { .. } | Self::TooManyRefused { .. } => true,
            Self::Paused { .. } => false,
            Self::Store(error) => !matches!(
                error.kind(),
                StoreErrorKind::Conflict | StoreErrorKind::Unavailable
            ),
        }
    }

    /// How long a server asked to be left alone.
    #[must_use]
    pub fn asked_wait(&self) -> Option<Duration> {
        match self {
            Self::Source(error) => error.retry_after(),
            Self::Sink { error, .. } => match error.retry() {
                datadog_logs::Retry::After(wait) => Some(wait),
                _ => None,
            },
            Self::Paused {
                why: Pause::Asked,
                wait,
                ..
            } => Some(*wait),
            Self::Paused { .. }
            | Self::AllRefused { .. }
            | Self::TooManyRefused { .. }
            | Self::Store(_) => None,
        }
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Sink { error, .. } => error.fmt(f),
            Self::AllRefused { entries, status } => {
                write!(f, "the intake refused all {entries} entries of a page")?;
                if let Some(status) = status {
                    write!(f, " ({status})")?;
                }
                f.write_str(
                    ", so the fault may not be theirs and none is given up: \
                     check the tags, the site and what stands between here and Datadog",
                )
            }
            Self::Store(error) => error.fmt(f),
            Self::TooManyRefused { before, entries } => write!(
                f,
                "the intake refused {entries} more entries, after {before} that were given up within \
                 an hour, so no more are given up for now: look at what they have in common, among the \
                 dead letters"
            ),
            Self::Paused { by, wait, .. } => write!(
                f,
                "{by} is left alone for another {} s",
                wait.as_secs_f64().ceil()
            ),
        }
    }
}

impl StdError for StepError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Source(error) => error.source(),
            Self::Sink { error, .. } => error.source(),
            Self::AllRefused { .. } | Self::TooManyRefused { .. } | Self::Paused { .. } => None,
            Self::Store(error) => error.source(),
        }
    }
}

/// Why a bridge could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// There is nothing to carry.
    #[error("there is no account: give at least one")]
    NoAccount,
    /// Two accounts have one name, and so one cursor.
    #[error("two accounts are called {0}: give each a name of its own")]
    TwiceNamed(Name),
    /// An account has nothing to carry.
    #[error(
        "account {0} has no feed to read: choose one, or issue a token that allows signinattempts, \
         itemusages or auditevents"
    )]
    NoFeed(Name),
    /// The logs of an account would carry more tags than Datadog takes.
    #[error("account {account}: {fault}")]
    Tags {
        /// The account.
        account: Name,
        /// What is wrong with its tags.
        fault: datadog_logs::TagsError,
    },
}
