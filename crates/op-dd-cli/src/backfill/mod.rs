use std::convert::Infallible;
use std::io::{Write as _, stdout};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use onepassword_events::Timestamp;
use op_dd_bridge::{Name, StateFolder};
use tokio::time::sleep;

use crate::archive::Place;
use crate::args::BackfillArgs;
use crate::assembly::{open_store, tell_if_new};
use crate::config::{BadAccount, Config};
use crate::counted::counted;
use crate::exit::{Exit, Failure};
use crate::job::{Asked, Job, Jobs, Sink, Standing, State};
use crate::shift::Shift;
use crate::signal::{told_to_stop, until_told_to_stop};
use crate::state;

mod forget;
mod list;
mod live;
mod meter;

use forget::forget;
use list::list;
use live::Live;
use meter::Meter;

/// How long 1Password keeps events.
const KEPT: Duration = Duration::from_secs(120 * 24 * 3600);

/// How often it is looked how far the job is.
const LOOK: Duration = Duration::from_secs(1);

/// How long a job may be nobody's until it is left: a service that is started again is away for a moment.
const NOBODY: Duration = Duration::from_secs(30);

/// How long it may be until another process takes a job up before it is said that this is waited for.
const SLOW: Duration = Duration::from_secs(5);

pub(crate) async fn execute(args: &BackfillArgs) -> Result<Exit, Failure> {
    if args.list || args.cancel.is_some() || args.forget.is_some() {
        let state = state::folder(args.config.as_deref(), args.state.as_deref())?;
        let jobs = Jobs::of(&state);
        return match (&args.cancel, &args.forget) {
            (Some(id), _) => cancel(&jobs, id),
            (None, Some(id)) => forget(&state, &jobs, id).await,
            (None, None) => list(&jobs, &state),
        };
    }
    let (mut config, bad) = match &args.config {
        Some(path) => Config::read_good_accounts(path)?,
        None => (Config::from_environment()?, Vec::new()),
    };
    let state = config.state_folder(args.state.as_deref())?;
    state::must_be_ours(&state)?;
    let jobs = Jobs::of(&state);
    let planned = plan(args, &config, &bad, &state)?;
    tell_if_new(&state);
    let store = match open_store(&state) {
        Ok(store) => Some(store),
        Err(failure) if failure.exit() == Exit::Held => None,
        Err(failure) => return Err(failure),
    };
    let known = known(&jobs, &planned)?;
    if let Some((job, Some(standing))) = &known
        && standing.is_done()
    {
        tell("this window was carried already: nothing is left to do");
        return verdict(job, standing);
    }
    let settle = || {
        let job = match known {
            Some((job, _)) => {
                tell(&format!("{} goes on where it was", job.id));
                job
            }
            None => jobs.add(&planned)?,
        };
        explain(&job);
        Ok::<_, Failure>(job)
    };
    match store {
        Some(store) => {
            // Who wants to watch a backfill has op-dd run do it, whose port this is.
            config.telemetry.listen = None;
            // What fails here has left no job behind, which another start would do.
            let shift = Shift::begin(config, bad, store, true)?;
            carry(shift, args.grace, &jobs, &settle()?).await
        }
        None => follow(&state, &jobs, &settle()?).await,
    }
}

/// What is asked for, if it can be done.
fn plan(
    args: &BackfillArgs,
    config: &Config,
    bad: &[BadAccount],
    state: &Path,
) -> Result<Job, Failure> {
    let (Some(account), Some(from)) = (&args.account, &args.from) else {
        return Err(Failure::configuration("give --account and --from"));
    };
    let settings = config.accounts.iter().find(|known| known.name == *account);
    let Some(settings) = settings else {
        if let Some(bad) = bad.iter().find(|bad| bad.name.as_ref() == Some(account)) {
            return Err(bad.failure.clone());
        }
        let known: Vec<_> = config
            .accounts
            .iter()
            .map(|known| known.name.as_str())
            .collect();
        return Err(Failure::configuration(format!(
            "there is no account {account} in the configuration: it has {}",
            known.join(", ")
        )));
    };
    let now = SystemTime::now();
    let window = (from.time(now), args.to.time(now));
    if now.duration_since(window.0).is_ok_and(|age| age > KEPT) {
        tell("1Password keeps events for 120 days: what is older than that does not come");
    }
    let asked = Asked {
        account: account.clone(),
        feeds: args.feed.clone(),
        from: from.text.clone(),
        to: args.to.text.clone(),
        redate: args.redate,
        recent: args.recent,
        archive: args.archive.clone(),
    };
    let configured = config.archive_place();
    let own = configured.clone();
    let place = match &args.archive {
        Some(Place::Folder(folder)) => Some(one_name(folder, configured.as_ref())),
        Some(place) => Some(place.clone()),
        None => configured,
    };
    let destination = if args.redate {
        Some(Name::DATADOG)
    } else {
        (place.is_some() && place == own).then_some(Name::ARCHIVE)
    };
    let live = destination.map(|destination| {
        let live = Live {
            account: settings,
            feeds: &args.feed,
            destination,
            start: config.polling.start,
        };
        live.since(state, now)
    });
    Job::plan(asked, window, place.as_ref(), live, now)
}

/// What a folder is called, which may have several names through links: as the configuration calls it, or
/// else by its own name.
fn one_name(folder: &Path, configured: Option<&Place>) -> Place {
    let real = folder.canonicalize().unwrap_or_else(|_| folder.into());
    match configured {
        Some(Place::Folder(configured))
            if configured.canonicalize().is_ok_and(|found| found == real) =>
        {
            Place::Folder(configured.clone())
        }
        _ => Place::Folder(real),
    }
}

/// The job that was asked for in the same words and is not done, or that has done the same.
fn known(jobs: &Jobs, planned: &Job) -> Result<Option<(Job, Option<Standing>)>, Failure> {
    for id in jobs.ids()?.into_iter().rev() {
        let Ok(job) = jobs.job(&id) else {
            continue;
        };
        let standing = jobs.standing(&id)?;
        let is_done = standing.as_ref().is_some_and(Standing::is_done);
        let same = if is_done {
            job.does_the_same_as(planned)
        } else {
            job.archive() == planned.archive()
        };
        if same && job.asked == planned.asked {
            return Ok(Some((job, standing)));
        }
    }
    Ok(None)
}

/// Says what goes where.
fn explain(job: &Job) {
    for part in &job.parts {
        let span = span(&part.from, &part.to);
        let (from, to) = (&part.from, &part.to);
        let sink = match &part.sink {
            Sink::Archive(place) => {
                format!("to the archive {place}, by their own dates")
            }
            Sink::Intake if job.asked.redate => {
                "to Datadog; older ones with the date of sending".to_owned()
            }
            Sink::Intake => "to Datadog once more, beside what live polling carries".to_owned(),
        };
        tell(&format!("{span} of events, from {from} to {to}, go {sink}"));
    }
    if let Some(left) = &job.left_from {
        tell(&format!(
            "events from {left} on are left to live polling, which brings them to the same place"
        ));
    }
}

/// Does the job in this process, together with live polling.
async fn carry(shift: Shift, grace: Duration, jobs: &Jobs, job: &Job) -> Result<Exit, Failure> {
    let Shift { crew, upkeep, .. } = shift;
    let mut meter = Meter::new();
    let ended = until_told_to_stop(grace, |stop| async {
        tokio::select! {
            biased;
            () = crew.run_until(&job.id, stop) => {}
            never = watch(jobs, job, &mut meter) => match never {},
        }
    });
    upkeep.beside(ended).await?;
    meter.clear();
    match jobs.standing(&job.id)? {
        Some(standing) if standing.is_over() => verdict(job, &standing),
        _ if !jobs.has(&job.id) => Err(called_off(job)),
        _ => Err(Failure::new(
            Exit::Partial,
            format!(
                "stopped before {} was done: the same command, or op-dd run, goes on from there",
                job.id
            ),
        )),
    }
}

async fn watch(jobs: &Jobs, job: &Job, meter: &mut Meter) -> Infallible {
    loop {
        if let Ok(Some(standing)) = jobs.standing(&job.id) {
            meter.show(job, &standing);
        }
        sleep(LOOK).await;
    }
}

/// Shows how another process does the job.
async fn follow(state: &Path, jobs: &Jobs, job: &Job) -> Result<Exit, Failure> {
    let mut meter = Meter::new();
    let done = tokio::select! {
        done = done_by_another(state, jobs, job, &mut meter) => done,
        told = told_to_stop() => {
            told?;
            Err(Failure::new(
                Exit::Partial,
                format!(
                    "{} goes on without this command: op-dd backfill --list says how far it is",
                    job.id
                ),
            ))
        }
    };
    meter.clear();
    done
}

async fn done_by_another(
    state: &Path,
    jobs: &Jobs,
    job: &Job,
    meter: &mut Meter,
) -> Result<Exit, Failure> {
    let (mut held, asked) = (Instant::now(), Instant::now());
    let (mut is_taken_up, mut is_waited_for) = (false, false);
    loop {
        if !jobs.has(&job.id) {
            return Err(called_off(job));
        }
        let holder = StateFolder::holder(state).ok().flatten();
        if let Some(standing) = jobs.standing(&job.id)? {
            let pid = holder.as_ref().and_then(|holder| holder.pid);
            if !is_taken_up && standing.state == State::Running && pid == Some(standing.pid) {
                is_taken_up = true;
                tell("the process that holds the state folder takes the job up");
            }
            meter.show(job, &standing);
            if standing.is_over() {
                return verdict(job, &standing);
            }
        }
        if !is_taken_up && !is_waited_for && asked.elapsed() > SLOW {
            is_waited_for = true;
            tell(
                "waiting for the process that holds the state folder: op-dd run takes the job up, once its \
                 account is open, and op-dd run --once does not",
            );
        }
        if holder.is_some() {
            held = Instant::now();
        } else if held.elapsed() > NOBODY {
            return Err(Failure::new(
                Exit::Partial,
                format!(
                    "nobody holds the state folder any more: the same command, or op-dd run, goes on \
                     with {}",
                    job.id
                ),
            ));
        }
        sleep(LOOK).await;
    }
}

fn called_off(job: &Job) -> Failure {
    Failure::new(Exit::Partial, format!("{} was called off", job.id))
}

fn verdict(job: &Job, standing: &Standing) -> Result<Exit, Failure> {
    if standing.state == State::Refused {
        let why = standing.trouble.as_deref().unwrap_or("it can't be done");
        return Err(Failure::configuration(format!("{}: {why}", job.id)));
    }
    tell(&format!("{} is done: {}", job.id, counted_events(standing)));
    if standing.refused > 0 {
        return Err(Failure::new(
            Exit::Partial,
            format!(
                "events that could not be delivered for faults of their own: {}; they are kept under \
                 dead-letters in the state folder",
                standing.refused
            ),
        ));
    }
    Ok(Exit::Clean)
}

fn cancel(jobs: &Jobs, id: &String) -> Result<Exit, Failure> {
    if !jobs.ids()?.contains(id) {
        return Err(Failure::configuration(format!(
            "there is no job {id}: op-dd backfill --list names those that there are"
        )));
    }
    jobs.remove(id)?;
    tell(&format!(
        "{id} is called off: whoever is at it stops within seconds, and what was carried stays"
    ));
    Ok(Exit::Clean)
}

fn counted_events(standing: &Standing) -> String {
    counted(
        usize::try_from(standing.events).unwrap_or(usize::MAX),
        "event",
    )
}

/// How long it is from one time to another, in days, or in hours if that is less than two days.
fn span(from: &Timestamp, to: &Timestamp) -> String {
    let length = to.to_system_time().duration_since(from.to_system_time());
    let hours = length.unwrap_or_default().as_secs().div_ceil(3600);
    let hours = usize::try_from(hours).unwrap_or(usize::MAX);
    if hours < 48 {
        counted(hours, "hour")
    } else {
        counted(hours / 24, "day")
    }
}

fn tell(line: &str) {
    // Whoever reads may have gone.
    let _ = writeln!(stdout(), "{line}");
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_name() {
        let temporary = tempfile::tempdir().unwrap();
        let real = temporary.path().canonicalize().unwrap().join("real");
        let [link, other, missing] =
            ["link", "other", "missing"].map(|name| real.with_file_name(name));
        std::fs::create_dir(&real).unwrap();
        for link in [&link, &other] {
            std::os::unix::fs::symlink(&real, link).unwrap();
        }
        let check = |folder: &Path, configured: Option<&Path>, name: &Path| {
            let configured = configured.map(|folder| Place::Folder(folder.into()));
            let expect = Place::Folder(name.into());
            assert_eq!(one_name(folder, configured.as_ref()), expect);
        };
        check(&link, None, &real);
        check(&real, Some(&link), &link);
        check(&other, Some(&link), &link);
        check(&link, Some(&missing), &real);
        check(&missing, Some(&link), &missing);
    }
}
