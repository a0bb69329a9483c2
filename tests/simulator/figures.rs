use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What happened, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Runs.
    pub seeds: u64,
    /// Items that the feeds had.
    pub events: u64,
    /// Answers to requests for a page that went out.
    pub pages: u64,
    /// Requests to the intake.
    pub posts: u64,
    /// What went wrong, by kind.
    pub faults: BTreeMap<String, u64>,
    /// Processes that died.
    pub crashes: u64,
    /// Commits that failed.
    pub failed_commits: u64,
    /// Logs that were accepted again.
    pub duplicates: u64,
    /// Dead letters written.
    pub letters: u64,
    /// Logs that hold no event.
    pub envelopes: u64,
    /// How long all of it took in virtual time.
    pub virtual_time: Duration,
}

impl Figures {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.events += other.events;
        self.pages += other.pages;
        self.posts += other.posts;
        for (fault, count) in &other.faults {
            *self.faults.entry(fault.clone()).or_default() += count;
        }
        self.crashes += other.crashes;
        self.failed_commits += other.failed_commits;
        self.duplicates += other.duplicates;
        self.letters += other.letters;
        self.envelopes += other.envelopes;
        self.virtual_time += other.virtual_time;
    }

    pub(crate) fn fault(&mut self, what: &str) {
        *self.faults.entry(what.to_owned()).or_default() += 1;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = self.virtual_time.as_secs() / 3600;
        for (name, value) in [
            ("seeds", self.seeds),
            ("events", self.events),
            ("pages", self.pages),
            ("posts", self.posts),
            ("crashes", self.crashes),
            ("failed commits", self.failed_commits),
            ("duplicates", self.duplicates),
            ("dead letters", self.letters),
            ("logs without event", self.envelopes),
            ("virtual hours", hours),
            ("faults", self.faults.values().sum()),
        ] {
            writeln!(f, "{name:<24} {value:>10}")?;
        }
        for (fault, count) in &self.faults {
            writeln!(f, "  {fault:<22} {count:>10}")?;
        }
        Ok(())
    }
}
