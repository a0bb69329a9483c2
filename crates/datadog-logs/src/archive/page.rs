use std::collections::BTreeMap;
use std::ops::Range;
use std::time::SystemTime;

use super::line;
use super::object::Object;
use crate::LogEntry;

/// Logs as lines, sorted by the hours that they belong to.
pub(super) struct Page {
    text: Vec<u8>,
    hours: BTreeMap<String, Vec<Line>>,
}

/// Where a line stands, and which entry it is of.
pub(super) struct Line {
    pub(super) entry: usize,
    pub(super) range: Range<usize>,
}

impl Page {
    pub(super) fn write(entries: &[LogEntry], now: SystemTime) -> Self {
        const ID_AND_DATE: usize = 80;
        let size = entries.iter().map(LogEntry::size_hint).sum::<usize>();
        let mut text = Vec::with_capacity(size + entries.len() * ID_AND_DATE);
        let mut hours = BTreeMap::<_, Vec<_>>::new();
        for (entry, log) in entries.iter().enumerate() {
            let start = text.len();
            let hour = line::write(&mut text, log, now);
            let range = start..text.len();
            hours.entry(hour).or_default().push(Line { entry, range });
        }
        Self { text, hours }
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = Object<'_>> {
        self.hours
            .iter()
            .map(|(hour, lines)| Object::new(hour, &self.text, lines))
    }
}
