use std::path::Path;

use op_dd_bridge::StateFolder;

use super::{counted_events, tell};
use crate::exit::{Exit, Failure};
use crate::job::{Job, Jobs, Standing, State};

/// Says of each job what it is and how far it is, a line each.
pub(super) fn list(jobs: &Jobs, state: &Path) -> Result<Exit, Failure> {
    let ids = jobs.ids()?;
    if ids.is_empty() {
        tell("there is no job: op-dd backfill --account NAME --from TIME asks for one");
    }
    let holder = StateFolder::holder(state).ok().flatten();
    let at_work = holder.and_then(|holder| holder.pid);
    for id in ids {
        let line = jobs.job(&id).and_then(|job| {
            let standing = jobs.standing(&id)?;
            Ok(line(&job, standing.as_ref(), at_work))
        });
        // One that can't be read hides no other.
        tell(&line.unwrap_or_else(|failure| format!("{id}  {failure}")));
    }
    Ok(Exit::Clean)
}

/// What is said of a job, while this process holds the state folder.
fn line(job: &Job, standing: Option<&Standing>, at_work: Option<u32>) -> String {
    let mut what = job.asked.account.to_string();
    for feed in &job.asked.feeds {
        what.push_str(&format!("/{feed}"));
    }
    if let (Some(from), Some(to)) = job.window() {
        what.push_str(&format!("  {from} to {to}"));
    }
    let id = &job.id;
    format!("{id}  {what}  {}", how_far(job, standing, at_work))
}

fn how_far(job: &Job, standing: Option<&Standing>, at_work: Option<u32>) -> String {
    let waits = "waits for op-dd run, or the same command";
    let Some(standing) = standing else {
        return waits.to_owned();
    };
    let events = counted_events(standing);
    let percent = format!("{:.0} %", standing.fraction(job) * 100.0);
    let trouble = standing.trouble.as_deref();
    match standing.state {
        State::Done if standing.refused > 0 => {
            let letters = standing.refused;
            format!("done: {events}, of which {letters} are dead letters")
        }
        State::Done => format!("done: {events}"),
        State::Refused => format!("refused: {}", trouble.unwrap_or("it can't be done")),
        State::Running if at_work == Some(standing.pid) => {
            let held = trouble.map_or_else(String::new, |why| format!("; held up: {why}"));
            format!("{percent}, {events}, by process {}{held}", standing.pid)
        }
        // A process that was killed could not say so.
        State::Running | State::Stopped => format!("{percent}, {events}; {waits}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use onepassword_events::{Feed, Timestamp};
    use op_dd_bridge::Name;

    use super::*;
    use crate::job::Asked;

    fn job() -> Job {
        let time = |text: &str| text.parse::<Timestamp>().unwrap().to_system_time();
        let window = (time("2026-05-01T00:00:00Z"), time("2026-05-11T00:00:00Z"));
        let asked = Asked {
            account: Name::DEFAULT,
            feeds: vec![Feed::ItemUsages],
            from: "2026-05-01".to_owned(),
            to: "2026-05-11".to_owned(),
            redate: true,
            recent: false,
            archive: None,
        };
        Job::plan(asked, window, None, None, time("2026-06-15T12:00:00Z")).unwrap()
    }

    #[test]
    fn a_job_is_a_line_that_says_how_far_it_is() {
        let job = job();
        let said = |standing: Option<&Standing>| {
            let line = line(&job, standing, Some(std::process::id()));
            let head = "backfill-20260615-120000  default/itemusages  2026-05-01T00:00:00Z to \
                        2026-05-11T00:00:00Z  ";
            line.strip_prefix(head).unwrap_or(&line).to_owned()
        };
        assert_eq!(said(None), "waits for op-dd run, or the same command");

        let mut standing = Standing::taken_up(None);
        standing.events = 12_000;
        standing.updated_at = SystemTime::UNIX_EPOCH.into();
        let pid = standing.pid;
        let going = format!("0 %, 12000 events, by process {pid}");
        assert_eq!(said(Some(&standing)), going);
        standing.trouble = Some("the token was refused".to_owned());
        let held = format!("{going}; held up: the token was refused");
        assert_eq!(said(Some(&standing)), held);

        let left = "0 %, 12000 events; waits for op-dd run, or the same command";
        let mut killed = standing.clone();
        killed.pid = 0;
        assert_eq!(said(Some(&killed)), left);
        standing.state = State::Stopped;
        assert_eq!(said(Some(&standing)), left);

        standing.state = State::Done;
        assert_eq!(said(Some(&standing)), "done: 12000 events");
        standing.refused = 2;
        let letters = "done: 12000 events, of which 2 are dead letters";
        assert_eq!(said(Some(&standing)), letters);

        standing.state = State::Refused;
        standing.trouble = Some("there is no account default".to_owned());
        let refused = "refused: there is no account default";
        assert_eq!(said(Some(&standing)), refused);
    }
}
