//! What of this program's commands helps a stream that can't go on from its checkpoint.

use std::collections::HashSet;
use std::error::Error as _;
use std::sync::{Mutex, PoisonError};

use onepassword_events::ErrorKind;
use op_dd_bridge::{Name, Progress, StepError, StoreError, StoreErrorKind, StreamId};

/// The end of a line that says what is wrong with a step.
pub(crate) fn of_step(stream: &StreamId, error: &StepError) -> Option<String> {
    match error {
        StepError::Source(error) if error.kind() == ErrorKind::BadRequest => Some(format!(
            ", with op-dd run stopped: {}; the cursor is in cursors/{}/{}/{}.json of the state",
            reset(stream),
            stream.account,
            stream.feed,
            stream.destination
        )),
        StepError::Store(error) => of_store(stream, error),
        _ => None,
    }
}

/// The end of a line that says what is wrong with a checkpoint.
pub(crate) fn of_store(stream: &StreamId, error: &StoreError) -> Option<String> {
    match error.kind() {
        // What a disk or a right stands before may be good.
        StoreErrorKind::Unreadable if error.source().is_none() => {
            Some(format!(", with op-dd run stopped: {}", reset(stream)))
        }
        StoreErrorKind::Gone => Some(
            "; op-dd cursor import puts back what op-dd cursor export has printed, with op-dd run \
             stopped"
                .to_owned(),
        ),
        _ => None,
    }
}

/// The command, but for what only a person knows: `op-dd cursor show` says when the stream was last well.
fn reset(stream: &StreamId) -> String {
    let StreamId {
        account,
        feed,
        destination,
    } = stream;
    let destination = if *destination == Name::DATADOG {
        String::new()
    } else {
        format!(" --destination {destination}")
    };
    format!(
        "op-dd cursor reset --account {account} --feed {feed}{destination} --start TIME --reason TEXT"
    )
}

/// Says the remedy when a stream begins to need it, since the bridge can say only what is wrong.
#[derive(Default)]
pub(crate) struct Remedies(Mutex<HashSet<StreamId>>);

impl Remedies {
    pub(crate) fn observe(&self, progress: &Progress<'_>) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Progress::Step { stream, .. } => {
                said.remove(*stream);
            }
            Progress::Failure { stream, error, .. } => {
                if let Some(remedy) = of_step(stream, error)
                    && said.insert((*stream).clone())
                {
                    let remedy = remedy.trim_start_matches([',', ';', ' ']);
                    tracing::error!("{stream}: what helps, {remedy}");
                }
            }
            _ => {}
        }
    }
}
