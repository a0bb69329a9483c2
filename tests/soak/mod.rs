//! Hours of traffic of many accounts in one process, in virtual time, with faults now and then: what the
//! process holds must not grow.

#![expect(
    clippy::unwrap_used,
    reason = "a soak that can't go on should fail its test"
)]

mod events;
mod intake;
mod vitals;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use datadog_logs::{ApiKey, Compression};
use onepassword_events::AccessToken;
use op_dd_bridge::{Account, Bridge, BridgeBuilder, FileStore, Name};
use op_dd_fakes::TokenClaims;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use events::Events;
use intake::Intake;
pub use vitals::Vitals;

/// What to soak.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// Accounts, each with three feeds.
    pub accounts: usize,
    /// How long, in virtual time.
    pub time: Duration,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Soaked {
    /// Events that the intake accepted, each once.
    pub events: u64,
    /// Events that it accepted once more.
    pub again: u64,
    /// Events that it never saw, though it accepted later ones of their streams.
    pub missed: u64,
    /// Requests to 1Password, and those of them that were failed on purpose.
    pub asked: (u64, u64),
    /// Requests to the intake, and those of them that were failed on purpose.
    pub sent: (u64, u64),
    /// What the process held: once it was under way, in the middle, and at the end.
    pub held: [Vitals; 3],
}

/// Noon of 15 June 2026, when it begins.
const BEGINNING: Duration = Duration::from_secs(1_781_524_800);

/// When the process is under way: every stream has begun, and every fault has happened.
const WARM: f64 = 0.1;

/// What the memory may differ by for other reasons: an allocator keeps what it had.
const MEMORY_SLACK: u64 = 4 * 1_048_576;

/// Soaks, and returns what came of it.
///
/// # Panics
///
/// If there is no room for a state folder, or no thread to be had.
#[must_use]
pub fn soak(soak: Soak) -> Soaked {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        TempDir::with_prefix_in("op-dd-soak-", memory)
    } else {
        TempDir::with_prefix("op-dd-soak-")
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let folder = folder.unwrap();
    runtime.unwrap().block_on(soak.run(folder.path()))
}

impl Soak {
    async fn run(self, folder: &Path) -> Soaked {
        let begun = Instant::now();
        let events = Arc::new(Events::new(begun));
        let intake = Arc::new(Intake::new(begun));
        let bridge = self.bridge(folder, &events, &intake, begun);
        let look = async {
            let mut held = Vec::new();
            for at in [WARM, 0.5, 1.0] {
                tokio::time::sleep_until(begun + self.time.mul_f64(at)).await;
                held.push(Vitals::look(begun.elapsed()));
            }
            held
        };
        let (held, ()) = tokio::join!(look, bridge.run(sleep(self.time)));
        let (events_accepted, again, missed) = intake.accepted();
        Soaked {
            events: events_accepted,
            again,
            missed,
            asked: events.requests(),
            sent: intake.requests(),
            held: held.try_into().unwrap(),
        }
    }

    fn bridge(
        self,
        folder: &Path,
        events: &Arc<Events>,
        intake: &Arc<Intake>,
        begun: Instant,
    ) -> Bridge {
        let store = Arc::new(FileStore::open(folder).unwrap());
        let key = ApiKey::new("0123456789abcdef0123456789abcdef").unwrap();
        let datadog = datadog_logs::Client::builder(key)
            .compression(Compression::Zstd)
            .transport(intake.clone())
            .build();
        let accounts = (0..self.accounts).map(|number| {
            let token = AccessToken::new(TokenClaims::default().mint()).unwrap();
            let client = onepassword_events::Client::builder(token)
                .transport(events.of(number))
                .build();
            let name = Name::new(format!("account-{number}")).unwrap();
            Account::new(name, Arc::new(client.unwrap()))
        });
        let builder = Bridge::builder(Arc::new(datadog.unwrap()), store.clone(), store)
            .clock(Arc::new(move || wall(begun)));
        accounts
            .fold(builder, BridgeBuilder::account)
            .build()
            .unwrap()
    }
}

impl Soaked {
    /// What is wrong with it: events that went missing, or something that grew.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let [start, half, end] = &self.held;
        let mut faults = Vec::new();
        if self.missed > 0 {
            faults.push(format!("{} events are missing", self.missed));
        }
        if self.asked.1 == 0 || self.sent.1 == 0 {
            faults.push("it was too short for a fault to happen".to_owned());
        }
        if end.tasks > start.tasks {
            faults.push("there are more tasks at the end than at the start".to_owned());
        }
        if end.descriptors > start.descriptors {
            faults.push("there are more descriptors at the end than at the start".to_owned());
        }
        if end.memory > half.memory.map(|half| half + MEMORY_SLACK) {
            faults.push("there is more memory at the end than in the middle".to_owned());
        }
        faults
    }
}

/// The true time.
fn wall(begun: Instant) -> SystemTime {
    SystemTime::UNIX_EPOCH + BEGINNING + begun.elapsed()
}

/// As a server writes it into `Date`.
fn date(begun: Instant) -> String {
    httpdate::fmt_http_date(wall(begun))
}

impl fmt::Display for Soaked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            events,
            again,
            missed,
            asked,
            sent,
            held,
        } = self;
        writeln!(
            f,
            "events    {events} accepted, {again} of them twice, {missed} missed"
        )?;
        writeln!(f, "1Password {} requests, {} failed", asked.0, asked.1)?;
        writeln!(f, "intake    {} requests, {} failed", sent.0, sent.1)?;
        for (when, held) in ["start", "half", "end"].into_iter().zip(held) {
            writeln!(f, "{when:<9} {held}")?;
        }
        Ok(())
    }
}
