//! What the program shows of itself to those who watch it: figures, and whether it lives and is ready.
//!
//! Libraries stay free of it: it hears of each step from the bridge's observer, and of each call by
//! standing between the clients and their transports.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use onepassword_events::Client;
use op_dd_bridge::{Name, Progress, StateFolder, StepError, StreamId};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use crate::config::Config;

mod accounts;
mod calls;
mod exposition;
mod readiness;
mod server;
mod steps;
mod streams;

use accounts::Accounts;
use calls::Calls;
pub(crate) use calls::{Counted, Side};
use readiness::Readiness;
pub(crate) use server::serve;
use steps::Steps;
use streams::Streams;

/// Keeps the figures. Clones keep the same ones.
#[derive(Clone)]
pub(crate) struct Telemetry(Arc<Inner>);

struct Inner {
    streams: Streams,
    steps: Steps,
    accounts: Accounts,
    calls: Calls,
    readiness: Mutex<Readiness>,
    /// How long the clients wait for an answer.
    timeout: Duration,
    started: SystemTime,
}

impl Telemetry {
    /// What is to be expected is in the configuration: how often either end is asked, and how long it may
    /// take to answer.
    pub(crate) fn new(config: &Config) -> Self {
        let (polling, heartbeat) = (config.polling.interval, config.telemetry.heartbeat);
        let readiness = Readiness::new(polling, heartbeat, Instant::now());
        Self(Arc::new(Inner {
            streams: Streams::default(),
            steps: Steps::default(),
            accounts: Accounts::default(),
            calls: Calls::default(),
            readiness: Mutex::new(readiness),
            timeout: config.http.timeout,
            started: SystemTime::now(),
        }))
    }

    /// Shows these streams from now on, before anything has come of them; they go on for ever.
    pub(crate) fn show_streams<'a>(&self, streams: impl IntoIterator<Item = &'a StreamId>) {
        self.0.streams.show(streams);
    }

    /// Shows the dead letters that are in the state folder now, of the streams that are shown, now or later.
    pub(crate) fn show_dead_letters(&self, state: &StateFolder) {
        self.0.streams.show_dead_letters(state);
    }

    /// Shows how long an account's token is good for, and what is left of its rate.
    pub(crate) fn show_account(&self, name: &Name, client: &Client) {
        self.0.accounts.show(name, client);
    }

    /// Shows that an account isn't carried, unless it is.
    pub(crate) fn show_left_out(&self, name: &Name) {
        self.0.accounts.show_left_out(name);
    }

    /// The accounts that are carried, with their clients.
    pub(crate) fn accounts(&self) -> Vec<(Name, Client)> {
        self.0.accounts.all()
    }

    /// The transport to a side, its calls counted.
    pub(crate) fn counted<T>(&self, side: Side, transport: T) -> Counted<T> {
        Counted::new(self.clone(), side, transport)
    }

    /// Takes note of what a bridge has done.
    pub(crate) fn observe(&self, progress: &Progress<'_>) {
        match progress {
            Progress::Step {
                stream,
                report,
                took,
                ..
            } => {
                self.0.streams.add(stream, report);
                self.0
                    .steps
                    .add(&destination(&stream.destination), true, *took);
                self.readiness(|readiness| readiness.state.carried(stream));
            }
            Progress::Failure {
                stream,
                error,
                took,
                ..
            } => {
                self.0.streams.add_failure(stream);
                self.0
                    .steps
                    .add(&destination(&stream.destination), false, *took);
                if matches!(error, StepError::Store(_)) {
                    let now = Instant::now();
                    self.readiness(|readiness| readiness.state.failed(stream, now));
                }
            }
            _ => {}
        }
    }

    /// How things are, in a line.
    pub(crate) fn status(&self) -> String {
        let (events, dead_letters) = self.0.streams.totals();
        let verdict = self.readiness(|readiness| readiness.verdict(Instant::now()));
        format!("{events} events carried, {dead_letters} dead letters; {verdict}")
    }

    fn readiness<T>(&self, look: impl FnOnce(&mut Readiness) -> T) -> T {
        let mut readiness = self
            .0
            .readiness
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        look(&mut readiness)
    }
}

/// A destination as it is shown: all backfills are one, or there would be more and more of them.
fn destination(name: &Name) -> Name {
    if name.as_str().starts_with("backfill-") {
        Name::new("backfill").unwrap_or_else(|_| name.clone())
    } else {
        name.clone()
    }
}

impl Collector for Inner {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.streams.encode(&mut encoder)?;
        self.steps.encode(&mut encoder)?;
        self.accounts.encode(&mut encoder, SystemTime::now())?;
        self.calls.encode(&mut encoder)?;
        exposition::gauge(
            &mut encoder,
            "op_dd_build_info",
            "What runs here: always 1.",
            [([("version", env!("CARGO_PKG_VERSION"))], 1.0)],
        )?;
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        exposition::gauge(
            &mut encoder,
            "process_start_time_seconds",
            "When the process was started, in seconds since 1970.",
            [([("", ""); 0], started.as_secs_f64())],
        )
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}
