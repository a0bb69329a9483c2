//! Keys that are written once, however often an event has them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The keys that an object has so far, each with the last number that was tried for another of it.
#[derive(Default)]
pub(super) struct Names<'a>(HashMap<Cow<'a, str>, usize>);

impl<'a> Names<'a> {
    /// Takes in a key. One that is there already gets the next number that makes a new one of it.
    pub(super) fn numbered(&mut self, key: Cow<'a, str>) -> Option<String> {
        let mut number = match self.0.entry(key.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(1);
                return None;
            }
            Entry::Occupied(entry) => *entry.get(),
        };
        // Each number is tried once, however many keys come that are alike.
        let name = loop {
            number += 1;
            let name = format!("{key}_{number}");
            if !self.0.contains_key(name.as_str()) {
                break name;
            }
        };
        self.0.insert(key, number);
        self.0.insert(Cow::Owned(name.clone()), 1);
        Some(name)
    }
}
