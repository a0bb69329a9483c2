use std::path::Path;

use super::tell;
use crate::cursor::Change;
use crate::exit::{Exit, Failure};
use crate::job::{Jobs, Standing};

/// Removes a job that is over, and its cursors. Its dead letters stay: they hold events.
pub(super) async fn forget(state: &Path, jobs: &Jobs, id: &str) -> Result<Exit, Failure> {
    if !jobs.ids()?.iter().any(|known| known == id) {
        return Err(Failure::configuration(format!(
            "there is no job {id}: op-dd backfill --list names those that there are"
        )));
    }
    // Whoever holds the folder may be at it, or about to be.
    let change = Change::of(state)?;
    let standing = jobs.standing(id)?;
    if !standing.as_ref().is_some_and(Standing::is_over) {
        return Err(Failure::configuration(format!(
            "{id} is not over: op-dd run, or the command that asked for it, goes on with it; forget it \
             then"
        )));
    }
    let job = jobs.job(id)?;
    let kept = change.found.streams.iter().filter(|kept| {
        let mut parts = job.parts.iter();
        kept.stream.account == job.asked.account
            && parts.any(|part| part.name == kept.stream.destination)
            && !matches!(kept.checkpoint, Ok(None))
    });
    let cursors: Vec<_> = kept.map(|kept| (kept.stream.clone(), None)).collect();
    if !cursors.is_empty() {
        let reason = format!("{id} is over");
        change.put(cursors, "backfill --forget", &reason).await?;
    }
    jobs.remove(id)?;
    tell(&format!("{id} is forgotten, and so are its cursors"));
    Ok(Exit::Clean)
}
