use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;

use crate::{Checkpoint, Place, StreamId, Success};

#[cfg(feature = "client")]
mod amendment;
#[cfg(feature = "client")]
mod checkpoint_file;
#[cfg(feature = "client")]
mod disk;
#[cfg(feature = "client")]
mod file;
#[cfg(feature = "client")]
mod lock;
mod memory;
#[cfg(feature = "client")]
mod state_folder;
#[cfg(feature = "client")]
mod success_file;

#[cfg(feature = "client")]
pub use amendment::{Amendment, Note};
#[cfg(feature = "client")]
pub use file::FileStore;
pub use memory::MemoryStore;
#[cfg(feature = "client")]
pub use state_folder::{DeadLetterFile, Holder, KeptCheckpoint, StateFolder, StreamState};

/// Keeps how far each stream has come.
#[async_trait]
pub trait CursorStore: Send + Sync {
    /// The checkpoint of a stream: a [fresh](Checkpoint::fresh) one if nothing was committed of it.
    ///
    /// # Errors
    ///
    /// If there is one that can't be read. A store never takes an unreadable checkpoint for none:
    /// that would read the stream again from the beginning.
    async fn load(&self, stream: &StreamId) -> Result<Checkpoint, StoreError>;

    /// Moves a stream on from `checkpoint` to `next`. Once this returns, the move survives a crash.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Conflict`] if the stream is no longer at `checkpoint`, because somebody
    /// else has moved it. After any other error the move may or may not have happened.
    async fn commit(&self, checkpoint: &Checkpoint, next: Place) -> Result<Checkpoint, StoreError>;

    /// When a stream last went well, as far as this is known: as it was noted last or, if the store keeps
    /// when something was committed of it last, whichever came later. So it begins with the commit of its
    /// start there, and a stream that was never well isn't taken for a young one.
    ///
    /// None if this store keeps no such thing, which is how it is unless you say otherwise. A time that is
    /// still to come is of a clock that was wrong: it is best left out.
    ///
    /// # Errors
    ///
    /// If it can't be found out.
    async fn last_success(&self, _stream: &StreamId) -> Result<Option<Success>, StoreError> {
        Ok(None)
    }

    /// Takes note of when streams were well, and leaves what is known of others. This is called twice a
    /// minute, and at the end, with those streams of a bridge that were well since it was made: it should
    /// be cheap, and need not survive a crash. Does nothing, unless you say otherwise.
    ///
    /// # Errors
    ///
    /// If it can't be written. The work goes on all the same.
    async fn note_successes(&self, _successes: &[(StreamId, Success)]) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Why a store could not do its work.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    text: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What sort of thing went wrong in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Somebody else has moved the stream on.
    Conflict,
    /// A checkpoint is there, but can't be read.
    Unreadable,
    /// Another process holds the store.
    Held,
    /// What was there is no longer: the store, or a checkpoint in it, was removed while in use. It is
    /// not made anew, since a stream that has no checkpoint begins again.
    Gone,
    /// The store can't be reached or written.
    Unavailable,
}

impl StoreError {
    /// An error of a store, in a line that says what happened, where, and what to do about it.
    pub fn new(kind: StoreErrorKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            source: None,
        }
    }

    /// What caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What sort of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
