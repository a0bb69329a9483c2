//! What a file system is asked for, so that a crash leaves the old or the new and never half of one,
//! and what is done about what it left all the same.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde::de::IgnoredAny;

/// What is written aside has a name that begins so, until it is renamed.
const ASIDE: &str = ".tmp";

/// Puts a new file in an old one's place, wholly or not at all.
pub(super) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = above(path);
    let mut aside = tempfile::Builder::new().prefix(ASIDE).tempfile_in(folder)?;
    aside.write_all(text)?;
    aside.as_file().sync_all()?;
    aside.persist(path)?;
    sync_folder(folder)
}

/// The same for what may be lost in a crash, by one writer at a time: it waits for no disk.
pub(super) fn replace_unforced(path: &Path, text: &[u8]) -> io::Result<()> {
    // Always the same, so that a crash leaves one at the most.
    let aside = path.with_extension("tmp");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    for_its_owner(&mut options);
    options.open(&aside)?.write_all(text)?;
    fs::rename(&aside, path)
}

/// Removes a file, and what is removed stays so in a crash.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => sync_folder(above(path)),
    }
}

/// Adds whole lines to a file, or none.
pub(super) fn append(path: &Path, lines: &[u8]) -> io::Result<()> {
    let mut options = lines_of();
    options.create(true);
    for_its_owner(&mut options);
    let mut file = options.open(path)?;
    mend(&mut file, path)?;
    let end = file.seek(SeekFrom::End(0))?;
    if let Err(error) = file.write_all(lines).and_then(|()| file.sync_all()) {
        // They are all written again. Should half of them stay now, it is mended then.
        let _ = file.set_len(end);
        return Err(error);
    }
    sync_folder(above(path))
}

/// Makes a folder and those above it up to `root`, so that they survive a crash as what is put into
/// them does. The root itself is not made.
pub(super) fn make_folder(path: &Path, root: &Path) -> io::Result<()> {
    if path == root || path.is_dir() {
        return Ok(());
    }
    let above = above(path);
    make_folder(above, root)?;
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

/// Does away with what a crash left below a folder: files that were written aside and never renamed,
/// and lines that were never finished. What they were of was not committed, so it is done again.
///
/// A fault is no reason not to begin: what is in the way is met again, with a page that can wait.
pub(super) fn recover(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let recovered = if kind.is_dir() {
            recover(&path);
            Ok(())
        } else if !kind.is_file() {
            Ok(())
        } else if entry.file_name().to_string_lossy().starts_with(ASIDE) {
            fs::remove_file(&path).inspect(|()| {
                tracing::info!(file = %path.display(), "removed what a crash left unfinished");
            })
        } else if path.extension().is_some_and(|ending| ending == "ndjson") {
            let file = lines_of().open(&path);
            file.and_then(|mut file| mend(&mut file, &path))
        } else {
            Ok(())
        };
        if let Err(error) = recovered {
            tracing::warn!(file = %path.display(), %error, "what a crash may have left here stays");
        }
    }
}

/// Ends a last line that lacks nothing but its end, and takes one away that lacks more.
fn mend(file: &mut File, path: &Path) -> io::Result<()> {
    let end = file.seek(SeekFrom::End(0))?;
    let start = start_of_last_line(file, end)?;
    if start == end {
        return Ok(());
    }
    let mut line = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut line)?;
    if serde_json::from_slice::<IgnoredAny>(&line).is_ok() {
        return file.write_all(b"\n");
    }
    file.set_len(start)?;
    tracing::info!(
        file = %path.display(),
        bytes = line.len(),
        "took away a line that a crash left unfinished"
    );
    Ok(())
}

/// Where the line begins that has no end; at the file's end if there is none.
fn start_of_last_line(file: &mut File, end: u64) -> io::Result<u64> {
    let mut block = Vec::new();
    let mut from = end;
    while from > 0 {
        let length = from.min(64 * 1024);
        from -= length;
        block.clear();
        file.seek(SeekFrom::Start(from))?;
        (&*file).take(length).read_to_end(&mut block)?;
        if let Some(last) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + last as u64 + 1);
        }
    }
    Ok(0)
}

fn for_its_owner(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

fn lines_of() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    options
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
