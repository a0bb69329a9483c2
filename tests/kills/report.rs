use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::going::End;
use super::record::Record;
use super::{PAGE, STREAMS, Signal, Trial};

/// What came of a [`Trial`].
#[derive(Debug)]
pub struct Report {
    trial: Trial,
    /// How many kills there have been.
    kills: usize,
    /// How often the program was ended, by how.
    ends: Vec<(End, usize)>,
    pub(super) fakes_killed: usize,
    /// How the program ended when it was told to, if it had survived the last kill.
    pub(super) stopped: Option<End>,
    /// How the run ended that carried the rest.
    pub(super) rest: End,
    /// Whether the kills came to an early end because nothing arrived any more.
    pub(super) standstill: bool,
    /// Events that never arrived.
    lost: usize,
    /// Events that arrived before one that is before them in their stream.
    out_of_order: usize,
    /// Lines of the record that are no event of the trial's.
    unknown: usize,
    /// Arrivals of events that had arrived before, by stream.
    repeated: [usize; STREAMS],
    /// Whether they were always, in each stream, a page for every kill so far at most.
    within_bounds: bool,
    /// After how many kills so many streams repeated something. A request that a killed program had
    /// sent may still be taken in when the next one is at work, and so be counted a kill later.
    kills_by_streams: [usize; STREAMS + 1],
    /// How many events had arrived at the last kill.
    at_last_kill: usize,
    /// Files that a killed program left behind in the state folder, written and not yet renamed.
    left_over: usize,
    time: Duration,
}

impl Report {
    pub(super) fn new(trial: Trial) -> Self {
        Self {
            trial,
            kills: 0,
            ends: Vec::new(),
            fakes_killed: 0,
            stopped: None,
            rest: End::KilledEarly,
            standstill: false,
            lost: 0,
            out_of_order: 0,
            unknown: 0,
            repeated: [0; STREAMS],
            within_bounds: true,
            kills_by_streams: [0; STREAMS + 1],
            at_last_kill: 0,
            left_over: 0,
            time: Duration::ZERO,
        }
    }

    pub(super) fn program_ended(&mut self, end: End) {
        match self.ends.iter_mut().find(|(other, _)| *other == end) {
            Some((_, times)) => *times += 1,
            None => self.ends.push((end, 1)),
        }
    }

    /// Counts what was repeated since the kill before.
    pub(super) fn came_to_a_kill(&mut self, record: &Record) {
        self.compare(record);
        self.kills += 1;
        self.at_last_kill = record.arrived();
    }

    pub(super) fn came_to_the_end(&mut self, record: &Record, folder: &Path, time: Duration) {
        self.compare(record);
        self.lost = record.missing();
        self.out_of_order = record.out_of_order();
        self.unknown = record.unknown();
        self.left_over = left_over(&folder.join("state"));
        self.time = time;
    }

    fn compare(&mut self, record: &Record) {
        let repeated = record.repeated();
        let before = std::mem::replace(&mut self.repeated, repeated);
        self.within_bounds &= repeated.iter().all(|count| *count <= self.bound());
        if self.kills > 0 {
            let more = repeated
                .iter()
                .zip(before)
                .filter(|(now, before)| *now > before);
            self.kills_by_streams[more.count()] += 1;
        }
    }

    /// The most events of one stream that the kills so far may have repeated: a page for each. To be
    /// told to stop is no kill.
    fn bound(&self) -> usize {
        let kills = match self.trial.signal {
            Signal::Kill => self.kills,
            Signal::Term => self.fakes_killed,
        };
        kills * PAGE
    }

    /// Whether nothing was lost, made up or sent before its turn, and nothing repeated but what was on
    /// its way at a kill: a page of each stream at most. And whether the program always went on, and
    /// ended cleanly whenever it was told to.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let stopped_well = |end| matches!(end, End::Exited(0) | End::KilledEarly);
        let ended_well = match self.trial.signal {
            Signal::Kill => true,
            Signal::Term => self.ends.iter().all(|(end, _)| stopped_well(*end)),
        };
        !self.standstill
            && self.lost == 0
            && self.out_of_order == 0
            && self.unknown == 0
            && self.within_bounds
            && ended_well
            && self.stopped.is_none_or(stopped_well)
            && self.rest == End::Exited(0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trial {
            events,
            seed,
            signal,
            ..
        } = self.trial;
        let kills = self.kills;
        let seconds = self.time.as_secs_f64();
        writeln!(
            f,
            "{events} events, {kills} kills, seed {seed}: {seconds:.1} s"
        )?;
        writeln!(f, "lost         {}", self.lost)?;
        writeln!(f, "disordered   {}", self.out_of_order)?;
        writeln!(f, "made up      {}", self.unknown)?;
        let duplicates: usize = self.repeated.iter().sum();
        let bound = self.bound() * STREAMS;
        writeln!(f, "duplicates   {duplicates} of at most {bound}")?;
        if !self.within_bounds {
            writeln!(
                f,
                "             and more of a stream than a page for each kill"
            )?;
        }
        if self.standstill {
            writeln!(f, "             and then nothing arrived any more")?;
        }
        let [none, one, two, three] = self.kills_by_streams;
        writeln!(
            f,
            "kills        {none} repeated nothing, {one} something of one stream, {two} of two, {three} of three"
        )?;
        write!(f, "ended        the fakes {} times", self.fakes_killed)?;
        for (end, times) in &self.ends {
            write!(f, ", op-dd by {signal:?} {times} times: {end}")?;
        }
        if let Some(end) = self.stopped {
            write!(f, ", at last: {end}")?;
        }
        writeln!(f, "; for the rest: {}", self.rest)?;
        writeln!(f, "at the last  {} had arrived", self.at_last_kill)?;
        write!(
            f,
            "left over    {} files in the state folder",
            self.left_over
        )
    }
}

/// The files below a folder that were written to be renamed, and never were.
fn left_over(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| {
            if entry.path().is_dir() {
                left_over(&entry.path())
            } else {
                usize::from(entry.file_name().to_string_lossy().starts_with(".tmp"))
            }
        })
        .sum()
}
