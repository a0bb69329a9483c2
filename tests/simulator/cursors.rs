use std::collections::HashMap;
use std::sync::Mutex;
use std::time::SystemTime;

use super::dice::Dice;

/// What every cursor that was ever given out stands for.
pub(crate) struct Cursors(Mutex<Given>);

struct Given {
    dice: Dice,
    places: HashMap<String, Place>,
    /// The cursors by what they were given for: the same page read again gives the same cursor.
    known: HashMap<(String, usize), String>,
}

/// A place in a stream.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) stream: usize,
    /// Items before this have been given.
    pub(crate) index: usize,
    /// Where the page began that the cursor was given with.
    pub(crate) page: Option<usize>,
    /// Events that happened before this are left out: it is baked in.
    pub(crate) start: SystemTime,
    /// How many empty pages with new cursors come first.
    pub(crate) hollow: usize,
    /// How often the server gives the page before once more, or nothing at all, with this very cursor.
    pub(crate) echoes: usize,
}

impl Cursors {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Given {
            dice: Dice::new(seed, "cursors"),
            places: HashMap::new(),
            known: HashMap::new(),
        }))
    }

    pub(crate) fn place(&self, cursor: &str) -> Option<Place> {
        self.0.lock().unwrap().places.get(cursor).cloned()
    }

    /// The cursor behind a page that was asked for by `asked` and ended before item `place.index`. While
    /// faults may happen, one in a few has something to it.
    pub(crate) fn give(&self, asked: &str, mut place: Place, faults: bool) -> String {
        let given = &mut *self.0.lock().unwrap();
        let known = (asked.to_owned(), place.index);
        if let Some(cursor) = given.known.get(&known) {
            return cursor.clone();
        }
        place.hollow = if given.dice.chance(12) {
            1 + given.dice.below(2)
        } else {
            0
        };
        place.echoes = if faults && given.dice.chance(8) {
            1 + given.dice.below(2)
        } else {
            0
        };
        let cursor = given.insert(place);
        given.known.insert(known, cursor.clone());
        cursor
    }

    /// Another cursor for the same place, with so many empty pages to come.
    pub(crate) fn alias(&self, mut place: Place, hollow: usize) -> String {
        place.hollow = hollow;
        place.echoes = 0;
        place.page = None;
        self.0.lock().unwrap().insert(place)
    }

    /// Takes one of the echoes that a cursor has to it.
    pub(crate) fn take_echo(&self, cursor: &str) -> bool {
        let given = &mut *self.0.lock().unwrap();
        match given.places.get_mut(cursor) {
            Some(place) if place.echoes > 0 => {
                place.echoes -= 1;
                true
            }
            _ => false,
        }
    }
}

impl Given {
    fn insert(&mut self, place: Place) -> String {
        let word = self.dice.word(32);
        let cursor = format!("{}+/{}=", &word[..16], &word[16..]);
        self.places.insert(cursor.clone(), place);
        cursor
    }
}
