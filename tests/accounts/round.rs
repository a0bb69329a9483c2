use std::fmt;
use std::time::Duration;

use super::Broken;
use super::going::Held;
use super::intake::Taken;

/// What came of one run of the program.
#[derive(Clone, Debug)]
pub struct Round {
    /// From when each event came into being to its acceptance, in order.
    lags: Vec<Duration>,
    /// Events that were accepted once more.
    pub again: u64,
    /// Events of accounts that work that never arrived.
    pub lost: u64,
    /// Whether it was at work until it was told to stop, and ended well then.
    pub ended_well: bool,
    /// For each broken account how many lines tell of it.
    pub told: Vec<(Broken, usize)>,
    /// What the program said.
    pub log: String,
    held: Held,
    start: Option<Duration>,
    asked: u64,
    posts: u64,
    beats: u64,
}

impl Round {
    pub(super) fn new(
        taken: Taken,
        held: Held,
        start: Option<Duration>,
        asked: u64,
        ended_well: bool,
        told: Vec<(Broken, usize)>,
        log: String,
    ) -> Self {
        let mut lags = taken.lags;
        lags.sort_unstable();
        Self {
            lags,
            again: taken.again,
            lost: taken.lost,
            ended_well,
            told,
            log,
            held,
            start,
            asked,
            posts: taken.posts,
            beats: taken.beats,
        }
    }

    /// The lag that so many in a hundred events don't exceed; zero if there are none.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let place = (self.lags.len() * percent).div_ceil(100).saturating_sub(1);
        self.lags.get(place).copied().unwrap_or_default()
    }

    /// What is wrong with it, however long anything took.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.lags.is_empty() {
            faults.push("no event was measured".to_owned());
        }
        if self.lost > 0 {
            faults.push(format!("{} events are missing", self.lost));
        }
        if self.again > 0 {
            faults.push(format!("{} events came twice", self.again));
        }
        if !self.ended_well {
            faults.push("the program didn't go on until it was told to stop".to_owned());
        }
        for (broken, lines) in &self.told {
            // What may be one feed's alone, such as a page that is none, is told by feed.
            if !(1..=3).contains(lines) {
                faults.push(format!("{}: {lines} lines tell of it", broken.name()));
            }
        }
        faults
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [half, most, all] = [50, 99, 100].map(|percent| self.percentile(percent).as_secs_f64());
        write!(
            f,
            "{:>7} events  p50 {half:>6.2} s  p99 {most:>6.2} s  max {all:>6.2} s  \
             {:>6} asked  {:>6} posted  {:>5} beats  {:>3} broken  {:>4} lines",
            self.lags.len(),
            self.asked,
            self.posts,
            self.beats,
            self.told.len(),
            self.log.lines().count(),
        )?;
        if let Some(start) = self.start {
            write!(f, "  start {:.1} s", start.as_secs_f64())?;
        }
        write!(
            f,
            "  {:.0} MiB  {} descriptors  {:.1} s of processor",
            self.held.memory as f64 / 1_048_576.0,
            self.held.descriptors,
            self.held.processor.as_secs_f64()
        )
    }
}
