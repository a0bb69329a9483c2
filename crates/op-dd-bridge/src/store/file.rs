use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use std::{fs, io};

use async_trait::async_trait;
use onepassword_events::{Position, Timestamp};
use serde::{Deserialize, Serialize};

use super::lock::Lock;
use super::{CursorStore, StoreError, StoreErrorKind, disk};
use crate::{Checkpoint, DeadLetter, DeadLetters, PageDigest, Place, StreamId};

/// A folder that one process at a time keeps its checkpoints and dead letters in.
///
/// `cursors/<account>/<feed>/<destination>.json` holds a checkpoint, readable and small;
/// `dead-letters/<account>/<feed>/<destination>.ndjson` a letter a line. A checkpoint is written
/// aside, forced to the disk and renamed, so that a crash leaves the old one or the new one, and never
/// half of one; what a crash left half written is done away with when the folder is taken again. All
/// files are for their owner alone.
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
    /// The streams that have a checkpoint. Held from reading one to replacing it, or two commits could
    /// both find it unmoved.
    started: Mutex<HashSet<StreamId>>,
    lock: Lock,
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

/// The folders of checkpoints and of dead letters.
const CURSORS: &str = "cursors";
const LETTERS: &str = "dead-letters";

/// A checkpoint as it stands in its file.
#[derive(Serialize, Deserialize)]
struct Contents {
    format: u64,
    revision: u64,
    position: Position,
    last_page: Option<PageDigest>,
    committed_at: String,
}

/// The format that this version writes, and the only one that it reads.
const FORMAT: u64 = 1;

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
            return Err(StoreError::new(
                StoreErrorKind::Conflict,
                format!("{stream} was moved on by somebody else"),
            ));
        }
        let contents = Contents {
            format: FORMAT,
            revision: revision + 1,
            position: next.position.clone(),
            last_page: next.last_page.clone(),
            committed_at: Timestamp::from(SystemTime::now()).to_string(),
        };
        let path = self.file(&stream, CURSORS, "json");
        let written = serde_json::to_vec(&contents)
            .map_err(io::Error::from)
            .and_then(|text| {
                self.make_way_to(&path)?;
                disk::replace(&path, &text)
            });
        written.map_err(|error| unwritable(&path, error))?;
        started.insert(stream.clone());
        Ok(Checkpoint {
            stream,
            revision: revision + 1,
            place: Some(next),
        })
    }

    fn keep(&self, stream: &StreamId, letters: &[DeadLetter]) -> Result<(), StoreError> {
        let path = self.file(stream, LETTERS, "ndjson");
        let mut lines = Vec::new();
        let _alone = self.alone()?;
        let kept = letters
            .iter()
            .try_for_each(|letter| {
                serde_json::to_writer(&mut lines, letter)?;
                lines.push(b'\n');
                Ok(())
            })
            .and_then(|()| {
                self.make_way_to(&path)?;
                disk::append(&path, &lines)
            });
        kept.map_err(|error| unwritable(&path, error))
    }

    /// Keeps others of this process away from the folder, which must still be the one that was taken.
    fn alone(&self) -> Result<MutexGuard<'_, HashSet<StreamId>>, StoreError> {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock.check(&self.path)?;
        Ok(started)
    }

    fn read(
        &self,
        stream: StreamId,
        started: &mut HashSet<StreamId>,
    ) -> Result<Checkpoint, StoreError> {
        let path = self.file(&stream, CURSORS, "json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(inaccessible(&path, error));
            }
            Err(_) if started.contains(&stream) => return Err(gone(&path)),
            Err(_) => return Ok(Checkpoint::fresh(stream)),
        };
        let format = serde_json::from_slice::<Format>(&text);
        let contents = match format {
            Ok(Format { format }) if format != FORMAT => Err(format!(
                "it is of format {format}, and this version reads format {FORMAT}"
            )),
            _ => serde_json::from_slice::<Contents>(&text).map_err(|error| error.to_string()),
        };
        let contents = contents.map_err(|fault| unreadable(&path, &fault))?;
        started.insert(stream.clone());
        Ok(Checkpoint {
            stream,
            revision: contents.revision,
            place: Some(Place {
                position: contents.position,
                last_page: contents.last_page,
            }),
        })
    }

    /// Makes the folders that a file of this one's is in. The folder itself is there, or is gone.
    fn make_way_to(&self, file: &Path) -> io::Result<()> {
        file.parent()
            .map_or(Ok(()), |folder| disk::make_folder(folder, &self.path))
    }

    fn file(&self, stream: &StreamId, kind: &str, ending: &str) -> PathBuf {
        let StreamId {
            account,
            feed,
            destination,
        } = stream;
        let folder = self
            .path
            .join(kind)
            .join(account.as_str())
            .join(feed.as_str());
        folder.join(format!("{destination}.{ending}"))
    }
}

#[derive(Deserialize)]
struct Format {
    format: u64,
}

fn unreadable(path: &Path, fault: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unreadable,
        format!(
            "the checkpoint {} can't be read ({fault}): put it back from a copy; \
             to read its stream again, set the account's start to before its last commit (without one, \
             it begins 17 hours back, and what lies between is not read), then remove it",
            path.display()
        ),
    )
}

/// What is in it may be good: nobody must be told to remove it.
fn inaccessible(path: &Path, error: io::Error) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unreadable,
        format!(
            "the checkpoint {} can't be read ({error}): look at its rights and at the disk",
            path.display()
        ),
    )
    .with_source(error)
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
