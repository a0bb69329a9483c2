use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::{StoreError, StoreErrorKind};

/// The process that holds a state folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// Its id, unless it has only begun to take the folder.
    pub pid: Option<u32>,
}

impl Holder {
    /// Who holds the folder at present.
    pub(super) fn find(folder: &Path) -> io::Result<Option<Self>> {
        let mut file = match File::open(folder.join("lock")) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(Self::of(&mut file))),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn of(lock: &mut File) -> Self {
        let mut text = String::new();
        // Without an id less is known, but that it is held stands.
        let _ = lock.read_to_string(&mut text);
        Self {
            pid: text.trim().parse().ok(),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}"),
            None => f.write_str("another process"),
        }
    }
}

/// Takes the lock. Whoever looks for its holder has it for a moment, too, and that is no refusal.
fn patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 0..5 {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(10)),
            done => return done,
        }
    }
    file.try_lock()
}

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
        match patiently(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = Holder::of(&mut file);
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
