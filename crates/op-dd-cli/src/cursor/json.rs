use onepassword_events::{Position, Timestamp};
use op_dd_bridge::{StateFolder, StreamState};
use serde::Serialize;

use super::faults::fault;

/// A state folder for programs.
pub(super) fn json(folder: &StateFolder, streams: &[&StreamState]) -> serde_json::Result<String> {
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

impl<'a> Stream<'a> {
    fn of(state: &'a StreamState) -> Self {
        let stream = &state.stream;
        let kept = state.checkpoint.as_ref().ok().and_then(Option::as_ref);
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
