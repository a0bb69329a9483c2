use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::{StoreError, StoreErrorKind};

/// Holds a state folder for this process, as long as it lives: the system lets go of the lock when
/// the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the folder, and leaves this process's id in it for others to read.
    pub(super) fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let unavailable = |error: io::Error| {
            StoreError::new(
                StoreErrorKind::Unavailable,
                format!(
                    "the state folder can't be locked at {} ({error}): \
                     give this user the right to write there, or choose another folder",
                    path.display()
                ),
            )
            .with_source(error)
        };
        let mut file = options.open(&path).map_err(unavailable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Without an id the message says less, but the refusal stands.
                let _ = file.read_to_string(&mut holder);
                let holder = match holder.trim() {
                    "" => "another process".to_owned(),
                    pid => format!("process {pid}"),
                };
                return Err(StoreError::new(
                    StoreErrorKind::Held,
                    format!(
                        "the state folder {} is held by {holder}: stop it, or choose another folder",
                        folder.display()
                    ),
                ));
            }
            Err(TryLockError::Error(error)) => return Err(unavailable(error)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(unavailable)?;
        Ok(Self { path, file })
    }

    /// Looks whether the folder is still the one that was taken, and none that stands in its place.
    pub(super) fn check(&self, folder: &Path) -> Result<(), StoreError> {
        match self.is_in_place() {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::new(
                StoreErrorKind::Gone,
                format!(
                    "the state folder {} was removed or replaced while in use: put it back as it \
                     was; to begin every stream again in an empty one, start this process anew",
                    folder.display()
                ),
            )),
            Err(error) => Err(StoreError::new(
                StoreErrorKind::Unavailable,
                format!(
                    "the state folder {} can't be reached ({error}): look at its rights and at \
                     the disk",
                    folder.display()
                ),
            )
            .with_source(error)),
        }
    }

    fn is_in_place(&self) -> io::Result<bool> {
        let found = match fs::metadata(&self.path) {
            Ok(found) => found,
            Err(error) => {
                return match error.kind() {
                    ErrorKind::NotFound | ErrorKind::NotADirectory => Ok(false),
                    _ => Err(error),
                };
            }
        };
        let ours = self.file.metadata()?;
        Ok(is_same(&ours, &found))
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere a file that is open stays where it is.
#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}
