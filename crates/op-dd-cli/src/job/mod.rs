//! A stretch of history that is to be carried once, beside what happens now.
//!
//! What was asked is a file in the state folder, and so is how far it is: one process may ask, and
//! another one do it.

use onepassword_events::{Feed, Timestamp};
use op_dd_bridge::Name;
use serde::{Deserialize, Serialize};

use crate::archive::Place;

mod folder;
mod plan;
mod standing;
mod work;

pub(crate) use folder::Jobs;
pub(crate) use standing::{Standing, State};
pub(crate) use work::{Ledger, carry};

const FORMAT: u64 = 1;

/// What is to be carried. It is written once and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Job {
    format: u64,
    pub(crate) id: String,
    pub(crate) asked_at: Timestamp,
    pub(crate) asked: Asked,
    /// One after the other.
    pub(crate) parts: Vec<Part>,
}

/// The words of whoever asked, which are the same if they ask again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) account: Name,
    /// All that the account has, if there is none.
    #[serde(with = "feeds")]
    pub(crate) feeds: Vec<Feed>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) redate: bool,
    pub(crate) recent: bool,
    pub(crate) archive: Option<Place>,
}

/// What goes to one place: a stream for each feed, with a cursor of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// The destination of the streams.
    pub(crate) name: Name,
    pub(crate) sink: Sink,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sink {
    /// Datadog.
    Intake,
    /// The archive in this place.
    Archive(Place),
}

impl Job {
    /// When the first and the last part begin and end.
    pub(crate) fn window(&self) -> (Option<&Timestamp>, Option<&Timestamp>) {
        let starts = self.parts.iter().map(|part| &part.from);
        let ends = self.parts.iter().map(|part| &part.to);
        (
            starts.min_by_key(|time| time.to_system_time()),
            ends.max_by_key(|time| time.to_system_time()),
        )
    }
}

/// Feeds by their names.
mod feeds {
    use onepassword_events::Feed;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        feeds: &[Feed],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let names: Vec<_> = feeds.iter().map(|feed| feed.as_str()).collect();
        names.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Feed>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let feeds = names.iter().map(|name| name.parse());
        feeds.collect::<Result<_, _>>().map_err(de::Error::custom)
    }
}
