use op_dd_bridge::{StateFolder, StoreError, StreamId, StreamState};

use crate::counted::counted;
use crate::exit::{Exit, Failure};
use crate::remedy;

/// What is wrong with a stream's checkpoint, and the command that helps.
pub(super) fn fault(state: &StreamState) -> Option<String> {
    let error = state.checkpoint.as_ref().err()?;
    let remedy = remedy::of_store(&state.stream, error).unwrap_or_default();
    Some(format!("{error}{remedy}"))
}

/// What could not be read, once all the rest was told: checkpoints, or else what is around them.
pub(super) fn outcome<'a>(
    folder: &StateFolder,
    streams: impl Iterator<Item = &'a StreamState>,
) -> Result<Exit, Failure> {
    let broken: Vec<&StreamId> = streams
        .filter(|state| state.checkpoint.is_err())
        .map(|state| &state.stream)
        .collect();
    if !broken.is_empty() {
        let count = counted(broken.len(), "checkpoint");
        let names: Vec<_> = broken.iter().map(ToString::to_string).collect();
        return Err(Failure::new(
            Exit::Checkpoint,
            format!(
                "{count} can't be read: {}; op-dd cursor show says what is wrong and what to do",
                names.join(", ")
            ),
        ));
    }
    match folder.faults.first().map(StoreError::to_string) {
        Some(fault) => Err(Failure::new(Exit::StateFolder, fault)),
        None => Ok(Exit::Clean),
    }
}
