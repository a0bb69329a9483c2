use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use op_dd_bridge::{FileStore, Name, Progress, StateFolder, StepReport, StreamId};

use crate::assembly::assemble;
use crate::config::{BadAccount, Config};
use crate::crew::Crew;
use crate::exit::Failure;
use crate::job::Jobs;
use crate::remedy::Remedies;
use crate::signal::Hangups;
use crate::telemetry::Telemetry;
use crate::upkeep::Upkeep;

/// All that is needed to carry events, ready to begin.
pub(crate) struct Shift {
    pub(crate) crew: Crew,
    pub(crate) upkeep: Upkeep,
    /// Why accounts of the configuration are not carried.
    pub(crate) left_out: Vec<Failure>,
    pub(crate) tally: Arc<Tally>,
}

impl Shift {
    /// Gets ready, and says which accounts are left out: until they are mended, if it `goes_on`.
    pub(crate) fn begin(
        config: Config,
        bad: Vec<BadAccount>,
        store: FileStore,
        goes_on: bool,
    ) -> Result<Self, Failure> {
        let folder = store.path().to_path_buf();
        let hangups = Hangups::listen()?;
        let listen = config.telemetry.listen;
        let telemetry = Telemetry::new(&config);
        let tally = Arc::new(Tally::default());
        let (counting, watching) = (Arc::clone(&tally), telemetry.clone());
        let remedies = Remedies::default();
        let observer = move |progress: &Progress<'_>| {
            watching.observe(progress);
            remedies.observe(progress);
            if let Progress::Step { stream, report, .. } = progress {
                counting.add(stream, report);
                tracing::debug!(%stream, ?report, "carried");
            }
        };
        let observer = Arc::new(observer);
        let assembly = assemble(Arc::new(config), bad, store, &telemetry, observer)?;
        // What can't be read there is said by the streams that need it.
        if let Ok(state) = StateFolder::read(&folder) {
            telemetry.show_dead_letters(&state);
            warn_of_strangers(&state, |account| assembly.knows(account));
        }
        let failures = assembly.left_out.iter();
        let mut left_out: Vec<_> = failures.map(|left_out| left_out.failure.clone()).collect();
        let again = if goes_on {
            ", and it is tried again every minute"
        } else {
            ""
        };
        for failure in &left_out {
            tracing::error!("{failure}; the other accounts go on without it{again}");
        }
        // Those were told of when they were read.
        left_out.extend(assembly.bad.iter().map(|bad| bad.failure.clone()));
        let upkeep = Upkeep {
            bridge: Arc::clone(&assembly.live),
            intake: Arc::clone(&assembly.intake),
            telemetry,
            listen,
            hangups,
            state: folder.clone(),
            reread: Arc::default(),
        };
        let crew = Crew::new(assembly, Jobs::of(&folder), Arc::clone(&upkeep.reread));
        Ok(Self {
            crew,
            upkeep,
            left_out,
            tally,
        })
    }
}

/// An account that was renamed begins anew, which nobody sees otherwise.
fn warn_of_strangers(state: &StateFolder, is_known: impl Fn(&Name) -> bool) {
    let accounts = state.streams.iter().map(|state| &state.stream.account);
    let strangers: BTreeSet<_> = accounts.filter(|account| !is_known(account)).collect();
    for account in strangers {
        tracing::warn!(
            "the state has cursors of the account {account}, which the configuration hasn't: if it was renamed, \
             give it its old name, or it begins anew"
        );
    }
}

/// What was done in all: the events that went to Datadog, and the dead letters of all streams.
#[derive(Default)]
pub(crate) struct Tally {
    read: AtomicUsize,
    refused: AtomicUsize,
}

impl Tally {
    pub(crate) fn read(&self) -> usize {
        self.read.load(Ordering::Relaxed)
    }

    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    fn add(&self, stream: &StreamId, report: &StepReport) {
        if stream.destination == Name::DATADOG {
            self.read.fetch_add(report.read, Ordering::Relaxed);
        }
        self.refused.fetch_add(report.refused, Ordering::Relaxed);
    }
}
