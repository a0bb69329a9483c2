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
    arrived: [usize; STREAMS],
    repeated: [usize; STREAMS],
    out_of_order: usize,
    unknown: usize,
}

type Uuid = [u8; 26];

struct Arrival {
    stream: u8,
    /// How many events of the stream are before it.
    number: u32,
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
        let mut numbers = [0; STREAMS];
        let events = events.map(|event| {
            let stream = Feed::ALL.iter().position(|feed| *feed == event.feed());
            let stream = stream.unwrap();
            let arrival = Arrival {
                stream: stream as u8,
                number: numbers[stream],
                has_happened: false,
            };
            numbers[stream] += 1;
            (uuid(event.json()).unwrap(), arrival)
        });
        Self {
            path,
            behind: 0,
            events: events.collect(),
            arrived: [0; STREAMS],
            repeated: [0; STREAMS],
            out_of_order: 0,
            unknown: 0,
        }
    }

    /// Reads what was written since.
    pub(super) fn read(&mut self) {
        let lines = written_since(&self.path, self.behind);
        self.behind += lines.len() as u64;
        for line in lines.lines() {
            let Some(arrival) = uuid(line).and_then(|uuid| self.events.get_mut(&uuid)) else {
                self.unknown += 1;
                continue;
            };
            let stream = usize::from(arrival.stream);
            if std::mem::replace(&mut arrival.has_happened, true) {
                self.repeated[stream] += 1;
            } else {
                let in_order = arrival.number as usize == self.arrived[stream];
                self.out_of_order += usize::from(!in_order);
                self.arrived[stream] += 1;
            }
        }
    }

    /// How many events have arrived at least once.
    pub(super) fn arrived(&self) -> usize {
        self.arrived.iter().sum()
    }

    /// How many events have not arrived.
    pub(super) fn missing(&self) -> usize {
        self.events.len() - self.arrived()
    }

    /// How many events arrived for the first time before one that is before them in their stream: a
    /// page is sent only once the one before it is known to have been accepted.
    pub(super) fn out_of_order(&self) -> usize {
        self.out_of_order
    }

    /// How many lines are none of these events.
    pub(super) fn unknown(&self) -> usize {
        self.unknown
    }

    /// How often an event of each stream has arrived that had arrived before.
    pub(super) fn repeated(&self) -> [usize; STREAMS] {
        self.repeated
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
