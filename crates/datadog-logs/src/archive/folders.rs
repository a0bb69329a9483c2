use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The folders below a root: their names are on the disk before anything is put into them, whoever
/// of several made them, and in whichever process.
pub(super) struct Folders {
    root: PathBuf,
    /// Those whose names this process has forced to the disk.
    kept: Mutex<HashSet<PathBuf>>,
}

impl Folders {
    /// Makes the root and what is above it.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        make(root)?;
        Ok(Self {
            root: root.into(),
            kept: Mutex::default(),
        })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Makes a folder below the root. The root isn't made again.
    pub(super) fn make(&self, path: &Path) -> io::Result<()> {
        // Nobody goes on with a folder that another has made and not forced to the disk yet.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.keep(path, &mut kept)
    }

    fn keep(&self, path: &Path, kept: &mut HashSet<PathBuf>) -> io::Result<()> {
        if path == self.root || kept.contains(path) && path.is_dir() {
            return Ok(());
        }
        self.keep(above(path), kept)?;
        create(path)?;
        sync(above(path))?;
        kept.insert(path.into());
        Ok(())
    }
}

/// A new name survives a crash only once its folder is on the disk, too.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

pub(super) fn above(path: &Path) -> &Path {
    match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    }
}

fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    make(above(path))?;
    create(path)?;
    sync(above(path))
}

/// Makes a folder for its owner alone, unless it is there.
fn create(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(_) if path.is_dir() => Ok(()),
        made => made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_made_is_forced_to_the_disk_all_the_same() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("a/root");
        let folders = Folders::open(&root).unwrap();
        let hour = root.join("dt=20260102/hour=03");
        fs::create_dir_all(&hour).unwrap();
        folders.make(&hour).unwrap();
        let kept = folders.kept.lock().unwrap().clone();
        let expect = [root.join("dt=20260102"), hour.clone()];
        assert_eq!(kept, HashSet::from(expect));

        fs::remove_dir_all(root.join("dt=20260102")).unwrap();
        folders.make(&hour).unwrap();
        assert!(hour.is_dir());
        fs::remove_dir_all(&root).unwrap();
        let error = folders.make(&hour).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
