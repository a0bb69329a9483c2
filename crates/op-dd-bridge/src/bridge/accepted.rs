use std::collections::HashMap;

use onepassword_events::{Event, Position};
use sha2::{Digest, Sha256};

use crate::DeadLetter;

/// The events of a page that the intake has accepted, or that were kept as dead letters, before the page
/// could be committed: they are neither sent nor kept again when the page is.
///
/// Known by their text, and counted, since a page may hold the same event twice. Most pages are
/// committed at once, so the texts are hashed only when a page is not.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    page: Option<Position>,
    envelope: bool,
    latest: Vec<Event>,
    counts: HashMap<[u8; 32], usize>,
    kept: HashMap<[u8; 32], usize>,
}

impl Accepted {
    /// Forgets all but what was accepted of the page at `position`.
    pub(super) fn turn_to(&mut self, position: &Position) {
        if self.page.as_ref() == Some(position) {
            self.condense();
        } else {
            self.forget();
            self.page = Some(position.clone());
        }
    }

    pub(super) fn add<'a>(&mut self, events: impl IntoIterator<Item = &'a Event>) {
        self.latest.extend(events.into_iter().cloned());
    }

    /// Whether the page's envelope was accepted without an event in it.
    pub(super) fn envelope(&self) -> bool {
        self.envelope
    }

    pub(super) fn add_envelope(&mut self) {
        self.envelope = true;
    }

    /// Those of the letters that are not kept yet.
    pub(super) fn not_kept(&self, letters: &[DeadLetter]) -> Vec<DeadLetter> {
        let mut kept = self.kept.clone();
        let letters = letters.iter();
        let letters = letters.filter(|letter| !take(&mut kept, letter.raw.as_bytes()));
        letters.cloned().collect()
    }

    pub(super) fn add_kept(&mut self, letters: &[DeadLetter]) {
        for letter in letters {
            *self.kept.entry(key(letter.raw.as_bytes())).or_default() += 1;
        }
    }

    /// The page is committed.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Lets go of the page that the events are slices of: it may be a while until it is read again.
    pub(super) fn condense(&mut self) {
        for event in self.latest.drain(..) {
            *self.counts.entry(key(event.raw())).or_default() += 1;
        }
    }

    /// For each event in order, whether it was accepted before.
    pub(super) fn mark(&self, events: &[Event]) -> Vec<bool> {
        if self.counts.is_empty() {
            return vec![false; events.len()];
        }
        let mut left = self.counts.clone();
        let events = events.iter();
        events.map(|event| take(&mut left, event.raw())).collect()
    }
}

/// Whether one of these is left; if so, it is one less.
fn take(left: &mut HashMap<[u8; 32], usize>, text: &[u8]) -> bool {
    match left.get_mut(&key(text)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

fn key(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use onepassword_events::{Cursor, Feed};

    use super::*;

    #[test]
    fn an_event_that_comes_twice_is_known_as_often_as_it_was_accepted() {
        let event = |json: &'static str| Event::new(Feed::ItemUsages, json).unwrap();
        let page = [event("{\"a\":1}"), event("{\"b\":1}"), event("{\"a\":1}")];
        let position = |cursor| Position::After(Cursor::new(cursor).unwrap());
        let mut accepted = Accepted::default();
        accepted.turn_to(&position("here"));
        assert_eq!(accepted.mark(&page), [false, false, false]);
        accepted.add([&page[0]]);
        accepted.condense();
        assert_eq!(accepted.mark(&page), [true, false, false]);
        accepted.add([&page[2]]);
        accepted.turn_to(&position("here"));
        assert_eq!(accepted.mark(&page), [true, false, true]);
        accepted.turn_to(&position("here"));
        assert_eq!(accepted.mark(&page), [true, false, true]);
        accepted.turn_to(&position("there"));
        assert_eq!(accepted.mark(&page), [false, false, false]);
    }
}
