use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use onepassword_events::{Position, Timestamp};
use serde::{Deserialize, Serialize};

use super::lock::Lock;
use super::{CursorStore, StoreError, StoreErrorKind};
use crate::{Checkpoint, DeadLetter, DeadLetters, PageDigest, Place, StreamId};

/// A folder that one process at a time keeps its checkpoints and dead letters in.
///
/// `cursors/<account>/<feed>/<destination>.json` holds a checkpoint, readable and small;
/// `dead-letters/<account>/<feed>/<destination>.ndjson` a letter a line. A checkpoint is written
/// aside, forced to the disk and renamed, so that a crash leaves the old one or the new one, and never
/// half of one. All files are for their owner alone.
///
/// Not for network file systems: their locks and renames promise less.
#[derive(Clone, Debug)]
pub struct FileStore(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Held from reading a checkpoint to replacing it, or two commits could both find it unmoved.
    commit: Mutex<()>,
    _lock: Lock,
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
        make_folder(&path).map_err(|error| {
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
        Ok(Self(Arc::new(Folder {
            path,
            commit: Mutex::default(),
            _lock: lock,
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
        let path = self.file(&stream, "cursors", "json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Checkpoint::fresh(stream));
            }
            Err(error) => return Err(unreadable(&path, &error.to_string())),
        };
        let format = serde_json::from_slice::<Format>(&text);
        let contents = match format {
            Ok(Format { format }) if format != FORMAT => Err(format!(
                "it is of format {format}, and this version reads format {FORMAT}"
            )),
            _ => serde_json::from_slice::<Contents>(&text).map_err(|error| error.to_string()),
        };
        let contents = contents.map_err(|fault| unreadable(&path, &fault))?;
        Ok(Checkpoint {
            stream,
            revision: contents.revision,
            place: Some(Place {
                position: contents.position,
                last_page: contents.last_page,
            }),
        })
    }

    fn commit(&self, checkpoint: Checkpoint, next: Place) -> Result<Checkpoint, StoreError> {
        let Checkpoint {
            stream, revision, ..
        } = checkpoint;
        let _commit = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.load(stream.clone())?;
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
        let path = self.file(&stream, "cursors", "json");
        let written = serde_json::to_vec(&contents)
            .map_err(io::Error::from)
            .and_then(|text| replace(&path, &text));
        written.map_err(|error| unwritable(&path, error))?;
        Ok(Checkpoint {
            stream,
            revision: revision + 1,
            place: Some(next),
        })
    }

    fn keep(&self, stream: &StreamId, letters: &[DeadLetter]) -> Result<(), StoreError> {
        let path = self.file(stream, "dead-letters", "ndjson");
        let mut lines = Vec::new();
        let kept = letters
            .iter()
            .try_for_each(|letter| {
                serde_json::to_writer(&mut lines, letter)?;
                lines.push(b'\n');
                Ok(())
            })
            .and_then(|()| append(&path, &lines));
        kept.map_err(|error| unwritable(&path, error))
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

/// Puts a new file in an old one's place, wholly or not at all.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    let mut aside = tempfile::NamedTempFile::new_in(folder)?;
    aside.write_all(text)?;
    aside.as_file().sync_all()?;
    aside.persist(path)?;
    sync_folder(folder)
}

/// Adds whole lines to a file. A line that an earlier crash left unfinished is ended first.
fn append(path: &Path, lines: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    file.write_all(lines)?;
    file.sync_all()?;
    sync_folder(folder)
}

/// Makes a folder and those above it, so that they survive a crash as what is put into them does.
fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    make_folder(above)?;
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        // Somebody else was faster.
        Err(_) if path.is_dir() => {}
        made => made?,
    }
    sync_folder(above)
}

/// A new name survives a crash only once its folder is on the disk, too.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn unreadable(path: &Path, fault: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unreadable,
        format!(
            "the checkpoint {} can't be read ({fault}): put it back from a copy; \
             to read its stream again from the start, remove it",
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
