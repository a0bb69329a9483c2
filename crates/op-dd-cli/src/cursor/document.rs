use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::SystemTime;

use onepassword_events::{Position, Timestamp};
use op_dd_bridge::{PageDigest, Place, StateFolder, StreamId};
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// The format that this version writes, and the only one that it reads.
const FORMAT: u64 = 1;

/// All cursors of a state, as `export` prints them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    format: u64,
    exported_at: String,
    pub(super) streams: Vec<Entry>,
    /// Streams whose checkpoints could not be read, so that nobody takes this for all of them.
    unreadable: Vec<StreamId>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) stream: StreamId,
    revision: u64,
    position: Position,
    last_page: Option<PageDigest>,
    committed_at: Option<String>,
}

#[derive(Deserialize)]
struct Format {
    format: u64,
}

impl Document {
    pub(super) fn of(folder: &StateFolder) -> Self {
        let mut streams = Vec::new();
        let mut unreadable = Vec::new();
        for state in &folder.streams {
            match &state.checkpoint {
                Err(_) => unreadable.push(state.stream.clone()),
                Ok(None) => {}
                Ok(Some(kept)) => {
                    streams.extend(kept.checkpoint.place.clone().map(|place| Entry {
                        stream: state.stream.clone(),
                        revision: kept.checkpoint.revision,
                        position: place.position,
                        last_page: place.last_page,
                        committed_at: kept.committed_at.as_ref().map(ToString::to_string),
                    }))
                }
            }
        }
        Self {
            format: FORMAT,
            exported_at: Timestamp::from(SystemTime::now()).to_string(),
            streams,
            unreadable,
        }
    }

    /// Reads it whole and checks all of it.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let fault = |fault: &dyn Display| {
            let shown = path.display();
            Failure::configuration(format!(
                "{shown} can't be imported ({fault}): give a file that op-dd cursor export printed"
            ))
        };
        let text = text(path).map_err(|error| fault(&error))?;
        if let Ok(Format { format }) = serde_json::from_str(&text)
            && format != FORMAT
        {
            return Err(fault(&format!(
                "it is of format {format}, and this version reads format {FORMAT}"
            )));
        }
        let document: Self = serde_json::from_str(&text).map_err(|error| fault(&error))?;
        let mut seen = BTreeSet::new();
        for entry in &document.streams {
            if !seen.insert(&entry.stream) {
                return Err(fault(&format!("{} is in it twice", entry.stream)));
            }
        }
        Ok(document)
    }
}

impl Entry {
    pub(super) fn place(&self) -> Place {
        Place {
            position: self.position.clone(),
            last_page: self.last_page.clone(),
        }
    }
}

fn text(path: &Path) -> io::Result<String> {
    if path.as_os_str() != "-" {
        return std::fs::read_to_string(path);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
