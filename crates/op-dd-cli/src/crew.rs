//! All that the program does at the same time: bridges beside each other.

use std::collections::BTreeSet;
use std::future::ready;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use op_dd_bridge::{Bridge, Drained, Name, StreamId};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::accounts::Member;
use crate::assembly::Assembly;
use crate::exit::Failure;
use crate::signal::Stop;

/// How often an account is tried again that could not be opened.
const SECOND_CHANCE: Duration = Duration::from_secs(60);

/// The bridges of an assembly at work, and those that come later: for accounts that could not be opened
/// at the start, and for jobs.
pub(crate) struct Crew {
    assembly: Assembly,
    /// Told when secrets may have changed.
    reread: Arc<Notify>,
    bridges: JoinSet<()>,
    openings: JoinSet<(Name, Result<Member, Failure>)>,
    /// The accounts that are being opened.
    opening: BTreeSet<Name>,
}

impl Crew {
    pub(crate) fn new(assembly: Assembly, reread: Arc<Notify>) -> Self {
        Self {
            assembly,
            reread,
            bridges: JoinSet::new(),
            openings: JoinSet::new(),
            opening: BTreeSet::new(),
        }
    }

    /// The streams that are carried from the start.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &StreamId> {
        self.assembly.bridges().flat_map(|bridge| bridge.streams())
    }

    /// Goes on until it is told to stop, and ends what is under way.
    pub(crate) async fn run(mut self, stop: Stop) {
        let bridges: Vec<_> = self.assembly.bridges().cloned().collect();
        for bridge in bridges {
            self.set_out(bridge, &stop);
        }
        let mut chances = every(SECOND_CHANCE);
        let reread = Arc::clone(&self.reread);
        loop {
            tokio::select! {
                biased;
                () = stop.clone().told() => break,
                Some(ended) = self.bridges.join_next() => came_to_its_end(ended),
                Some(opened) = self.openings.join_next() => {
                    let (name, opened) = came_to_its_end(opened);
                    self.opened(name, opened, &stop);
                }
                () = reread.notified() => self.try_left_out(),
                _ = chances.tick() => self.try_left_out(),
            }
        }
        while let Some(ended) = self.bridges.join_next().await {
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
        self.bridges
            .spawn(async move { bridge.run(stop.told()).await });
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

    fn opened(&mut self, name: Name, opened: Result<Member, Failure>, stop: &Stop) {
        self.opening.remove(&name);
        match opened.and_then(|member| self.assembly.join(member)) {
            Ok(bridges) => {
                let streams = names(bridges.iter().flat_map(|bridge| bridge.streams()));
                tracing::info!("account {name} is back: carrying {streams}");
                for bridge in bridges {
                    self.set_out(bridge, stop);
                }
            }
            Err(failure) => self.still_left_out(&name, failure),
        }
    }

    /// Said again only if it is another cause.
    fn still_left_out(&mut self, name: &Name, failure: Failure) {
        let mut left_out = self.assembly.left_out.iter_mut();
        if let Some(left_out) = left_out.find(|left_out| left_out.name == *name)
            && left_out.failure.to_string() != failure.to_string()
        {
            tracing::error!("{failure}");
            left_out.failure = failure;
        }
    }
}

/// The streams, as they are told.
pub(crate) fn names<'a>(streams: impl Iterator<Item = &'a StreamId>) -> String {
    let names: Vec<_> = streams.map(ToString::to_string).collect();
    names.join(", ")
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
