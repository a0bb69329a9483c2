//! What somebody changes by hand, and the journal of it.

use std::time::SystemTime;

use onepassword_events::Timestamp;
use serde::Serialize;

use super::checkpoint_file::Contents;
use crate::{Place, StreamId};

/// Where in the state folder changes by hand are kept, a line each.
pub(super) const JOURNAL: &str = "changes.ndjson";

/// Where somebody wants a stream to go on instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// The stream.
    pub stream: StreamId,
    /// The revision at which it was found, 0 if it has no checkpoint; none if it has one that can't be
    /// read, and is to make way.
    pub found: Option<u64>,
    /// The place to go on from; none to remove the checkpoint, so that the stream begins as if for the
    /// first time.
    pub next: Option<Place>,
}

/// Who changes something, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The command, such as `cursor reset`.
    pub command: String,
    /// Why, in the words of whoever wants it.
    pub reason: String,
    /// Who that is, if it is known.
    pub user: Option<String>,
}

impl Note {
    /// A note of nobody in particular.
    pub fn new(command: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            reason: reason.into(),
            user: None,
        }
    }

    /// Says who it is of, if that is known.
    #[must_use]
    pub fn user(mut self, user: Option<String>) -> Self {
        self.user = user;
        self
    }
}

/// A line of the journal.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    at: String,
    command: &'a str,
    stream: &'a StreamId,
    before: Before,
    after: Option<&'a Place>,
    reason: &'a str,
    user: Option<&'a str>,
    pid: u32,
}

/// What stood there.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Before {
    Nothing,
    Checkpoint {
        revision: u64,
        #[serde(flatten)]
        place: Place,
    },
    Unreadable {
        unreadable: String,
    },
}

impl<'a> Line<'a> {
    pub(super) fn new(amendment: &'a Amendment, before: Before, note: &'a Note) -> Self {
        Self {
            at: Timestamp::from(SystemTime::now()).to_string(),
            command: &note.command,
            stream: &amendment.stream,
            before,
            after: amendment.next.as_ref(),
            reason: &note.reason,
            user: note.user.as_deref(),
            pid: std::process::id(),
        }
    }
}

impl Before {
    pub(super) fn of(contents: Contents) -> Self {
        Self::Checkpoint {
            revision: contents.revision,
            place: contents.place(),
        }
    }

    /// As much of a broken file as a good one would have.
    pub(super) fn unreadable(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        Self::Unreadable {
            unreadable: text.chars().take(4096).collect(),
        }
    }

    /// The revision, 0 if there is no checkpoint; none if it can't be read.
    pub(super) fn revision(&self) -> Option<u64> {
        match self {
            Self::Nothing => Some(0),
            Self::Checkpoint { revision, .. } => Some(*revision),
            Self::Unreadable { .. } => None,
        }
    }
}
