use std::io::{self, Write, stdout};
use std::path::Path;
use std::time::SystemTime;

use onepassword_events::{Position, Timestamp};
use op_dd_bridge::{KeptCheckpoint, StateFolder, StreamState};
use serde::Serialize;

use super::age::{ago, length};
use super::change::told;
use super::faults::{self, fault};
use crate::args::{Format, ShowCursorsArgs};
use crate::exit::{Exit, Failure};

pub(super) fn execute(folder: &Path, args: &ShowCursorsArgs) -> Result<Exit, Failure> {
    let folder = StateFolder::read(folder)?;
    let streams: Vec<_> = folder
        .streams
        .iter()
        .filter(|state| is_wanted(state, args))
        .collect();
    let said = match args.format {
        Format::Table => table(&folder, &streams, SystemTime::now()),
        Format::Json => json(&folder, &streams),
    };
    // Whoever reads may have gone.
    let _ = said.and_then(|said| stdout().write_all(said.as_bytes()));
    faults::outcome(&folder, streams.into_iter())
}

fn is_wanted(state: &StreamState, args: &ShowCursorsArgs) -> bool {
    let stream = &state.stream;
    let account = args.account.as_ref();
    let destination = args.destination.as_ref();
    account.is_none_or(|account| *account == stream.account)
        && args.feed.is_none_or(|feed| feed == stream.feed)
        && destination.is_none_or(|destination| *destination == stream.destination)
}

const HEAD: [&str; 7] = [
    "stream",
    "position",
    "revision",
    "last commit",
    "last success",
    "lag",
    "dead letters",
];

fn table(folder: &StateFolder, streams: &[&StreamState], now: SystemTime) -> io::Result<String> {
    let holder = folder.holder;
    let holder = holder.map_or_else(|| "nobody".to_owned(), |holder| holder.to_string());
    let mut said = Vec::new();
    writeln!(said, "{}, held by {holder}\n", folder.path.display())?;
    let mut rows = vec![HEAD.map(ToOwned::to_owned)];
    rows.extend(streams.iter().map(|state| row(state, now)));
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in &rows {
        let cells = row.iter().zip(widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(said, "{}", cells.join("  ").trim_end())?;
    }
    let broken = streams.iter();
    let broken = broken.filter_map(|state| Some((&state.stream, fault(state)?)));
    for (stream, fault) in broken {
        writeln!(said, "\n{stream}: {fault}")?;
    }
    for fault in &folder.faults {
        writeln!(said, "\n{fault}")?;
    }
    Ok(String::from_utf8_lossy(&said).into_owned())
}

fn row(state: &StreamState, now: SystemTime) -> [String; HEAD.len()] {
    let unknown = || "-".to_owned();
    let kept = kept(state);
    let committed = kept.and_then(|kept| kept.committed_at.as_ref());
    let success = state.last_success;
    [
        state.stream.to_string(),
        told(state),
        kept.map_or_else(unknown, |kept| kept.checkpoint.revision.to_string()),
        committed.map_or_else(unknown, |time| ago(time.to_system_time(), now)),
        success.map_or_else(unknown, |success| ago(success.at, now)),
        success
            .and_then(|success| success.lag)
            .map_or_else(unknown, length),
        match &state.dead_letters {
            Ok(file) if file.letters == 0 => "0".to_owned(),
            Ok(file) => format!("{} ({} bytes)", file.letters, file.bytes),
            Err(_) => "can't be read".to_owned(),
        },
    ]
}

fn kept(state: &StreamState) -> Option<&KeptCheckpoint> {
    state.checkpoint.as_ref().ok()?.as_ref()
}

/// What programs read. Members are added, and none is renamed.
#[derive(Serialize)]
struct Shown<'a> {
    state: String,
    holder: Option<Holder>,
    streams: Vec<Stream<'a>>,
    faults: Vec<String>,
}

#[derive(Serialize)]
struct Holder {
    pid: Option<u32>,
}

#[derive(Serialize)]
struct Stream<'a> {
    stream: String,
    account: &'a str,
    feed: &'a str,
    destination: &'a str,
    position: Option<&'a Position>,
    revision: Option<u64>,
    committed_at: Option<&'a str>,
    last_success_at: Option<String>,
    lag_s: Option<u64>,
    dead_letters: Option<u64>,
    dead_letter_bytes: Option<u64>,
    fault: Option<String>,
}

fn json(folder: &StateFolder, streams: &[&StreamState]) -> io::Result<String> {
    let shown = Shown {
        state: folder.path.display().to_string(),
        holder: folder.holder.map(|holder| Holder { pid: holder.pid }),
        streams: streams.iter().map(|state| Stream::of(state)).collect(),
        faults: folder.faults.iter().map(ToString::to_string).collect(),
    };
    let mut said = serde_json::to_string_pretty(&shown)?;
    said.push('\n');
    Ok(said)
}

impl<'a> Stream<'a> {
    fn of(state: &'a StreamState) -> Self {
        let stream = &state.stream;
        let kept = kept(state);
        let place = kept.and_then(|kept| kept.checkpoint.place.as_ref());
        let committed = kept.and_then(|kept| kept.committed_at.as_ref());
        let success = state.last_success;
        let letters = state.dead_letters.as_ref().ok();
        Self {
            stream: stream.to_string(),
            account: stream.account.as_str(),
            feed: stream.feed.as_str(),
            destination: stream.destination.as_str(),
            position: place.map(|place| &place.position),
            revision: kept.map(|kept| kept.checkpoint.revision),
            committed_at: committed.map(Timestamp::as_str),
            last_success_at: success.map(|success| Timestamp::from(success.at).to_string()),
            lag_s: success
                .and_then(|success| success.lag)
                .map(|lag| lag.as_secs()),
            dead_letters: letters.map(|file| file.letters),
            dead_letter_bytes: letters.map(|file| file.bytes),
            fault: fault(state),
        }
    }
}
