use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use onepassword_events::{Position, Timestamp};

use super::checkpoint_file::{CURSORS, Contents, LETTERS, checkpoint_path, letters_path};
pub use super::lock::Holder;
use super::{StoreError, StoreErrorKind, success_file};
use crate::{Checkpoint, StreamId, Success};

/// What is in a state folder, as it stood a moment ago.
///
/// Reading it takes nothing and changes nothing, so it works while a process is at its work there, and
/// with whatever is broken. To change something, [take](crate::FileStore::open) the folder.
#[derive(Debug)]
#[non_exhaustive]
pub struct StateFolder {
    /// Where it is.
    pub path: PathBuf,
    /// The process that holds it. None, too, if the lock can't be read, which is among the faults.
    pub holder: Option<Holder>,
    /// Every stream that has a checkpoint or dead letters, in order.
    pub streams: Vec<StreamState>,
    /// What could not be looked into: the lock, a folder or what is in it. When the streams were last well
    /// is a figure that a crash may take, and no fault if it can't be read.
    pub faults: Vec<StoreError>,
}

/// What a state folder has of a stream.
#[derive(Debug)]
#[non_exhaustive]
pub struct StreamState {
    /// The stream.
    pub stream: StreamId,
    /// How far it has come; none if nothing was committed of it. One that can't be read is an error,
    /// which names the file.
    pub checkpoint: Result<Option<KeptCheckpoint>, StoreError>,
    /// When it was last well, as far as it is known. The commit of a start is none.
    pub last_success: Option<Success>,
    /// Its dead letters.
    pub dead_letters: Result<DeadLetterFile, StoreError>,
}

/// A checkpoint, and when it was committed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct KeptCheckpoint {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// When it was committed, by the machine's clock; none if that can't be read.
    pub committed_at: Option<Timestamp>,
}

/// The size of a file of dead letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetterFile {
    /// How many letters it holds. A replay may have written one twice.
    pub letters: u64,
    /// How many bytes it has.
    pub bytes: u64,
}

impl StateFolder {
    /// Who holds a state folder at present. It waits for the disk.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unavailable`] if that can't be found out.
    pub fn holder(path: &Path) -> Result<Option<Holder>, StoreError> {
        Holder::find(path).map_err(|error| unlisted(&path.join("lock"), error))
    }

    /// Reads a state folder. It waits for the disk.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unavailable`] if there is no such folder, or if it can't be read. What can't
    /// be read in it is among its streams and [`faults`](Self::faults), which say what is excepted.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        if let Err(error) = fs::read_dir(&path) {
            return Err(match error.kind() {
                io::ErrorKind::NotFound => missing(&path, error),
                _ => unlisted(&path, error),
            });
        }
        let mut faults = Vec::new();
        let holder = Holder::find(&path).unwrap_or_else(|error| {
            faults.push(unlisted(&path.join("lock"), error));
            None
        });
        // Read before the checkpoints: what is committed meanwhile is the later of the two.
        let successes = success_file::read(&path);
        let mut found = BTreeSet::new();
        for (kind, ending) in [(CURSORS, "json"), (LETTERS, "ndjson")] {
            find(
                &path.join(kind),
                ending,
                &mut Vec::new(),
                &mut found,
                &mut faults,
            );
        }
        let mut streams = Vec::new();
        for stream in found {
            let noted = successes.get(&stream).copied();
            streams.push(StreamState::read(&path, stream, noted));
        }
        Ok(Self {
            path,
            holder,
            streams,
            faults,
        })
    }
}

impl StreamState {
    fn read(folder: &Path, stream: StreamId, noted: Option<Success>) -> Self {
        let contents = Contents::read(&checkpoint_path(folder, &stream));
        let checkpoint = contents.map(|contents| {
            contents.map(|contents| KeptCheckpoint {
                committed_at: contents.committed_at(),
                checkpoint: Checkpoint {
                    stream: stream.clone(),
                    revision: contents.revision,
                    place: Some(contents.place()),
                },
            })
        });
        let kept = checkpoint.as_ref().ok().and_then(Option::as_ref);
        let moved = kept.filter(|kept| !kept.is_start());
        let committed = moved.and_then(|kept| kept.committed_at.clone());
        let path = letters_path(folder, &stream);
        let dead_letters = DeadLetterFile::read(&path).map_err(|error| unlisted(&path, error));
        Self {
            stream,
            checkpoint,
            last_success: Success::latest(noted, committed, SystemTime::now()),
            dead_letters,
        }
    }
}

impl KeptCheckpoint {
    /// Whether nothing was read yet since a place to start from was committed.
    fn is_start(&self) -> bool {
        let place = self.checkpoint.place.as_ref();
        place.is_some_and(|place| matches!(place.position, Position::Reset(_)))
    }
}

impl DeadLetterFile {
    fn read(path: &Path) -> io::Result<Self> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut found = Self::default();
        let mut reader = BufReader::with_capacity(64 * 1024, file);
        loop {
            let block = reader.fill_buf()?;
            let length = block.len();
            if length == 0 {
                return Ok(found);
            }
            let ends = block.iter().filter(|byte| **byte == b'\n').count();
            found.letters += ends as u64;
            found.bytes += length as u64;
            reader.consume(length);
        }
    }
}

/// Finds the streams that have a file below a folder: `<account>/<feed>/<destination>.<ending>`.
fn find(
    folder: &Path,
    ending: &str,
    names: &mut Vec<String>,
    found: &mut BTreeSet<StreamId>,
    faults: &mut Vec<StoreError>,
) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                faults.push(unlisted(folder, error));
            }
            return;
        }
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                faults.push(unlisted(folder, error));
                continue;
            }
        };
        let name = entry.file_name().to_string_lossy().into_owned();
        if names.len() < 2 {
            let path = entry.path();
            match fs::metadata(&path) {
                Ok(about) if about.is_dir() => {
                    names.push(name);
                    find(&path, ending, names, found, faults);
                    names.pop();
                }
                Ok(_) => {}
                Err(error) => faults.push(unlisted(&path, error)),
            }
            continue;
        }
        // What is called otherwise is none of ours: something written aside, somebody's copy.
        if let Some((destination, end)) = name.rsplit_once('.')
            && end == ending
            && let Ok(stream) = format!("{}/{destination}", names.join("/")).parse()
        {
            found.insert(stream);
        }
    }
}

fn missing(path: &Path, error: io::Error) -> StoreError {
    let shown = path.display();
    StoreError::new(
        StoreErrorKind::Unavailable,
        format!("there is no state folder {shown}: look where the process that has it keeps it"),
    )
    .with_source(error)
}

fn unlisted(path: &Path, error: io::Error) -> StoreError {
    let shown = path.display();
    StoreError::new(
        StoreErrorKind::Unavailable,
        format!("{shown} can't be read ({error}): look at its rights and at the disk"),
    )
    .with_source(error)
}
