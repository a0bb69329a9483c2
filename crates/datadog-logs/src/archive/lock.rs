use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

/// Keeps a folder for this process: the system lets go of it when the process ends, however it ends.
pub(super) struct Lock {
    _file: File,
}

pub(super) enum LockError {
    /// Somebody else has it: who.
    Held(String),
    Io(io::Error),
}

impl Lock {
    /// Takes the file, and leaves this process's id in it for others to read.
    pub(super) fn take(path: &Path) -> Result<Self, LockError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(holder(&mut file))),
            // If more than locks are wrong with the disk, the next to write finds out.
            Err(TryLockError::Error(error)) => tracing::warn!(
                file = %path.display(),
                %error,
                "this disk knows no locks: see to it that no other process uses the folder"
            ),
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self { _file: file })
    }
}

fn holder(lock: &mut File) -> String {
    let mut id = String::new();
    // Without an id less is known, but that it is held stands.
    match lock
        .read_to_string(&mut id)
        .map(|_| id.trim().parse::<u32>())
    {
        Ok(Ok(id)) => format!("process {id}"),
        _ => "another process".to_owned(),
    }
}

impl From<io::Error> for LockError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
