//! A stretch of history that is to be carried once, beside what happens now.
//!
//! What was asked is a file in the state folder, and so is how far it is: one process may ask, and
//! another one do it.

use std::time::{Duration, SystemTime};

use onepassword_events::{Feed, Timestamp};
use op_dd_bridge::Name;
use serde::{Deserialize, Serialize};

use crate::archive::Place;
use crate::exit::Failure;

mod folder;
mod plan;
mod standing;
mod work;

pub(crate) use folder::Jobs;
pub(crate) use plan::RECENT;
pub(crate) use standing::{Standing, State};
pub(crate) use work::{Ledger, carry};

const FORMAT: u64 = 1;

/// How old an event may be and keep its own date, at the most.
const LATE: Duration = Duration::from_secs((17 * 60 + 30) * 60);

/// What is to be carried. It is written once and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Job {
    format: u64,
    pub(crate) id: String,
    pub(crate) asked_at: Timestamp,
    pub(crate) asked: Asked,
    /// From when on events of the window are left to live polling, which brings them to the same place.
    #[serde(default)]
    pub(crate) left_from: Option<Timestamp>,
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
    /// The parts that are to be carried, if what they are for can be kept. What has grown too old for
    /// Datadog meanwhile would be dated anew, which nobody asked for: an archive gets it, too.
    pub(crate) fn due(
        &self,
        before: Option<&Standing>,
        now: SystemTime,
    ) -> Result<Vec<&Part>, Failure> {
        let late = now.checked_sub(LATE).unwrap_or(now);
        let has_aged = |part: &&Part| {
            let from = Some(part.from.to_system_time());
            let left = before.map_or(from, |before| before.left_of(part));
            let keeps_dates = part.sink == Sink::Intake && !self.asked.redate;
            keeps_dates && left.is_some_and(|left| left < late)
        };
        if !self.parts.iter().any(|part| has_aged(&part)) {
            return Ok(self.parts.iter().collect());
        }
        if self.archive().is_none() {
            return Err(Failure::configuration(format!(
                "some of its events have grown too old for Datadog meanwhile: call it off by op-dd \
                 backfill --cancel {}, and ask again with --archive DIR or --redate",
                self.id
            )));
        }
        Ok(self.parts.iter().filter(|part| !has_aged(part)).collect())
    }

    /// The archive that it fills.
    pub(crate) fn archive(&self) -> Option<&Place> {
        self.parts.iter().find_map(|part| match &part.sink {
            Sink::Archive(place) => Some(place),
            Sink::Intake => None,
        })
    }

    /// When the first and the last part begin and end.
    pub(crate) fn window(&self) -> (Option<&Timestamp>, Option<&Timestamp>) {
        let starts = self.parts.iter().map(|part| &part.from);
        let ends = self.parts.iter().map(|part| &part.to);
        (
            starts.min_by_key(|time| time.to_system_time()),
            ends.max_by_key(|time| time.to_system_time()),
        )
    }

    /// Whether it carries the same to the same places.
    pub(crate) fn does_the_same_as(&self, other: &Self) -> bool {
        let same = |one: &Part, other: &Part| {
            (&one.sink, &one.from, &one.to) == (&other.sink, &other.from, &other.to)
        };
        let mut pairs = self.parts.iter().zip(&other.parts);
        self.parts.len() == other.parts.len() && pairs.all(|(one, other)| same(one, other))
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
