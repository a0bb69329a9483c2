//! A checkpoint as it stands in its file.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use onepassword_events::{Position, Timestamp};
use serde::{Deserialize, Serialize};

use super::{StoreError, StoreErrorKind};
use crate::{PageDigest, Place, StreamId};

/// The folders of checkpoints and of dead letters.
pub(super) const CURSORS: &str = "cursors";
pub(super) const LETTERS: &str = "dead-letters";

/// The format that this version writes, and the only one that it reads.
const FORMAT: u64 = 1;

#[derive(Serialize, Deserialize)]
pub(super) struct Contents {
    format: u64,
    pub(super) revision: u64,
    position: Position,
    last_page: Option<PageDigest>,
    committed_at: String,
}

#[derive(Deserialize)]
struct Format {
    format: u64,
}

impl Contents {
    /// What is committed now.
    pub(super) fn new(revision: u64, place: &Place) -> Self {
        Self {
            format: FORMAT,
            revision,
            position: place.position.clone(),
            last_page: place.last_page.clone(),
            committed_at: Timestamp::from(SystemTime::now()).to_string(),
        }
    }

    pub(super) fn parse(path: &Path, text: &[u8]) -> Result<Self, StoreError> {
        let format = serde_json::from_slice::<Format>(text);
        let contents = match format {
            Ok(Format { format }) if format != FORMAT => Err(format!(
                "it is of format {format}, and this version reads format {FORMAT}"
            )),
            _ => serde_json::from_slice(text).map_err(|error| error.to_string()),
        };
        contents.map_err(|fault| unreadable(path, &fault))
    }

    /// None if there is no such file.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        text_of(path)?
            .map(|text| Self::parse(path, &text))
            .transpose()
    }

    pub(super) fn place(self) -> Place {
        Place {
            position: self.position,
            last_page: self.last_page,
        }
    }

    /// Nothing hangs on it, so none that can be read will do.
    pub(super) fn committed_at(&self) -> Option<Timestamp> {
        self.committed_at.parse().ok()
    }
}

/// The text of a checkpoint; none if there is no such file.
pub(super) fn text_of(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(inaccessible(path, error)),
    }
}

/// Where in a state folder a stream's checkpoint is.
pub(super) fn checkpoint_path(folder: &Path, stream: &StreamId) -> PathBuf {
    path_of(folder, stream, CURSORS, "json")
}

/// Where in a state folder a stream's dead letters are.
pub(super) fn letters_path(folder: &Path, stream: &StreamId) -> PathBuf {
    path_of(folder, stream, LETTERS, "ndjson")
}

fn path_of(folder: &Path, stream: &StreamId, kind: &str, ending: &str) -> PathBuf {
    let StreamId {
        account,
        feed,
        destination,
    } = stream;
    let folder = folder.join(kind).join(account.as_str()).join(feed.as_str());
    folder.join(format!("{destination}.{ending}"))
}

fn unreadable(path: &Path, fault: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unreadable,
        format!(
            "the checkpoint {} can't be read ({fault}): put it back from a copy, or begin its stream \
             again from before its last commit",
            path.display()
        ),
    )
}

/// What is in it may be good: nobody must be told to begin again.
fn inaccessible(path: &Path, error: io::Error) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unreadable,
        format!(
            "the checkpoint {} can't be read ({error}): look at its rights and at the disk",
            path.display()
        ),
    )
    .with_source(error)
}
