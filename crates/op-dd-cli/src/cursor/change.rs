use std::path::Path;

use onepassword_events::{Cursor, Position};
use op_dd_bridge::{
    Amendment, FileStore, Note, Place, StateFolder, StoreError, StreamId, StreamState,
};

use crate::exit::Failure;
use crate::state::must_be_ours;

/// The state, held by this process, to be changed by hand.
pub(crate) struct Change {
    store: FileStore,
    pub(crate) found: StateFolder,
}

impl Change {
    /// Takes a state folder that is there.
    pub(crate) fn of(folder: &Path) -> Result<Self, Failure> {
        // One that isn't there would be made, wherever a slip of the pen has it.
        StateFolder::read(folder)?;
        Self::of_new(folder)
    }

    /// Takes a state folder, and makes it if it isn't there.
    pub(super) fn of_new(folder: &Path) -> Result<Self, Failure> {
        must_be_ours(folder)?;
        let store = FileStore::open(folder)?;
        let found = StateFolder::read(folder)?;
        Ok(Self { store, found })
    }

    pub(super) fn state(&self, stream: &StreamId) -> Option<&StreamState> {
        let mut streams = self.found.streams.iter();
        streams.find(|state| state.stream == *stream)
    }

    /// Puts streams where they are wanted, all or none, and says so.
    pub(crate) async fn put(
        &self,
        streams: Vec<(StreamId, Option<Place>)>,
        command: &str,
        reason: &str,
    ) -> Result<(), StoreError> {
        let lines: Vec<_> = streams
            .iter()
            .map(|(stream, next)| {
                let before = self.state(stream).map_or_else(nowhere, told);
                let next = next.as_ref();
                let after = next.map_or_else(nowhere, |next| shown(&next.position));
                format!("{stream}: now {after}, before {before}")
            })
            .collect();
        let amendments = streams.into_iter().map(|(stream, next)| Amendment {
            found: self.state(&stream).map_or(Some(0), revision),
            stream,
            next,
        });
        let note = Note::new(command, reason).user(user());
        self.store.amend(amendments.collect(), note).await?;
        for line in lines {
            tracing::info!(command, reason, "{line}");
        }
        Ok(())
    }
}

/// Where a stream stands, in few words.
pub(super) fn told(state: &StreamState) -> String {
    match &state.checkpoint {
        Err(_) => "can't be read".to_owned(),
        Ok(None) => nowhere(),
        Ok(Some(kept)) => {
            let place = kept.checkpoint.place.as_ref();
            place.map_or_else(nowhere, |place| shown(&place.position))
        }
    }
}

fn nowhere() -> String {
    "no cursor".to_owned()
}

fn shown(position: &Position) -> String {
    match position {
        Position::Reset(reset) => format!("start {}", reset.start),
        Position::After(cursor) => format!("after {}", shortened(cursor)),
    }
}

/// As much of a cursor as tells it from others: all begin alike, being of one form.
fn shortened(cursor: &Cursor) -> String {
    let text = cursor.as_str();
    let end: Vec<char> = text.chars().rev().take(12).collect();
    let end: String = end.into_iter().rev().collect();
    if end.len() == text.len() {
        end
    } else {
        format!("…{end}")
    }
}

/// 0 without a checkpoint, none if it can't be read.
fn revision(state: &StreamState) -> Option<u64> {
    let kept = state.checkpoint.as_ref().ok()?.as_ref();
    Some(kept.map_or(0, |kept| kept.checkpoint.revision))
}

/// Who gives the command: by `sudo`, whoever called it.
fn user() -> Option<String> {
    let names = ["SUDO_USER", "USER", "LOGNAME", "USERNAME"].into_iter();
    names
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.is_empty())
}
