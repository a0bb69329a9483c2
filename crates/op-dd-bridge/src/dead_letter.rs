use std::time::SystemTime;

use async_trait::async_trait;
use onepassword_events::Event;
use serde::{Deserialize, Serialize};

use crate::{StoreError, StreamId};

/// An event that could not be delivered for a fault of its own, and why: kept, so that it is not lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// When it was given up, in RFC 3339.
    pub at: String,
    /// Why, in a few words.
    pub reason: String,
    /// The status that the intake refused it with, if it got that far.
    pub status: Option<u16>,
    /// The event's id, if it has one. A replay may write a letter twice, with the same id.
    pub uuid: Option<String>,
    /// The event's exact text.
    pub raw: String,
}

impl DeadLetter {
    /// A letter for this event.
    #[must_use]
    pub fn new(
        event: &Event,
        at: SystemTime,
        reason: impl Into<String>,
        status: Option<u16>,
    ) -> Self {
        Self {
            at: onepassword_events::Timestamp::from(at).to_string(),
            reason: reason.into(),
            status,
            uuid: event.uuid().map(Into::into),
            raw: event.json().to_owned(),
        }
    }
}

/// Keeps the events that could not be delivered.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Keeps these letters of a stream: once this returns, they survive a crash.
    ///
    /// # Errors
    ///
    /// If they can't be kept. The page that they are of is then not committed.
    async fn keep(&self, stream: &StreamId, letters: &[DeadLetter]) -> Result<(), StoreError>;
}
