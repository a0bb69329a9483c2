use std::io::{Write as _, stdout};
use std::path::Path;

use onepassword_events::Reset;
use op_dd_bridge::{Place, StreamId};

use super::change::Change;
use super::meaning::Beginning;
use crate::args::ResetCursorArgs;
use crate::config::{Config, Start};
use crate::exit::{Exit, Failure};

pub(super) async fn execute(
    folder: &Path,
    args: &ResetCursorArgs,
    config: Option<&Config>,
) -> Result<Exit, Failure> {
    let beginning = args.start.as_ref().map(Beginning::of).transpose()?;
    let change = Change::of(folder)?;
    let streams = streams(&change, args)?;
    let place = beginning.as_ref().map(|beginning| Place {
        position: Reset::new(beginning.timestamp()).into(),
        last_page: None,
    });
    let meaning = match &beginning {
        Some(beginning) => beginning.meaning(),
        None => as_a_first_start(args, config)?,
    };
    let moves = streams.into_iter();
    let moves = moves.map(|stream| (stream, place.clone())).collect();
    change.put(moves, "cursor reset", &args.why.reason).await?;
    let _ = writeln!(stdout(), "{meaning}");
    Ok(Exit::Clean)
}

/// Those that are meant: all that are there, or the one that is named, which with a start may be new.
fn streams(change: &Change, args: &ResetCursorArgs) -> Result<Vec<StreamId>, Failure> {
    let is_meant = |stream: &StreamId| {
        stream.account == args.account
            && stream.destination == args.destination
            && args.feed.is_none_or(|feed| stream.feed == feed)
    };
    let known = change.found.streams.iter();
    let known = known.filter(|state| !matches!(state.checkpoint, Ok(None)));
    let mut streams: Vec<_> = known
        .map(|state| state.stream.clone())
        .filter(is_meant)
        .collect();
    if streams.is_empty()
        && let (Some(feed), Some(_)) = (args.feed, &args.start)
    {
        streams.push(StreamId {
            account: args.account.clone(),
            feed,
            destination: args.destination.clone(),
        });
    }
    if streams.is_empty() {
        return Err(Failure::configuration(format!(
            "there is nothing to reset: no such stream of account {} to {} has a checkpoint; \
             op-dd cursor show names those that have",
            args.account, args.destination
        )));
    }
    Ok(streams)
}

/// What it means to have no cursor, for those who begin with the next run.
fn as_a_first_start(args: &ResetCursorArgs, config: Option<&Config>) -> Result<String, Failure> {
    let Some(config) = config else {
        return Ok(
            "with the next op-dd run, reading begins where the account's start says, else 17 hours \
             back, and nothing before that is read\n\
             Datadog gets what it has already of that time once more, with the same uuid"
                .to_owned(),
        );
    };
    let accounts = config.accounts.iter();
    let start = accounts
        .filter(|account| account.name == args.account)
        .find_map(|account| account.start.clone())
        .unwrap_or(Start::Ago(config.polling.start));
    let meaning = Beginning::of(&start)?.meaning();
    Ok(format!(
        "with the next op-dd run, as if it were now:\n{meaning}"
    ))
}
