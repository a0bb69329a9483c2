use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datadog_logs::SendErrorKind;
use onepassword_events::ErrorKind;
use op_dd_bridge::{Drained, Outcome, Progress, StepError, StoreErrorKind};

use crate::args::RunArgs;
use crate::assembly::{Assembly, assemble, open_store};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::signal::until_told_to_stop;

pub(crate) async fn execute(args: &RunArgs) -> Result<Exit, Failure> {
    let config = match &args.config {
        Some(path) => Config::read(path)?,
        None => Config::from_environment(),
    };
    let store = open_store(&config.state_folder(args.state.as_deref())?)?;
    let dead_letters = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&dead_letters);
    let Assembly { bridge, left_out } = assemble(&config, store, move |progress| {
        if let Progress::Step { report, .. } = progress {
            counter.fetch_add(report.refused, Ordering::Relaxed);
        }
    })?;
    for failure in &left_out {
        tracing::error!("{failure}; the other accounts go on");
    }

    if !args.once {
        until_told_to_stop(args.grace, |stop| bridge.run(stop.told())).await?;
        return Ok(Exit::Clean);
    }
    let drained = until_told_to_stop(args.grace, |stop| bridge.drain(args.patience, stop.told()));
    let Some(drained) = drained.await? else {
        return Ok(Exit::Partial);
    };
    verdict(&drained, &left_out, dead_letters.load(Ordering::Relaxed))
}

/// What came of a drain: clean, partial, or the one cause that stopped every stream.
pub(crate) fn verdict(
    drained: &Drained,
    left_out: &[Failure],
    dead_letters: usize,
) -> Result<Exit, Failure> {
    let held: Vec<_> = drained
        .streams
        .iter()
        .filter_map(|(stream, outcome)| match outcome {
            Outcome::Held(error) => Some((stream, error)),
            _ => None,
        })
        .collect();
    if let Some((_, error)) = held.first() {
        let cause = cause(error);
        let common = held.len() == drained.streams.len()
            && left_out.is_empty()
            && held.iter().all(|(_, error)| self::cause(error) == cause);
        if common {
            return Err(Failure::new(cause, error.to_string()));
        }
        let names: Vec<_> = held.iter().map(|(stream, _)| stream.to_string()).collect();
        let names = names.join(", ");
        return Err(Failure::new(
            Exit::Partial,
            format!("held: {names}; of the first: {error}"),
        ));
    }
    if let Some(failure) = left_out.first() {
        return Err(Failure::new(Exit::Partial, failure.to_string()));
    }
    if dead_letters > 0 {
        return Err(Failure::new(
            Exit::Partial,
            format!(
                "{dead_letters} events could not be delivered for faults of their own: \
                 they are kept under dead-letters in the state folder"
            ),
        ));
    }
    let stopped = |(_, outcome): &(_, Outcome)| matches!(outcome, Outcome::Stopped);
    if drained.streams.iter().any(stopped) {
        return Ok(Exit::Partial);
    }
    Ok(Exit::Clean)
}

fn cause(error: &StepError) -> Exit {
    match error {
        StepError::Source(error) => match error.kind() {
            ErrorKind::Token | ErrorKind::Unauthorized => Exit::Token,
            ErrorKind::Timeout
            | ErrorKind::Connect
            | ErrorKind::Network
            | ErrorKind::Server
            | ErrorKind::RateLimited
            | ErrorKind::NotFound
            | ErrorKind::Unexpected => Exit::Unreachable,
            _ => Exit::Partial,
        },
        StepError::Sink(error) => match error.kind() {
            SendErrorKind::Unauthorized => Exit::ApiKey,
            SendErrorKind::Timeout
            | SendErrorKind::Connect
            | SendErrorKind::Network
            | SendErrorKind::Server
            | SendErrorKind::RateLimited
            | SendErrorKind::Unexpected(_) => Exit::Unreachable,
            _ => Exit::Partial,
        },
        StepError::Store(error) => match error.kind() {
            StoreErrorKind::Unreadable => Exit::Checkpoint,
            StoreErrorKind::Held => Exit::Held,
            _ => Exit::StateFolder,
        },
        _ => Exit::Partial,
    }
}
