//! The state folder, for those who come to it beside the process that holds it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::exit::{Exit, Failure};

/// Where the state is. A configuration that is broken keeps nobody from looking where he says.
pub(crate) fn folder(config: Option<&Path>, state: Option<&Path>) -> Result<PathBuf, Failure> {
    let config = match config {
        Some(path) if state.is_none() => Config::read_for_content(path)?,
        _ => Config::default(),
    };
    config.state_folder(state)
}

/// Refuses a folder that is another user's: what is made there by this one, that one can't read, and
/// its streams would be held. Root can read all.
pub(crate) fn must_be_ours(folder: &Path) -> Result<(), Failure> {
    #[cfg(unix)]
    if let (Some(owner), Some(own)) = (owner(folder), own())
        && owner != own
        && owner != 0
    {
        let (shown, user) = (folder.display(), user(owner));
        return Err(Failure::new(
            Exit::StateFolder,
            format!(
                "the state folder {shown} is the user {user}'s, who could not read what this command \
                 writes there: give it as that user, by sudo -u {user} op-dd …"
            ),
        ));
    }
    Ok(())
}

/// Of the process that was at work there; else of the folder, which may be shared by a group.
#[cfg(unix)]
fn owner(folder: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let found = fs::metadata(folder.join("lock")).or_else(|_| fs::metadata(folder));
    found.ok().map(|found| found.uid())
}

/// Of this process, by whose a file is that it makes.
#[cfg(unix)]
fn own() -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let file = tempfile::tempfile().ok()?;
    file.metadata().ok().map(|file| file.uid())
}

/// By name if it is known, else as sudo takes a number.
#[cfg(unix)]
fn user(id: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let id = id.to_string();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("#{id}"))
}
