use std::fmt::Write as _;
use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::page::Line;

/// The logs of an hour. What it is called and what is in it depend on them alone.
pub(super) struct Object<'a> {
    /// `YYYY-MM-DDTHH`.
    hour: &'a str,
    text: &'a [u8],
    lines: &'a [Line],
}

impl<'a> Object<'a> {
    pub(super) fn new(hour: &'a str, text: &'a [u8], lines: &'a [Line]) -> Self {
        Self { hour, text, lines }
    }

    /// Where it belongs, below the archive's folder or prefix.
    pub(super) fn path(&self) -> String {
        let (day, hour) = self.hour.split_once('T').unwrap_or((self.hour, ""));
        let day = day.replace('-', "");
        let mut hash = Sha256::new();
        self.lines().for_each(|line| hash.update(line));
        let mut name = String::new();
        for byte in &hash.finalize()[..16] {
            let _ = write!(name, "{byte:02x}");
        }
        format!("dt={day}/hour={hour}/{name}.json.gz")
    }

    /// The entries whose logs it holds.
    pub(super) fn entries(&self) -> impl Iterator<Item = usize> {
        self.lines.iter().map(|line| line.entry)
    }

    /// How long it is before it is packed.
    pub(super) fn bytes(&self) -> usize {
        self.lines().map(<[u8]>::len).sum()
    }

    /// Packs it: without a time, so that the same logs make the same bytes. Archives are written once and
    /// kept for years, so this takes more time than a request's body does.
    pub(super) fn pack(&self) -> io::Result<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::with_capacity(self.bytes() / 8), Compression::new(6));
        self.lines().try_for_each(|line| encoder.write_all(line))?;
        encoder.finish()
    }

    fn lines(&self) -> impl Iterator<Item = &'a [u8]> {
        self.lines.iter().map(|line| &self.text[line.range.clone()])
    }
}
