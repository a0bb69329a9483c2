//! The real program with hundreds of accounts in one file, some of them broken, each in another way: the
//! others must get everything, and no later than they would without the broken ones.

#![expect(
    clippy::unwrap_used,
    reason = "a trial that can't go on should fail its test"
)]

mod broken;
mod comparison;
mod events;
mod going;
mod intake;
mod round;
mod server;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use op_dd_fakes::{Feed, TokenClaims};
use tempfile::TempDir;

use crate::programs::program;
pub use broken::Broken;
use broken::variable;
pub use comparison::Comparison;
use events::Events;
use going::Going;
use intake::Intake;
pub use round::Round;

/// How often an account is asked for news: the program's default.
const INTERVAL: Duration = Duration::from_secs(10);

/// So long is waited for what has yet to arrive once no more comes into being.
const PATIENCE: Duration = Duration::from_secs(180);

/// What to try.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// Accounts that work, each with three feeds.
    pub accounts: usize,
    /// What comes into being meanwhile.
    pub traffic: Traffic,
}

/// What comes into being in each stream, in the time since the servers began.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    /// How long events come into being.
    pub time: Duration,
    /// From one event of a stream to the next.
    pub every: Duration,
    /// From when on they are measured: the program has started by then.
    pub warm: Duration,
}

impl Trial {
    /// Runs the program without broken accounts and with them, so often, in turns.
    ///
    /// # Panics
    ///
    /// As [`round`](Self::round).
    #[must_use]
    pub fn compare(&self, rounds: usize) -> Comparison {
        let pairs = (0..rounds).map(|number| {
            // Whatever changes on this machine meanwhile must not count for one side alone.
            if number % 2 == 0 {
                let without = self.round(&[]);
                (without, self.round(&Broken::ALL))
            } else {
                let with = self.round(&Broken::ALL);
                (self.round(&[]), with)
            }
        });
        Comparison::new(pairs.collect())
    }

    /// Runs the program with these broken accounts beside the others.
    ///
    /// # Panics
    ///
    /// If the program can't be built or run, or there is no room for its files.
    #[must_use]
    pub fn round(&self, broken: &[Broken]) -> Round {
        // Built before anything is measured.
        program("op-dd");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let names: Vec<_> = (0..self.accounts)
            .map(|number| format!("account-{number}"))
            .collect();
        let mint = |name: &String| TokenClaims::default().account(name.to_uppercase()).mint();
        let tokens: Vec<_> = names.iter().map(mint).collect();

        let begun = Instant::now();
        let events = Arc::new(Events::new(begun, self.traffic, &tokens));
        let streams = self.accounts * Feed::ALL.len();
        let intake = Arc::new(Intake::new(begun, self.traffic, streams));
        let at_events = runtime
            .block_on(server::serve(Arc::clone(&events)))
            .unwrap();
        let at_intake = runtime
            .block_on(server::serve(Arc::clone(&intake)))
            .unwrap();

        let mut config = format!(
            "[datadog]\nurl = \"http://{at_intake}\"\napi_key = \"env:TRIAL_KEY\"\n\n\
             [polling]\ninterval = \"{}s\"\n\n",
            INTERVAL.as_secs()
        );
        let mut environment = vec![("TRIAL_KEY".to_owned(), "0123456789abcdef".repeat(2))];
        // The broken ones are spread among the others.
        let step = (self.accounts / broken.len().max(1)).max(1);
        let mut spread = broken.iter();
        for (number, (name, token)) in names.iter().zip(tokens).enumerate() {
            if number % step == 0
                && let Some(broken) = spread.next()
            {
                let (account, token) = broken.account(&at_events);
                let _ = writeln!(config, "{account}");
                environment.extend(token.map(|token| (variable(&broken.name()), token)));
            }
            let variable = variable(name);
            let _ = writeln!(
                config,
                "[[accounts]]\nname = \"{name}\"\ntoken = \"env:{variable}\"\nurl = \"http://{at_events}\"\n"
            );
            environment.push((variable, token));
        }
        let folder = TempDir::with_prefix("op-dd-accounts-").unwrap();
        fs::write(folder.path().join("op-dd.toml"), config).unwrap();
        self.watch(folder.path(), &environment, broken, &events, &intake, begun)
    }

    fn watch(
        &self,
        folder: &Path,
        environment: &[(String, String)],
        broken: &[Broken],
        events: &Events,
        intake: &Intake,
        begun: Instant,
    ) -> Round {
        let mut going = Going::start(folder, environment);
        let started = begun.elapsed();
        let mut first = None;
        let is_told = |log: &str| broken.iter().all(|broken| told(*broken, log) > 0);
        let give_up = begun + self.traffic.time + PATIENCE;
        while going.is_going() && Instant::now() < give_up {
            if first.is_none() && events.requests() > 0 {
                first = Some(begun.elapsed() - started);
            }
            // Whoever waits for an answer that never comes gives up after a while, and says so.
            if begun.elapsed() > self.traffic.time && intake.owed() == 0 && is_told(&going.log()) {
                break;
            }
            sleep(Duration::from_millis(100));
        }
        let held = going.held();
        let ended = going.is_going().then(|| going.stop()).flatten();
        let log = going.log();
        Round::new(
            intake.taken(),
            held,
            first,
            events.requests(),
            ended.is_some_and(|status| status.success()),
            broken
                .iter()
                .map(|broken| (*broken, told(*broken, &log)))
                .collect(),
            log,
        )
    }
}

/// How many lines of a log tell that something is wrong with this account.
fn told(broken: Broken, log: &str) -> usize {
    let name = broken.name();
    let of_it = |line: &&str| {
        // The line that names all that is carried tells nothing of any.
        line.contains(&name) && (line.contains("ERROR") || line.contains("WARN"))
    };
    log.lines().filter(of_it).count()
}
