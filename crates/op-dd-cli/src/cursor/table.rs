use std::time::SystemTime;

use op_dd_bridge::{StateFolder, StreamState};

use super::age::{ago, length};
use super::change::told;
use super::faults::fault;

const HEAD: [&str; 7] = [
    "stream",
    "position",
    "revision",
    "last commit",
    "last success",
    "lag",
    "dead letters",
];

/// A state folder for people.
pub(super) fn table(folder: &StateFolder, streams: &[&StreamState], now: SystemTime) -> String {
    let holder = folder.holder;
    let holder = holder.map_or_else(|| "nobody".to_owned(), |holder| holder.to_string());
    let mut said = format!("{}, held by {holder}\n\n", folder.path.display());
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
        said.push_str(cells.join("  ").trim_end());
        said.push('\n');
    }
    let broken = streams.iter();
    let broken = broken.filter_map(|state| Some((&state.stream, fault(state)?)));
    for (stream, fault) in broken {
        said.push_str(&format!("\n{stream}: {fault}\n"));
    }
    for fault in &folder.faults {
        said.push_str(&format!("\n{fault}\n"));
    }
    said
}

fn row(state: &StreamState, now: SystemTime) -> [String; HEAD.len()] {
    let unknown = || "-".to_owned();
    let kept = state.checkpoint.as_ref().ok().and_then(Option::as_ref);
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
