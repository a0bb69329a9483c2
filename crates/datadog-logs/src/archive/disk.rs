use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::folders::{Folders, above, sync};
use super::lock::{Lock, LockError};
use super::writers::Writers;
use crate::{SendError, SendErrorKind};

/// Where files are written before they are renamed. It is made when the folder is opened and never
/// again, so that a folder whose disk is not mounted any more is missed.
const UNFINISHED: &str = ".unfinished";

/// What is locked, in there.
const LOCK: &str = "lock";

/// A folder that files are put into, each wholly or not at all.
pub(super) struct Disk {
    folders: Folders,
    unfinished: PathBuf,
    pub(super) writers: Writers,
    _lock: Lock,
}

impl Disk {
    /// Makes the folder, takes it for this process, does away with what a crash left in it, and writes
    /// something.
    pub(super) fn open(root: &Path) -> Result<Self, SendError> {
        let unwritable = |error| failure(root, error);
        let folders = Folders::open(root).map_err(unwritable)?;
        let unfinished = root.join(UNFINISHED);
        folders.make(&unfinished).map_err(unwritable)?;
        let lock = Lock::take(&unfinished.join(LOCK)).map_err(|error| match error {
            LockError::Held(holder) => {
                let name = format!("{}, which {holder} holds,", name(root));
                SendError::new(SendErrorKind::Storage(io::ErrorKind::ResourceBusy)).with_host(name)
            }
            LockError::Io(error) => unwritable(error),
        })?;
        clear(&unfinished).map_err(unwritable)?;
        let disk = Self {
            folders,
            unfinished,
            writers: Writers::new(),
            _lock: lock,
        };
        disk.write_aside(b"{}\n").map_err(unwritable)?;
        Ok(disk)
    }

    pub(super) fn path(&self) -> &Path {
        self.folders.root()
    }

    /// Puts a file at a path below the folder, in the place of one that is there already.
    pub(super) fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let file = self.write_aside(bytes)?;
        let path = self.path().join(path);
        self.folders.make(above(&path))?;
        file.persist(&path)?;
        sync(above(&path))
    }

    /// A file that is on the disk, and goes away by itself unless it is put somewhere.
    fn write_aside(&self, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
        let mut file = tempfile::NamedTempFile::new_in(&self.unfinished)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
    }
}

pub(super) fn failure(folder: &Path, error: io::Error) -> SendError {
    SendError::new(SendErrorKind::Storage(error.kind()))
        .with_host(name(folder))
        .with_source(error)
}

/// What errors call it.
pub(super) fn name(folder: &Path) -> String {
    format!("the archive {}", folder.display())
}

/// Removes the files that a crash left. What else somebody has put there is none of ours.
fn clear(unfinished: &Path) -> io::Result<()> {
    for left in fs::read_dir(unfinished)? {
        let left = left?;
        if left.file_name() != LOCK && left.file_type()?.is_file() {
            fs::remove_file(left.path())?;
            tracing::info!(file = %left.path().display(), "removed what a crash left unfinished");
        }
    }
    Ok(())
}
