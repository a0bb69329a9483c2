use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::{SendError, SendErrorKind};

/// Where files are written before they are renamed. It is made when the folder is opened and never
/// again, so that a folder whose disk is not mounted any more is missed.
const UNFINISHED: &str = ".unfinished";

/// A folder that files are put into, each wholly or not at all.
pub(super) struct Disk {
    root: PathBuf,
    unfinished: PathBuf,
}

impl Disk {
    /// Makes the folder, does away with what a crash left in it, and writes something.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let disk = Self {
            root: root.into(),
            unfinished: root.join(UNFINISHED),
        };
        make_folder(&disk.unfinished)?;
        for left in fs::read_dir(&disk.unfinished)? {
            let left = left?.path();
            fs::remove_file(&left)?;
            tracing::info!(file = %left.display(), "removed what a crash left unfinished");
        }
        disk.write_aside(b"{}\n")?;
        Ok(disk)
    }

    pub(super) fn path(&self) -> &Path {
        &self.root
    }

    /// Puts a file at a path below the folder, in the place of one that is there already.
    pub(super) fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let file = self.write_aside(bytes)?;
        let path = self.root.join(path);
        make_folder(above(&path))?;
        file.persist(&path)?;
        sync_folder(above(&path))
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

/// Makes a folder and those above it, so that they survive a crash as what is put into them does.
fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    make_folder(above(path))?;
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        // Somebody else was faster.
        Err(_) if path.is_dir() => {}
        made => made?,
    }
    sync_folder(above(path))
}

/// A new name survives a crash only once its folder is on the disk, too.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn above(path: &Path) -> &Path {
    match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    }
}
