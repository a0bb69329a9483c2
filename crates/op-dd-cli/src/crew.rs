//! All that the program does at the same time: bridges beside each other.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use op_dd_bridge::{Bridge, Drained, Name, StreamId};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::accounts::Member;
use crate::assembly::Assembly;
use crate::exit::{Exit, Failure};
use crate::job::{Jobs, Ledger, Standing, carry};
use crate::signal::Stop;

/// How often an account is tried again that could not be opened.
const SECOND_CHANCE: Duration = Duration::from_secs(60);

/// How often it is looked whether there is a new job.
const LOOK: Duration = Duration::from_secs(2);

/// How many streams are told by name.
const NAMED: usize = 12;

/// The bridges of an assembly at work, and those that come later: for accounts that could not be opened
/// at the start, and for jobs.
pub(crate) struct Crew {
    assembly: Assembly,
    jobs: Jobs,
    /// Told when secrets may have changed.
    reread: Arc<Notify>,
    /// Bridges that go on, and jobs, which come to their end and have an id.
    work: JoinSet<Option<String>>,
    openings: JoinSet<(Name, Result<Member, Failure>)>,
    /// The accounts that are being opened.
    opening: BTreeSet<Name>,
    /// The jobs that were taken up.
    met: BTreeSet<String>,
    /// Those that can't be, and why.
    refused: BTreeMap<String, Failure>,
    /// Why it can't be looked for jobs.
    blinded: Option<Failure>,
}

impl Crew {
    pub(crate) fn new(assembly: Assembly, jobs: Jobs, reread: Arc<Notify>) -> Self {
        Self {
            assembly,
            jobs,
            reread,
            work: JoinSet::new(),
            openings: JoinSet::new(),
            opening: BTreeSet::new(),
            met: BTreeSet::new(),
            refused: BTreeMap::new(),
            blinded: None,
        }
    }

    /// The streams that are carried from the start.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &StreamId> {
        self.assembly.bridges().flat_map(|bridge| bridge.streams())
    }

    /// Goes on until it is told to stop, and ends what is under way.
    pub(crate) async fn run(self, stop: Stop) {
        self.go_on(None, stop).await;
    }

    /// Goes on until this job is over, or it is told to stop.
    pub(crate) async fn run_until(self, job: &str, stop: Stop) {
        self.go_on(Some(job), stop).await;
    }

    async fn go_on(mut self, last: Option<&str>, stop: Stop) {
        let (tell, told) = Stop::channel();
        let bridges: Vec<_> = self.assembly.bridges().cloned().collect();
        for bridge in bridges {
            self.set_out(bridge, &told);
        }
        let (mut chances, mut looks) = (every(SECOND_CHANCE), every(LOOK));
        looks.reset_immediately();
        let reread = Arc::clone(&self.reread);
        loop {
            tokio::select! {
                biased;
                () = stop.clone().told() => break,
                Some(ended) = self.work.join_next() => {
                    let job = came_to_its_end(ended);
                    if last.is_some() && job.as_deref() == last {
                        break;
                    }
                }
                Some(opened) = self.openings.join_next() => {
                    let (name, opened) = came_to_its_end(opened);
                    self.opened(&name, opened, &told);
                }
                () = reread.notified() => self.try_left_out(),
                _ = chances.tick() => self.try_left_out(),
                _ = looks.tick() => {
                    self.take_jobs_up(&told);
                    if last.is_some_and(|last| self.is_over(last)) {
                        break;
                    }
                }
            }
        }
        tell.stop();
        while let Some(ended) = self.work.join_next().await {
            came_to_its_end(ended);
        }
    }

    /// Carries what there is at present, to all destinations.
    pub(crate) async fn drain(&self, patience: Duration, stop: Stop) -> Drained {
        let drain = |bridge: &Arc<Bridge>| {
            let (bridge, stop) = (Arc::clone(bridge), stop.clone());
            async move { bridge.drain(patience, stop.told()).await.streams }
        };
        let archive = async {
            match &self.assembly.archive {
                Some(archive) => drain(archive).await,
                None => ready(Vec::new()).await,
            }
        };
        let (mut streams, archived) = tokio::join!(drain(&self.assembly.live), archive);
        streams.extend(archived);
        Drained { streams }
    }

    fn set_out(&mut self, bridge: Arc<Bridge>, stop: &Stop) {
        let stop = stop.clone();
        self.work.spawn(async move {
            bridge.run(stop.told()).await;
            None
        });
    }

    /// Takes up the jobs that somebody has asked for since the last look.
    fn take_jobs_up(&mut self, stop: &Stop) {
        let ids = match self.jobs.ids() {
            Ok(ids) => ids,
            Err(failure) => {
                if !says(self.blinded.as_ref(), &failure) {
                    tracing::error!("{failure}; no backfill begins before that");
                }
                self.blinded = Some(failure);
                return;
            }
        };
        self.blinded = None;
        for id in ids {
            if self.met.contains(&id) {
                continue;
            }
            match self.take_up(&id, stop) {
                Ok(true) => {
                    self.refused.remove(&id);
                    self.met.insert(id);
                }
                Ok(false) => {}
                Err(failure) => self.refuse(id, failure),
            }
        }
    }

    /// Takes a job up, unless it is done: false if its account is not open yet.
    fn take_up(&mut self, id: &str, stop: &Stop) -> Result<bool, Failure> {
        let before = self.jobs.standing(id)?;
        if before.as_ref().is_some_and(Standing::is_done) {
            return Ok(true);
        }
        let job = self.jobs.job(id)?;
        let name = &job.asked.account;
        let Some(member) = self.assembly.members.get(name) else {
            if self.assembly.knows(name) {
                return Ok(false);
            }
            return Err(Failure::configuration(format!(
                "there is no account {name} in the configuration: add it and start op-dd again, or call \
                 the job off by op-dd backfill --cancel {id}"
            )));
        };
        let parts = job.due(before.as_ref(), SystemTime::now())?;
        let ledger = Arc::new(Ledger::open(self.jobs.clone(), before));
        let parts = parts.into_iter();
        let parts = parts.map(|part| self.assembly.part(&job, part, member, &ledger));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        if parts.len() < job.parts.len() {
            tracing::warn!(
                job = id,
                "some of its events have grown too old for Datadog meanwhile: they go to the archive alone"
            );
        }
        ledger.expect(parts.iter().flat_map(Bridge::streams));
        let (id, stop) = (id.to_owned(), stop.clone());
        self.work.spawn(async move {
            carry(job, parts, ledger, stop).await;
            Some(id)
        });
        Ok(true)
    }

    /// Lets whoever asked for it know. It is tried again with every look, since what is wrong may be
    /// mended or pass, and said again only if it is another cause.
    fn refuse(&mut self, id: String, failure: Failure) {
        if says(self.refused.get(&id), &failure) {
            return;
        }
        tracing::error!(job = id, "a backfill can't be done: {failure}");
        // What can't be read now is not to be written over.
        if failure.exit() == Exit::Configuration
            && let Ok(before) = self.jobs.standing(&id)
        {
            let standing = Standing::refused(before, failure.to_string());
            if let Err(failure) = self.jobs.note(&id, &standing) {
                tracing::debug!("{failure}");
            }
        }
        self.refused.insert(id, failure);
    }

    fn is_over(&self, job: &str) -> bool {
        let refusal = self.refused.get(job);
        let standing = self.jobs.standing(job).ok().flatten();
        refusal.is_some_and(|failure| failure.exit() == Exit::Configuration)
            || standing.is_some_and(|standing| standing.is_done())
            || !self.jobs.has(job)
    }

    /// Begins to open the accounts that could not be. A look-up may take long, and nothing waits for it.
    fn try_left_out(&mut self) {
        for left_out in &self.assembly.left_out {
            let name = left_out.name.clone();
            if self.opening.insert(name.clone()) {
                let accounts = Arc::clone(&self.assembly.accounts);
                self.openings.spawn_blocking(move || {
                    let opened = accounts.open_named(&name);
                    (name, opened)
                });
            }
        }
    }

    fn opened(&mut self, name: &Name, opened: Result<Member, Failure>, stop: &Stop) {
        self.opening.remove(name);
        match opened.and_then(|member| self.assembly.join(member)) {
            Ok(bridges) => {
                let streams = names(bridges.iter().flat_map(|bridge| bridge.streams()));
                tracing::info!("account {name} is back: carrying {streams}");
                for bridge in bridges {
                    self.set_out(bridge, stop);
                }
            }
            Err(failure) => self.still_left_out(name, failure),
        }
    }

    /// Said again only if it is another cause.
    fn still_left_out(&mut self, name: &Name, failure: Failure) {
        let mut left_out = self.assembly.left_out.iter_mut();
        if let Some(left_out) = left_out.find(|left_out| left_out.name == *name)
            && !says(Some(&left_out.failure), &failure)
        {
            tracing::error!("{failure}");
            left_out.failure = failure;
        }
    }
}

/// The streams, as they are told: of many the first by name, and how many more there are.
pub(crate) fn names<'a>(mut streams: impl Iterator<Item = &'a StreamId>) -> String {
    let names: Vec<_> = streams
        .by_ref()
        .take(NAMED)
        .map(ToString::to_string)
        .collect();
    let names = names.join(", ");
    match streams.count() {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

/// Whether a failure says what another one has said.
fn says(before: Option<&Failure>, failure: &Failure) -> bool {
    before.is_some_and(|before| before.to_string() == failure.to_string())
}

fn every(time: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + time, time);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// A defect in one of them is the program's.
fn came_to_its_end<T>(ended: Result<T, JoinError>) -> T {
    match ended {
        Ok(ended) => ended,
        Err(error) => resume_unwind(error.into_panic()),
    }
}
