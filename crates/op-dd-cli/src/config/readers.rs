//! Who may read a file, where the system has rights for that.

use std::path::Path;

/// Reading, by the file's group.
pub(super) const GROUP: u32 = 0o040;
/// Reading, by everyone.
pub(super) const OTHERS: u32 = 0o004;

/// The file's mode, if it grants any of these rights. A file that isn't there is said elsewhere.
#[cfg(unix)]
pub(super) fn mode_if(path: &Path, rights: u32) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & rights != 0).then_some(mode)
}

#[cfg(not(unix))]
pub(super) fn mode_if(_: &Path, _: u32) -> Option<u32> {
    None
}
