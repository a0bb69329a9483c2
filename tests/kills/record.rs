use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use op_dd_fakes::{Event, Feed};
use serde::Deserialize;

use super::STREAMS;

/// How often each event has arrived, by the record that the fake intake keeps: a few bytes an event.
pub(super) struct Record {
    path: PathBuf,
    /// How much of the file was read: whole lines.
    behind: u64,
    events: HashMap<Uuid, Arrival>,
    arrived: usize,
    repeated: [usize; STREAMS],
    unknown: usize,
}

type Uuid = [u8; 26];

struct Arrival {
    feed: Feed,
    has_happened: bool,
}

#[derive(Deserialize)]
struct Identified<'a> {
    #[serde(borrow)]
    uuid: &'a str,
}

impl Record {
    /// A record of these events, of which none has arrived.
    pub(super) fn new(events: impl Iterator<Item = Event>, path: PathBuf) -> Self {
        let events = events.map(|event| {
            let arrival = Arrival {
                feed: event.feed(),
                has_happened: false,
            };
            (uuid(event.json()).unwrap(), arrival)
        });
        Self {
            path,
            behind: 0,
            events: events.collect(),
            arrived: 0,
            repeated: [0; STREAMS],
            unknown: 0,
        }
    }

    /// Reads what was written since.
    pub(super) fn read(&mut self) {
        let lines = written_since(&self.path, self.behind);
        self.behind += lines.len() as u64;
        for line in lines.lines() {
            match uuid(line).and_then(|uuid| self.events.get_mut(&uuid)) {
                None => self.unknown += 1,
                Some(Arrival { feed, has_happened }) if *has_happened => {
                    let place = Feed::ALL.iter().position(|other| other == feed);
                    self.repeated[place.unwrap()] += 1;
                }
                Some(Arrival { has_happened, .. }) => {
                    *has_happened = true;
                    self.arrived += 1;
                }
            }
        }
    }

    /// How many events have arrived at least once.
    pub(super) fn arrived(&self) -> usize {
        self.arrived
    }

    /// How many events have not arrived.
    pub(super) fn missing(&self) -> usize {
        self.events.len() - self.arrived
    }

    /// How many lines are none of these events.
    pub(super) fn unknown(&self) -> usize {
        self.unknown
    }

    /// How many events of each feed have arrived again since this was asked last.
    pub(super) fn take_repeated(&mut self) -> [usize; STREAMS] {
        std::mem::take(&mut self.repeated)
    }
}

/// The identifier that an event or the log of it has.
fn uuid(json: &str) -> Option<Uuid> {
    let identified: Identified<'_> = serde_json::from_str(json).ok()?;
    identified.uuid.as_bytes().try_into().ok()
}

/// The lines behind that place that are finished.
fn written_since(path: &Path, place: u64) -> String {
    let mut file = File::open(path).unwrap();
    file.seek(SeekFrom::Start(place)).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    bytes.truncate(end.map_or(0, |end| end + 1));
    String::from_utf8(bytes).unwrap()
}
