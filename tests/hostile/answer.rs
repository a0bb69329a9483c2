use std::io::{self, Write};
use std::thread::sleep;
use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};

/// An answer as it goes over the wire: pieces that are repeated, so that one of any size takes its
/// server no memory worth a mention.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pieces: Vec<(Vec<u8>, u64)>,
    pause: Duration,
}

/// So often that no client sees the end.
pub(super) const WITHOUT_END: u64 = u64::MAX;

impl Answer {
    /// Anything at all.
    pub(super) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::default().and(bytes, 1)
    }

    /// A status line, and a word that the connection serves no second request.
    pub(super) fn status(status: u16) -> Self {
        Self::raw(format!("HTTP/1.1 {status} Whatever\r\n")).header("connection", "close")
    }

    /// A whole page, of which one piece is repeated.
    pub(super) fn page(before: &str, piece: &str, times: u64, after: &str) -> Self {
        Self::status(200).body(&[
            (before.as_bytes(), 1),
            (piece.as_bytes(), times),
            (after.as_bytes(), 1),
        ])
    }

    /// A page of these items.
    pub(super) fn items(items: &[impl AsRef<[u8]>]) -> Self {
        let mut pieces: Vec<(&[u8], u64)> = vec![(br#"{"cursor":"c","items":["#, 1)];
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                pieces.push((b",", 1));
            }
            pieces.push((item.as_ref(), 1));
        }
        pieces.push((b"]}", 1));
        Self::status(200).body(&pieces)
    }

    pub(super) fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.and(format!("{name}: "), 1)
            .and(value.as_ref(), 1)
            .and(*b"\r\n", 1)
    }

    /// Headers of which there are many.
    pub(super) fn and(mut self, piece: impl Into<Vec<u8>>, times: u64) -> Self {
        self.pieces.push((piece.into(), times));
        self
    }

    /// A body of a length that is announced.
    pub(super) fn body(self, pieces: &[(&[u8], u64)]) -> Self {
        let length: u64 = pieces
            .iter()
            .map(|(piece, times)| piece.len() as u64 * times)
            .sum();
        let head = self
            .header("content-length", length.to_string())
            .and(*b"\r\n", 1);
        pieces
            .iter()
            .fold(head, |answer, (piece, times)| answer.and(*piece, *times))
    }

    /// A body in chunks of `piece`.
    pub(super) fn chunks(self, piece: &[u8], times: u64) -> Self {
        let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
        self.header("transfer-encoding", "chunked")
            .and(*b"\r\n", 1)
            .and(chunk, times)
            .and(*b"0\r\n\r\n", 1)
    }

    /// A body in gzip that unpacks to so many mebibytes of spaces, and doesn't end there.
    pub(super) fn bomb(self, mebibytes: u64) -> Self {
        let mut block = Vec::with_capacity(64 * 1024);
        let spaces = vec![b' '; 1024 * 1024];
        let mut compress = Compress::new(Compression::best(), false);
        // A full flush looks back at nothing, so that the block may be repeated.
        let packed = compress.compress_vec(&spaces, &mut block, FlushCompress::Full);
        debug_assert!(packed.is_ok());
        self.header("content-encoding", "gzip")
            .and(*b"\r\n", 1)
            .and(*b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 1)
            .and(block, mebibytes)
    }

    /// Nothing is wrong with it, but that it takes this long between one piece and the next.
    pub(super) fn slowly(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Writes it, until it is whole or nobody reads it any more.
    pub(super) fn write(&self, out: impl Write) -> io::Result<()> {
        let mut out = io::BufWriter::with_capacity(64 * 1024, out);
        for (piece, times) in &self.pieces {
            for _ in 0..*times {
                out.write_all(piece)?;
                if !self.pause.is_zero() {
                    out.flush()?;
                    sleep(self.pause);
                }
            }
        }
        out.flush()
    }
}
