//! Input as a fuzzer makes it: what looks real, with a few things done to it.

#![expect(
    clippy::unwrap_used,
    reason = "seeds that can't be read should fail the test that wants them"
)]

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What is put in: tokens that mean something somewhere, and bytes that mean nothing anywhere.
const PIECES: [&[u8]; 32] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b";",
    b"\n",
    b" ",
    b"0",
    b"-0",
    b"1e999",
    b"null",
    b"NaN",
    b"{}",
    b"[[[[[[[[",
    b"\\ud800",
    b"\\u0065",
    b"\xff",
    b"\xc3",
    b"\0",
    b"\"evt\":1,",
    b"\"evt.a\":1,",
    b"\"evt.a_2\":1,",
    b"\"timestamp\":0,",
    b"\"uuid\":\"A\",",
    b"\"cursor\":\"\",",
    b"400\n",
    b"413\n",
    b"429;7;\n",
];

/// Something done to a text.
#[derive(Clone, Debug)]
enum Change {
    Cut(Index, Index),
    Repeat(Index, Index, usize),
    Insert(Index, Vec<u8>),
    Replace(Index, u8),
    Truncate(Index),
    Nest(Index, Index, usize),
    Splice(Index, Index, Vec<u8>),
}

/// Mutations of the seeds in `fuzz/seeds/<target>`, and now and then no more than bytes.
pub(crate) fn mutated(target: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let seeds = seeds(target);
    let changes = vec(change(seeds.clone()), 0..6);
    let mutated = (select(seeds), changes).prop_map(|(mut text, changes)| {
        for change in changes {
            change.apply(&mut text);
        }
        text
    });
    prop_oneof![9 => mutated, 1 => vec(any::<u8>(), 0..64)]
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds");
    let files = fs::read_dir(folder.join(target)).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn change(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    let piece = select(&PIECES[..]).prop_map(<[u8]>::to_vec);
    prop_oneof![
        (at(), at()).prop_map(|(from, to)| Change::Cut(from, to)),
        (at(), at(), 2..40_usize).prop_map(|(from, to, times)| Change::Repeat(from, to, times)),
        (at(), piece).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        at().prop_map(Change::Truncate),
        (at(), at(), 1..200_usize).prop_map(|(from, to, depth)| Change::Nest(from, to, depth)),
        (at(), at(), select(seeds)).prop_map(|(from, to, seed)| Change::Splice(from, to, seed)),
    ]
}

impl Change {
    fn apply(self, text: &mut Vec<u8>) {
        let place = |at: Index| at.index(text.len() + 1);
        let range = |from, to| {
            let (from, to) = (place(from), place(to));
            from.min(to)..from.max(to)
        };
        match self {
            Self::Cut(from, to) => drop(text.drain(range(from, to))),
            Self::Repeat(from, to, times) => {
                let range = range(from, to);
                // So that a few of them don't make a text of megabytes.
                if range.len() * times < 10_000 {
                    let repeated = text[range.clone()].repeat(times);
                    text.splice(range, repeated);
                }
            }
            Self::Insert(at, piece) => {
                let at = place(at);
                text.splice(at..at, piece);
            }
            Self::Replace(at, byte) => {
                let at = place(at);
                if let Some(place) = text.get_mut(at) {
                    *place = byte;
                }
            }
            Self::Truncate(at) => text.truncate(place(at)),
            Self::Nest(from, to, depth) => {
                let range = range(from, to);
                text.splice(range.end..range.end, b"]".repeat(depth));
                text.splice(range.start..range.start, b"[".repeat(depth));
            }
            Self::Splice(from, to, seed) => {
                let range = range(from, to);
                let (start, end) = (range.start.min(seed.len()), range.end.min(seed.len()));
                text.splice(range, seed[start..end].iter().copied());
            }
        }
    }
}
