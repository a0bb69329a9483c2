use std::io::{Write as _, stdout};
use std::path::Path;
use std::time::SystemTime;

use op_dd_bridge::{StateFolder, StreamState};

use super::faults;
use super::json::json;
use super::table::table;
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
        Format::Json => json(&folder, &streams)
            .map_err(|error| Failure::new(Exit::Defect, error.to_string()))?,
    };
    // Whoever reads may have gone.
    let _ = stdout().write_all(said.as_bytes());
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
