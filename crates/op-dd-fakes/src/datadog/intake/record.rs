use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::batch::Fate;
use crate::Error;
use crate::datadog::index::Index;
use crate::lock::lock;

/// What became of the logs of accepted requests, and how much there was of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IntakeCounts {
    /// Logs that were kept, heartbeats not among them.
    pub logs: u64,
    /// Heartbeats (`ddsource` is `op-dd`) that were kept.
    pub heartbeats: u64,
    /// Logs that were accepted and then dropped, because they were dated more than 18 hours back or 2 hours ahead.
    pub dropped_by_time: u64,
    /// Logs that were accepted and cut off, because they were longer than 1,000,000 bytes. They are not kept.
    pub truncated: u64,
    /// Bytes of accepted bodies as they were sent.
    pub bytes_sent: u64,
    /// Bytes of accepted bodies after decompression.
    pub bytes_decoded: u64,
}

/// Everything that was kept.
#[derive(Debug)]
pub(crate) struct Record {
    state: Mutex<State>,
    index: Index,
}

#[derive(Debug)]
struct State {
    counts: IntakeCounts,
    knows_1password: bool,
    logs: Shelf,
    heartbeats: Shelf,
}

/// Where logs of one sort go.
#[derive(Debug)]
struct Shelf {
    memory: Option<Vec<Arc<str>>>,
    file: Option<File>,
}

impl Record {
    pub(crate) fn open(
        in_memory: bool,
        folder: Option<&Path>,
        index: Index,
    ) -> Result<Self, Error> {
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(|source| Error::Output {
                path: folder.to_owned(),
                source,
            })?;
        }
        let state = State {
            counts: IntakeCounts::default(),
            knows_1password: false,
            logs: Shelf::open(in_memory, folder, "logs.ndjson")?,
            heartbeats: Shelf::open(in_memory, folder, "heartbeats.ndjson")?,
        };
        Ok(Self {
            state: Mutex::new(state),
            index,
        })
    }

    /// Keeps what is to be kept of one request, the files first. After an error nothing counts as accepted, though a
    /// file may hold some of it.
    pub(crate) fn keep(
        &self,
        fates: Vec<Fate>,
        bytes_sent: usize,
        bytes_decoded: usize,
        received: SystemTime,
    ) -> io::Result<()> {
        let state = &mut *lock(&self.state);
        let mut counts = state.counts;
        let mut knows_1password = state.knows_1password;
        let (mut logs, mut heartbeats) = (Vec::<Arc<str>>::new(), Vec::<Arc<str>>::new());
        for fate in fates {
            match fate {
                Fate::Log {
                    entry,
                    of_1password,
                } => {
                    logs.push(entry.into());
                    knows_1password |= of_1password;
                }
                Fate::Heartbeat(line) => heartbeats.push(line.into()),
                Fate::OutOfTime => counts.dropped_by_time += 1,
                Fate::Truncated => counts.truncated += 1,
            }
        }
        counts.logs += logs.len() as u64;
        counts.heartbeats += heartbeats.len() as u64;
        counts.bytes_sent += bytes_sent as u64;
        counts.bytes_decoded += bytes_decoded as u64;

        state.logs.keep(&logs)?;
        state.heartbeats.keep(&heartbeats)?;
        self.index.add(logs.iter().chain(&heartbeats), received);
        state.counts = counts;
        state.knows_1password = knows_1password;
        Ok(())
    }

    pub(crate) fn logs(&self) -> Vec<Arc<str>> {
        lock(&self.state).logs.memory.clone().unwrap_or_default()
    }

    pub(crate) fn heartbeats(&self) -> Vec<Arc<str>> {
        lock(&self.state)
            .heartbeats
            .memory
            .clone()
            .unwrap_or_default()
    }

    /// What searches find of it.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// Whether a log of 1Password's was kept, which makes Datadog install its own pipeline for them.
    pub(crate) fn knows_1password(&self) -> bool {
        lock(&self.state).knows_1password
    }

    pub(crate) fn counts(&self) -> IntakeCounts {
        lock(&self.state).counts
    }
}

impl Shelf {
    fn open(in_memory: bool, folder: Option<&Path>, name: &str) -> Result<Self, Error> {
        let memory = in_memory.then(Vec::new);
        let file = match folder {
            Some(folder) => {
                let path = folder.join(name);
                Some(open(&path).map_err(|source| Error::Output { path, source })?)
            }
            None => None,
        };
        Ok(Self { memory, file })
    }

    fn keep(&mut self, lines: &[Arc<str>]) -> io::Result<()> {
        if let Some(file) = &mut self.file
            && !lines.is_empty()
        {
            // One write a request: a reader that looks in meanwhile sees whole lines.
            let mut text = lines.join("\n");
            text.push('\n');
            file.write_all(text.as_bytes())?;
        }
        if let Some(memory) = &mut self.memory {
            memory.extend_from_slice(lines);
        }
        Ok(())
    }
}

/// A file to append lines to. What an earlier process left of a line that it died over is taken off: its request was
/// never answered.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let mut file = options.create(true).read(true).append(true).open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    let whole = whole_lines(&mut file, length)?;
    if whole < length {
        file.set_len(whole)?;
    }
    Ok(file)
}

/// How many bytes of the file's first `length` are whole lines. It is read backwards, since it may be long.
fn whole_lines(file: &mut File, mut length: u64) -> io::Result<u64> {
    let mut block = Vec::new();
    while length > 0 {
        let from = length.saturating_sub(64 * 1024);
        file.seek(SeekFrom::Start(from))?;
        block.clear();
        file.take(length - from).read_to_end(&mut block)?;
        if let Some(place) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + place as u64 + 1);
        }
        length = from;
    }
    Ok(0)
}
