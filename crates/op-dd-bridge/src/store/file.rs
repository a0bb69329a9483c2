use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use serde::Serialize;

use super::amendment::{Amendment, Before, JOURNAL, Line, Note};
use super::checkpoint_file::{CURSORS, Contents, LETTERS, checkpoint_path, letters_path, text_of};
use super::lock::Lock;
use super::{CursorStore, StoreError, StoreErrorKind, disk, success_file};
use crate::{Checkpoint, DeadLetter, DeadLetters, Place, StreamId, Success};

/// A folder that one process at a time keeps its checkpoints and dead letters in.
///
/// `cursors/<account>/<feed>/<destination>.json` holds a checkpoint, readable and small;
/// `dead-letters/<account>/<feed>/<destination>.ndjson` a letter a line. A checkpoint is written
/// aside, forced to the disk and renamed, so that a crash leaves the old one or the new one, and never
/// half of one; what a crash left half written is done away with when the folder is taken again.
/// `successes.json` says when each stream was last well, `changes.ndjson` what was
/// [amended](Self::amend) by hand. All files are for their owner alone.
///
/// [`StateFolder`](crate::StateFolder) reads a folder that another process holds.
///
/// The folder is this store's as long as it lives. Should it be removed, be put in another's place, or
/// lose a checkpoint meanwhile, nothing is read or written until it is back as it was
/// ([`StoreErrorKind::Gone`]): an empty folder would begin every stream again.
///
/// Not for network file systems: their locks and renames promise less.
#[derive(Clone, Debug)]
pub struct FileStore(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// The streams that have had a checkpoint. Held from reading one to replacing it, or two commits
    /// could both find it unmoved.
    started: Mutex<Started>,
    /// When each was last well.
    successes: Mutex<BTreeMap<StreamId, Success>>,
    lock: Lock,
}

type Started = HashMap<StreamId, Known>;

/// What is known of a stream's checkpoint.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The latest revision. What takes the place of one that was removed or broken counts on from it, or
    /// somebody who still holds the old one could take the new one for it.
    revision: u64,
    /// Whether it was removed by hand.
    removed: bool,
}

impl FileStore {
    /// Takes the folder for this process, and makes it if it isn't there.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Held`] if another process has it, naming that process;
    /// [`StoreErrorKind::Unavailable`] if it can't be made or written.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = folder.into();
        disk::make_folder(&path, Path::new(".")).map_err(|error| {
            StoreError::new(
                StoreErrorKind::Unavailable,
                format!(
                    "the state folder {} can't be made ({error}): \
                     give this user the right to, or choose another folder",
                    path.display()
                ),
            )
            .with_source(error)
        })?;
        let lock = Lock::take(&path)?;
        // Now that nobody else is at work here.
        disk::recover(&path.join(CURSORS));
        disk::recover(&path.join(LETTERS));
        Ok(Self(Arc::new(Folder {
            successes: Mutex::new(kept_successes(&path)),
            path,
            started: Mutex::default(),
            lock,
        })))
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Moves streams elsewhere, all of them or, if one is not as it was found, none. What stood there,
    /// what takes its place and why is on the disk, as lines of `changes.ndjson`, before anything is
    /// changed.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Conflict`] if a stream is not as it was found, or if one is named twice; others
    /// as for a commit. If a disk fails amid several, the journal says what was wanted.
    pub async fn amend(&self, amendments: Vec<Amendment>, note: Note) -> Result<(), StoreError> {
        self.blocking(move |folder| folder.amend(&amendments, &note))
            .await
    }

    /// Waiting for a disk is done where it keeps nothing else from going on.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let folder = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&folder)).await;
        done.map_err(|error| {
            StoreError::new(
                StoreErrorKind::Unavailable,
                "the work on the state folder broke off",
            )
            .with_source(error)
        })?
    }
}

#[async_trait]
impl CursorStore for FileStore {
    async fn load(&self, stream: &StreamId) -> Result<Checkpoint, StoreError> {
        let stream = stream.clone();
        self.blocking(move |folder| folder.load(stream)).await
    }

    async fn commit(&self, checkpoint: &Checkpoint, next: Place) -> Result<Checkpoint, StoreError> {
        let checkpoint = checkpoint.clone();
        self.blocking(move |folder| folder.commit(checkpoint, next))
            .await
    }

    async fn last_success(&self, stream: &StreamId) -> Result<Option<Success>, StoreError> {
        let stream = stream.clone();
        self.blocking(move |folder| folder.last_success(&stream))
            .await
    }

    async fn note_successes(&self, successes: &[(StreamId, Success)]) -> Result<(), StoreError> {
        let successes = successes.to_vec();
        self.blocking(move |folder| folder.note_successes(successes))
            .await
    }
}

#[async_trait]
impl DeadLetters for FileStore {
    async fn keep(&self, stream: &StreamId, letters: &[DeadLetter]) -> Result<(), StoreError> {
        let stream = stream.clone();
        let letters = letters.to_vec();
        self.blocking(move |folder| folder.keep(&stream, &letters))
            .await
    }
}

impl Folder {
    fn load(&self, stream: StreamId) -> Result<Checkpoint, StoreError> {
        let mut started = self.alone()?;
        self.read(stream, &mut started)
    }

    fn commit(&self, checkpoint: Checkpoint, next: Place) -> Result<Checkpoint, StoreError> {
        let Checkpoint {
            stream, revision, ..
        } = checkpoint;
        let mut started = self.alone()?;
        let known = self.read(stream.clone(), &mut started)?;
        if known.revision != revision {
            return Err(moved(&stream));
        }
        let revision = self.write(&stream, &next, &mut started)?;
        Ok(Checkpoint {
            stream,
            revision,
            place: Some(next),
        })
    }

    fn amend(&self, amendments: &[Amendment], note: &Note) -> Result<(), StoreError> {
        let mut started = self.alone()?;
        let mut lines = Vec::new();
        let mut named = HashSet::new();
        for amendment in amendments {
            if !named.insert(&amendment.stream) {
                return Err(named_twice(&amendment.stream));
            }
            let before = self.found(&amendment.stream)?;
            if before.revision() != amendment.found {
                return Err(moved(&amendment.stream));
            }
            if let Some(revision @ 1..) = amendment.found {
                saw(&mut started, &amendment.stream, revision);
            }
            lines.push(Line::new(amendment, before, note));
        }
        let journal = self.path.join(JOURNAL);
        lines_of(&lines)
            .and_then(|lines| disk::append(&journal, &lines))
            .map_err(|error| unwritable(&journal, error))?;
        for Amendment { stream, next, .. } in amendments {
            match next {
                Some(next) => {
                    self.write(stream, next, &mut started)?;
                }
                None => {
                    let path = checkpoint_path(&self.path, stream);
                    disk::remove(&path).map_err(|error| unwritable(&path, error))?;
                    if let Some(known) = started.get_mut(stream) {
                        known.removed = true;
                    }
                }
            }
        }
        Ok(())
    }

    fn last_success(&self, stream: &StreamId) -> Result<Option<Success>, StoreError> {
        let noted = self.successes().get(stream).copied();
        let committed = Contents::read(&checkpoint_path(&self.path, stream))?;
        let committed = committed.and_then(|contents| contents.committed_at());
        Ok(Success::latest(noted, committed, SystemTime::now()))
    }

    fn note_successes(&self, fresh: Vec<(StreamId, Success)>) -> Result<(), StoreError> {
        let mut successes = self.successes();
        successes.extend(fresh);
        self.lock.check(&self.path)?;
        success_file::write(&self.path, &successes).map_err(|error| unwritable(&self.path, error))
    }

    fn keep(&self, stream: &StreamId, letters: &[DeadLetter]) -> Result<(), StoreError> {
        let path = letters_path(&self.path, stream);
        let _alone = self.alone()?;
        let kept = lines_of(letters).and_then(|lines| {
            self.make_way_to(&path)?;
            disk::append(&path, &lines)
        });
        kept.map_err(|error| unwritable(&path, error))
    }

    /// Keeps others of this process away from the folder, which must still be the one that was taken.
    fn alone(&self) -> Result<MutexGuard<'_, Started>, StoreError> {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock.check(&self.path)?;
        Ok(started)
    }

    fn read(&self, stream: StreamId, started: &mut Started) -> Result<Checkpoint, StoreError> {
        let path = checkpoint_path(&self.path, &stream);
        let Some(contents) = Contents::read(&path)? else {
            return match started.get(&stream) {
                Some(Known { removed: false, .. }) => Err(gone(&path)),
                _ => Ok(Checkpoint::fresh(stream)),
            };
        };
        saw(started, &stream, contents.revision);
        Ok(Checkpoint {
            stream,
            revision: contents.revision,
            place: Some(contents.place()),
        })
    }

    /// What stands there, were it broken.
    fn found(&self, stream: &StreamId) -> Result<Before, StoreError> {
        let path = checkpoint_path(&self.path, stream);
        Ok(match text_of(&path)? {
            None => Before::Nothing,
            Some(text) => {
                Contents::parse(&path, &text).map_or_else(|_| Before::unreadable(&text), Before::of)
            }
        })
    }

    /// Replaces a checkpoint, and gives its new revision.
    fn write(
        &self,
        stream: &StreamId,
        place: &Place,
        started: &mut Started,
    ) -> Result<u64, StoreError> {
        let path = checkpoint_path(&self.path, stream);
        let revision = started.get(stream).map_or(0, |known| known.revision) + 1;
        let written = serde_json::to_vec(&Contents::new(revision, place))
            .map_err(io::Error::from)
            .and_then(|text| {
                self.make_way_to(&path)?;
                disk::replace(&path, &text)
            });
        written.map_err(|error| unwritable(&path, error))?;
        saw(started, stream, revision);
        Ok(revision)
    }

    fn successes(&self) -> MutexGuard<'_, BTreeMap<StreamId, Success>> {
        self.successes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the folders that a file of this one's is in. The folder itself is there, or is gone.
    fn make_way_to(&self, file: &Path) -> io::Result<()> {
        file.parent()
            .map_or(Ok(()), |folder| disk::make_folder(folder, &self.path))
    }
}

/// Takes note of a checkpoint that is there.
fn saw(started: &mut Started, stream: &StreamId, revision: u64) {
    let known = Known {
        revision,
        removed: false,
    };
    started.insert(stream.clone(), known);
}

/// What was noted of the streams that have a checkpoint: what was removed by hand is as if it had never
/// been.
///
/// What is still to come was noted by a clock that was wrong. It was before now, and is kept as now: or
/// each process of many short ones would not know of the outage that it finds.
fn kept_successes(folder: &Path) -> BTreeMap<StreamId, Success> {
    let mut successes = success_file::read(folder);
    successes.retain(|stream, _| checkpoint_path(folder, stream).exists());
    let now = SystemTime::now();
    let mut was_wrong = false;
    for success in successes.values_mut().filter(|success| success.at > now) {
        success.at = now;
        was_wrong = true;
    }
    if was_wrong && let Err(error) = success_file::write(folder, &successes) {
        tracing::debug!(%error, "when the streams were last well was not noted");
    }
    successes
}

/// Values as lines of JSON.
fn lines_of(values: &[impl Serialize]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for value in values {
        serde_json::to_writer(&mut lines, value)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

fn moved(stream: &StreamId) -> StoreError {
    StoreError::new(
        StoreErrorKind::Conflict,
        format!("{stream} was moved on by somebody else"),
    )
}

fn named_twice(stream: &StreamId) -> StoreError {
    StoreError::new(
        StoreErrorKind::Conflict,
        format!("{stream} is to be moved twice at once: name it once"),
    )
}

fn gone(path: &Path) -> StoreError {
    StoreError::new(
        StoreErrorKind::Gone,
        format!(
            "the checkpoint {} was removed while in use: put it back; \
             to read its stream again from the start, start this process anew",
            path.display()
        ),
    )
}

fn unwritable(path: &Path, error: io::Error) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        format!(
            "{} can't be written ({error}): look at the folder's rights and the disk's room",
            path.display()
        ),
    )
    .with_source(error)
}
