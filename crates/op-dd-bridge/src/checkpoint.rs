use std::fmt;

use onepassword_events::{Event, Position};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::StreamId;

/// How far a stream has come, as its store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The stream.
    pub stream: StreamId,
    /// Counts the commits: a commit succeeds only against the revision that it was made from.
    /// 0 for a stream that nothing was committed of.
    pub revision: u64,
    /// The place; none for a stream that nothing was committed of.
    pub place: Option<Place>,
}

/// A place in a stream: everything before it has been delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Where to read on.
    pub position: Position,
    /// The last page that had events in it, to know it again should the server repeat it.
    pub last_page: Option<PageDigest>,
}

/// A fingerprint of a page's events by their ids.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageDigest(String);

impl Checkpoint {
    /// The checkpoint of a stream that nothing was committed of.
    #[must_use]
    pub fn fresh(stream: StreamId) -> Self {
        Self {
            stream,
            revision: 0,
            place: None,
        }
    }
}

impl PageDigest {
    /// The fingerprint of these events in this order.
    #[must_use]
    pub fn of(events: &[Event]) -> Self {
        let mut hash = Sha256::new();
        for event in events {
            match event.uuid() {
                Some(uuid) => hash.update(uuid.as_bytes()),
                None => hash.update(event.raw()),
            }
            // No id holds a line's end, so none runs into the next.
            hash.update(b"\n");
        }
        let hex = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self(hex)
    }
}

impl fmt::Debug for PageDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageDigest({})", self.0)
    }
}
