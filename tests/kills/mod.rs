//! The real program between the real fakes, each a process of its own, killed again and again.
//!
//! What was accepted is read from the record that the fake intake writes before it answers, event by
//! event. A kill may repeat what was accepted and not yet committed: at most one page of each stream.
//! Nothing may be lost, ever; and whoever is told to stop, instead of being killed, repeats nothing.

#![expect(
    clippy::unwrap_used,
    reason = "a trial that can't be set up can only fail"
)]

mod fakes;
mod going;
mod record;
mod report;

use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use op_dd_fakes::Generator;
use tempfile::TempDir;

use fakes::Fakes;
use going::Going;
use record::Record;
pub use report::Report;

/// A page of the Events API.
const PAGE: usize = 1000;

/// The feeds of the one account.
const STREAMS: usize = 3;

/// How long at most it takes the program to carry all that is left, or the fakes to start.
const DEADLINE: Duration = Duration::from_secs(300);

/// Longer than the program ever waits before it tries again.
const STANDSTILL: Duration = Duration::from_secs(90);

/// After what was waited for, a kill comes at any instant within this time: that of a few pages.
const SPREAD: Duration = Duration::from_millis(250);

/// How the program is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGKILL, of which it never hears.
    Kill,
    /// SIGTERM, on which it ends what it has begun.
    Term,
}

/// What is to be carried, and how often somebody comes in between.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    /// How often something is ended.
    pub kills: usize,
    /// How many events there are.
    pub events: usize,
    /// What the events are invented from, and the instants drawn.
    pub seed: u64,
    /// How the program is ended. The fakes are always killed.
    pub signal: Signal,
    /// Whether each time chance decides who it is: the program, the fakes, or all of them.
    pub fakes: bool,
}

impl Trial {
    /// Carries everything, with all the kills in between.
    ///
    /// # Panics
    ///
    /// If a process can't be started, or doesn't come to its end for minutes.
    #[must_use]
    pub fn run(&self) -> Report {
        let begun = Instant::now();
        let mut chance = fastrand::Rng::with_seed(self.seed);
        let folder = TempDir::new().unwrap();
        let anchor = SystemTime::now();
        let mut fakes = Fakes::start(folder.path(), self.seed, anchor, self.events);
        fs::write(folder.path().join("op-dd.toml"), fakes.configuration()).unwrap();
        let mut record = Record::new(
            Generator::new(self.seed, anchor, self.events),
            fakes.record(),
        );
        let mut report = Report::new(*self);

        let mut program = None;
        for left in (1..=self.kills).rev() {
            let going = program.get_or_insert_with(|| Going::start(folder.path(), &[]));
            let goal = record.arrived() + self.stretch(&mut chance, &record, left);
            if !arrives(&mut record, goal.min(self.events)) {
                report.standstill = true;
                break;
            }
            thread::sleep(SPREAD.mul_f64(chance.f64()));

            let (ends_program, ends_fakes) = if self.fakes {
                chance
                    .choice([(true, false), (false, true), (true, true)])
                    .unwrap()
            } else {
                (true, false)
            };
            if ends_fakes {
                fakes.kill();
                report.fakes_killed += 1;
            }
            if ends_program {
                report.program_ended(going.end(self.signal));
                program = None;
            }
            record.read();
            report.came_to_a_kill(&record);
            if ends_fakes {
                fakes.start_again();
            }
        }
        report.stopped = program.map(|mut going| going.end(Signal::Term));
        report.rest = Going::start(folder.path(), &["--once"]).ended();
        record.read();
        report.came_to_the_end(&record, folder.path(), begun.elapsed());
        report
    }

    /// How many more events are to arrive before the next kill: by chance, but on the average so many
    /// that the kills are spread over all of them. Often none, so that beginnings are hit as well.
    fn stretch(&self, chance: &mut fastrand::Rng, record: &Record, left: usize) -> usize {
        let average = (self.events - record.arrived()) / left;
        chance.usize(0..=2 * average) / PAGE * PAGE
    }
}

/// Waits until so many events have arrived: false if for too long nothing has.
fn arrives(record: &mut Record, goal: usize) -> bool {
    let (mut arrived, mut since) = (record.arrived(), Instant::now());
    while arrived < goal {
        if since.elapsed() > STANDSTILL {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
        record.read();
        if record.arrived() > arrived {
            (arrived, since) = (record.arrived(), Instant::now());
        }
    }
    true
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < DEADLINE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
