use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{CursorStore, StoreError, StoreErrorKind};
use crate::{Checkpoint, DeadLetter, DeadLetters, Place, StreamId, Success};

/// A store that forgets everything when it is dropped: for tests, and for trying things out.
///
/// It has no clock: of when a stream was last well it knows what was noted, and nothing of commits.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    checkpoints: HashMap<StreamId, Checkpoint>,
    letters: HashMap<StreamId, Vec<DeadLetter>>,
    successes: HashMap<StreamId, Success>,
}

impl MemoryStore {
    /// The dead letters of a stream, oldest first.
    #[must_use]
    pub fn letters(&self, stream: &StreamId) -> Vec<DeadLetter> {
        self.lock().letters.get(stream).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CursorStore for MemoryStore {
    async fn load(&self, stream: &StreamId) -> Result<Checkpoint, StoreError> {
        let known = self.lock().checkpoints.get(stream).cloned();
        Ok(known.unwrap_or_else(|| Checkpoint::fresh(stream.clone())))
    }

    async fn commit(&self, checkpoint: &Checkpoint, next: Place) -> Result<Checkpoint, StoreError> {
        let stream = &checkpoint.stream;
        let mut contents = self.lock();
        let revision = contents
            .checkpoints
            .get(stream)
            .map_or(0, |known| known.revision);
        if revision != checkpoint.revision {
            return Err(StoreError::new(
                StoreErrorKind::Conflict,
                format!("{stream} was moved on by somebody else"),
            ));
        }
        let next = Checkpoint {
            stream: stream.clone(),
            revision: revision + 1,
            place: Some(next),
        };
        contents.checkpoints.insert(stream.clone(), next.clone());
        Ok(next)
    }

    async fn last_success(&self, stream: &StreamId) -> Result<Option<Success>, StoreError> {
        Ok(self.lock().successes.get(stream).copied())
    }

    async fn note_successes(&self, successes: &[(StreamId, Success)]) -> Result<(), StoreError> {
        self.lock().successes.extend(successes.iter().cloned());
        Ok(())
    }
}

#[async_trait]
impl DeadLetters for MemoryStore {
    async fn keep(&self, stream: &StreamId, letters: &[DeadLetter]) -> Result<(), StoreError> {
        let mut contents = self.lock();
        let kept = contents.letters.entry(stream.clone()).or_default();
        kept.extend_from_slice(letters);
        Ok(())
    }
}
