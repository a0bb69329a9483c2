use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file that is made in a folder to see whether that can be done, and is gone afterwards.
struct Probe {
    path: PathBuf,
    file: File,
}

/// What a folder is like for this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fitness {
    /// It is there.
    Present,
    /// It isn't there, and can be made.
    ToBeMade,
}

/// Writes in a folder, locks what it has written, and takes it away; or does so where the folder would be made.
pub(super) fn probe(folder: &Path) -> io::Result<Fitness> {
    let present = folder
        .ancestors()
        .map(|folder| match folder {
            folder if folder.as_os_str().is_empty() => Path::new("."),
            folder => folder,
        })
        .find(|folder| folder.exists());
    let place = present.ok_or(io::ErrorKind::NotFound)?;
    if !place.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Probe::make(place)?.write_and_lock()?;
    Ok(if place == folder {
        Fitness::Present
    } else {
        Fitness::ToBeMade
    })
}

impl Probe {
    fn make(folder: &Path) -> io::Result<Self> {
        let path = folder.join(format!(".op-dd-check-{}", std::process::id()));
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).open(&path)?;
        Ok(Self { path, file })
    }

    fn write_and_lock(&mut self) -> io::Result<()> {
        self.file.write_all(b"op-dd check\n")?;
        self.file.sync_all()?;
        self.file.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => io::ErrorKind::WouldBlock.into(),
        })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // What can be made here can be removed here.
        let _ = std::fs::remove_file(&self.path);
    }
}
