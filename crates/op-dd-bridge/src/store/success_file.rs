//! When the streams of a state folder were last well, in one small file.
//!
//! It is replaced whole, and not forced to the disk: it is written twice a minute for as long as the
//! process lives, and after a crash an older one, or none, costs nothing but a figure.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use onepassword_events::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::disk;
use crate::{StreamId, Success};

/// Where in the state folder it is.
const NAME: &str = "successes.json";

#[derive(Serialize, Deserialize)]
struct Entry {
    at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lag_s: Option<u64>,
}

/// What was noted; nothing, if that can't be read. An entry that can't be hides no other.
pub(super) fn read(folder: &Path) -> BTreeMap<StreamId, Success> {
    let text = fs::read(folder.join(NAME)).unwrap_or_default();
    let entries = serde_json::from_slice::<BTreeMap<String, Value>>(&text).unwrap_or_default();
    let entries = entries.into_iter().filter_map(|(stream, entry)| {
        let entry: Entry = serde_json::from_value(entry).ok()?;
        Some((stream.parse().ok()?, entry.success()?))
    });
    entries.collect()
}

pub(super) fn write(folder: &Path, successes: &BTreeMap<StreamId, Success>) -> io::Result<()> {
    let entries = successes.iter();
    let entries: BTreeMap<_, _> = entries
        .map(|(stream, success)| (stream, Entry::of(success)))
        .collect();
    disk::replace_unforced(&folder.join(NAME), &serde_json::to_vec(&entries)?)
}

impl Success {
    /// The later of what was noted and the last commit, which goes on when nothing is noted. A time that
    /// is still to come is of a clock that was wrong, and says nothing: an outage would stay hidden until
    /// it has come.
    pub(super) fn latest(
        noted: Option<Self>,
        committed: Option<Timestamp>,
        now: SystemTime,
    ) -> Option<Self> {
        let committed = committed.map(|time| time.to_system_time());
        let times = [noted.map(|noted| noted.at), committed];
        let at = times.into_iter().flatten().filter(|at| *at <= now).max()?;
        let lag = noted.and_then(|noted| noted.lag);
        Some(Self { at, lag })
    }
}

impl Entry {
    fn of(success: &Success) -> Self {
        let seconds = success
            .at
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        Self {
            at: Timestamp::from(at).to_string(),
            lag_s: success.lag.map(|lag| lag.as_secs()),
        }
    }

    fn success(&self) -> Option<Success> {
        let at = self.at.parse::<Timestamp>().ok()?;
        Some(Success {
            at: at.to_system_time(),
            lag: self.lag_s.map(Duration::from_secs),
        })
    }
}
