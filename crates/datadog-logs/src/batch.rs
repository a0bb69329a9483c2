//! Batches: as many entries as the intake takes in one request, measured on the bytes as they are
//! written.

use crate::LogEntry;

/// What the intake takes in one request. The default is what Datadog documents
/// (<https://docs.datadoghq.com/api/latest/logs/#send-logs>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most entries: 1,000.
    pub entries: usize,
    /// The most bytes before compression, brackets and commas included: 5,000,000. "5 MB" is taken
    /// as decimal, the smaller of its two readings.
    pub bytes: usize,
    /// The most bytes of one entry: 1,000,000. Datadog would accept a larger one and cut it, which
    /// breaks its JSON.
    pub entry_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 1_000,
            bytes: 5_000_000,
            entry_bytes: 1_000_000,
        }
    }
}

/// What became of [`fill`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fill {
    /// So many of the first entries were written. None, if there are none.
    Entries(usize),
    /// The first entry can't be sent at all. Nothing was written.
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
}

/// Writes as many of the first `entries` as `limits` allow into `body`, as one JSON array.
///
/// What is in `body` is overwritten. It ends before an entry that is too large by itself, so that
/// this one is the first of the next call, which then tells. No entry is ever cut.
pub fn fill(body: &mut Vec<u8>, entries: &[LogEntry], limits: &Limits) -> Fill {
    body.clear();
    let entries = &entries[..entries.len().min(limits.entries)];
    let hint = entries.iter().map(LogEntry::size_hint).sum::<usize>();
    body.reserve(hint.min(limits.bytes));

    let mut written = 0;
    for entry in entries {
        let end = body.len();
        body.push(if written == 0 { b'[' } else { b',' });
        entry.write_json(body);
        let bytes = body.len() - end - 1;
        let too_large = bytes > limits.entry_bytes || bytes + 2 > limits.bytes;
        if too_large || body.len() + 1 > limits.bytes {
            // Written too far: only the bytes themselves tell the size, so it is taken back.
            body.truncate(end);
            if too_large && written == 0 {
                return Fill::TooLarge { bytes };
            }
            break;
        }
        written += 1;
    }
    if written > 0 {
        body.push(b']');
    }
    Fill::Entries(written)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn entry_of(bytes: usize) -> LogEntry {
        const FRAME: usize = "{\"message\":\"\"}".len();
        LogEntry::new("x".repeat(bytes - FRAME))
    }

    fn check(entries: &[LogEntry], expect: Fill, length: usize) {
        let mut body = b"left over".to_vec();
        assert_eq!(fill(&mut body, entries, &Limits::default()), expect);
        assert_eq!(body.len(), length);
    }

    #[test]
    fn a_thousand_entries() {
        let entries = vec![entry_of(20); 1_001];
        check(&entries, Fill::Entries(1_000), 21_001);
        check(&[], Fill::Entries(0), 0);
    }

    #[test]
    fn five_million_bytes_with_brackets_and_commas() {
        let mut entries = vec![entry_of(1_000_000); 4];
        entries.push(entry_of(999_994));
        check(&entries, Fill::Entries(5), 5_000_000);
        entries[4] = entry_of(999_995);
        check(&entries, Fill::Entries(4), 4_000_005);
    }

    #[test]
    fn a_million_bytes_an_entry() {
        let entries = [entry_of(1_000_000), entry_of(1_000_001), entry_of(20)];
        check(&entries, Fill::Entries(1), 1_000_002);
        check(&entries[1..], Fill::TooLarge { bytes: 1_000_001 }, 0);
        check(&entries[2..], Fill::Entries(1), 22);
    }

    prop_compose! {
        fn any_entry()(message in ".{0,60}", attribute in prop::option::of(".{0,40}")) -> LogEntry {
            let entry = LogEntry::new(message);
            match attribute {
                Some(text) => entry.attribute("a", &text).unwrap(),
                None => entry,
            }
        }
    }

    proptest! {
        #[test]
        fn every_entry_comes_out_once_and_limits_hold(
            entries in prop::collection::vec(any_entry(), 0..40),
            count in 1..10_usize,
            bytes in 2..400_usize,
            entry_bytes in 1..200_usize,
        ) {
            let limits = Limits { entries: count, bytes, entry_bytes };
            let mut body = Vec::new();
            let mut seen = 0;
            while seen < entries.len() {
                match fill(&mut body, &entries[seen..], &limits) {
                    Fill::Entries(written) => {
                        prop_assert!(written > 0 && written <= count);
                        prop_assert!(body.len() <= bytes);
                        let read: Vec<Value> = serde_json::from_slice(&body).unwrap();
                        let sent = entries[seen..seen + written].iter();
                        prop_assert_eq!(read, sent.map(value).collect::<Vec<_>>());
                        seen += written;
                    }
                    Fill::TooLarge { bytes: size } => {
                        prop_assert!(body.is_empty());
                        prop_assert_eq!(size, text(&entries[seen]).len());
                        prop_assert!(size > entry_bytes || size + 2 > bytes);
                        seen += 1;
                    }
                }
            }
        }
    }

    fn text(entry: &LogEntry) -> Vec<u8> {
        let mut text = Vec::new();
        entry.write_json(&mut text);
        text
    }

    fn value(entry: &LogEntry) -> Value {
        serde_json::from_slice(&text(entry)).unwrap()
    }
}
