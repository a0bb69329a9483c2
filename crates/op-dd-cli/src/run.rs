use std::collections::HashSet;

use datadog_logs::SendErrorKind;
use onepassword_events::ErrorKind;
use op_dd_bridge::{Drained, Name, Outcome, Scope, StepError, StreamId};

use crate::args::RunArgs;
use crate::assembly::open_store;
use crate::config::Config;
use crate::counted::counted;
use crate::crew::names;
use crate::exit::{Exit, Failure};
use crate::remedy;
use crate::shift::Shift;
use crate::signal::until_told_to_stop;
use crate::systemd::{self, News};

pub(crate) async fn execute(args: &RunArgs) -> Result<Exit, Failure> {
    let (config, bad) = match &args.config {
        Some(path) => Config::read_good_accounts(path)?,
        None => (Config::from_environment()?, Vec::new()),
    };
    let store = open_store(&config.state_folder(args.state.as_deref())?)?;
    let folder = store.path().display().to_string();
    let Shift {
        crew,
        upkeep,
        left_out,
        tally,
    } = Shift::begin(config, bad, store, !args.once)?;
    // Said once it can be told to stop: before that, it would be killed, though it has done nothing yet.
    let named = names(crew.streams());
    let streams = counted(crew.streams().count(), "stream");
    let accounts: HashSet<_> = crew.streams().map(|stream| &stream.account).collect();
    let accounts = counted(accounts.len(), "account");
    let carrying = || {
        tracing::info!(state = folder, "carrying {named}: {streams} of {accounts}");
        systemd::tell(News::Ready);
    };

    if !args.once {
        let ended = until_told_to_stop(args.grace, |stop| {
            carrying();
            crew.run(stop)
        });
        let ended = upkeep.beside(ended).await?;
        if ended.is_none() {
            tracing::warn!("what was under way took too long: the next start carries it again");
        }
        let read = tally.read();
        tracing::info!("stopped; {read} events carried");
        return Ok(Exit::Clean);
    }
    let drained = until_told_to_stop(args.grace, |stop| {
        carrying();
        crew.drain(args.patience, stop)
    });
    let drained = upkeep.beside(drained).await?;
    let read = tally.read();
    tracing::info!("{read} events carried");
    verdict(drained.as_ref(), &left_out, tally.refused())
}

/// What came of a drain: clean, partial, or the one cause that stopped every stream. It is none if the
/// drain was broken off.
pub(crate) fn verdict(
    drained: Option<&Drained>,
    left_out: &[Failure],
    dead_letters: usize,
) -> Result<Exit, Failure> {
    let streams = drained.map_or(&[][..], |drained| &drained.streams);
    let held: Vec<_> = streams
        .iter()
        .filter_map(|(stream, outcome)| match outcome {
            Outcome::Held(error) => Some((stream, error)),
            _ => None,
        })
        .collect();
    // Those that wait with another share its cause.
    let telling: Vec<_> = held
        .iter()
        .filter(|(_, error)| !matches!(error, StepError::Paused { .. }))
        .collect();
    if let Some(&&(stream, error)) = telling.first().or(held.first().as_ref()) {
        let cause = cause(error);
        let common = held.len() == streams.len()
            && telling.iter().all(|(_, error)| self::cause(error) == cause)
            && left_out.iter().all(|failure| failure.exit() == cause);
        let scopes: HashSet<_> = held.iter().map(|(id, error)| error.scope(id)).collect();
        let line = line(stream, error);
        let failure = if common && scopes.len() == 1 {
            Failure::new(cause, line)
        } else {
            let names = names(held.iter().map(|(stream, _)| *stream));
            let exit = if common { cause } else { Exit::Partial };
            Failure::new(exit, format!("held: {names}; the first for this: {line}"))
        };
        return Err(match cause {
            Exit::Token | Exit::ApiKey | Exit::Unreachable => failure.because(error),
            // What is wrong with a page is said with a piece of it.
            _ => failure,
        });
    }
    if let Some(failure) = left_out.first() {
        return Err(Failure::new(
            Exit::Partial,
            format!("{failure}; what other accounts had was carried"),
        ));
    }
    if dead_letters > 0 {
        return Err(Failure::new(
            Exit::Partial,
            format!(
                "events that could not be delivered for faults of their own: {dead_letters}; \
                 they are kept under dead-letters in the state folder"
            ),
        ));
    }
    let stopped = |(_, outcome): &(_, Outcome)| matches!(outcome, Outcome::Stopped);
    if drained.is_none() || streams.iter().any(stopped) {
        return Err(Failure::new(
            Exit::Partial,
            "told to stop before everything was carried: the next start goes on from there",
        ));
    }
    Ok(Exit::Clean)
}

/// Whose trouble it is, and what.
fn line(stream: &StreamId, error: &StepError) -> String {
    let remedy = if is_certificate(error) {
        ", by ca_file of [tls] in the configuration".to_owned()
    } else {
        remedy::of_step(stream, error).unwrap_or_default()
    };
    match error.scope(stream) {
        Scope::Account(name) => format!("account {name}: {error}{remedy}"),
        Scope::Stream(stream) => format!("{stream}: {error}{remedy}"),
        scope @ Scope::Destination(_) if scope != Scope::Destination(Name::DATADOG) => {
            format!("{scope}: {error}{remedy}")
        }
        _ => format!("{error}{remedy}"),
    }
}

fn is_certificate(error: &StepError) -> bool {
    match error {
        StepError::Source(error) => error.kind() == ErrorKind::Certificate,
        StepError::Sink { error, .. } => error.kind() == SendErrorKind::Certificate,
        _ => false,
    }
}

fn cause(error: &StepError) -> Exit {
    match error {
        StepError::Source(error) => error.kind().into(),
        StepError::Sink { error, .. } => error.kind().into(),
        StepError::Store(error) => error.kind().into(),
        StepError::Paused { .. } => Exit::Unreachable,
        _ => Exit::Partial,
    }
}
