use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::intake::date;
use crate::lock::lock;

/// How many of the newest logs a search looks through.
const SIZE: usize = 1000;

/// What searches find: the newest of the logs that were kept, once they are indexed.
#[derive(Debug)]
pub(crate) struct Index {
    /// How long a log takes from its receipt until it is found; none if it never is.
    delay: Option<Duration>,
    logs: Mutex<VecDeque<Indexed>>,
}

/// A log with its date.
#[derive(Debug, Clone)]
pub(crate) struct Indexed {
    pub(crate) entry: Arc<str>,
    pub(crate) date: SystemTime,
    received: SystemTime,
}

impl Index {
    pub(crate) fn new(delay: Option<Duration>) -> Self {
        Self {
            delay,
            logs: Mutex::default(),
        }
    }

    pub(crate) fn add<'a>(
        &self,
        entries: impl IntoIterator<Item = &'a Arc<str>>,
        received: SystemTime,
    ) {
        let mut logs = lock(&self.logs);
        for entry in entries {
            logs.push_back(Indexed {
                entry: Arc::clone(entry),
                date: date(entry).unwrap_or(received),
                received,
            });
        }
        let surplus = logs.len().saturating_sub(SIZE);
        logs.drain(..surplus);
    }

    /// The logs that are found at the time `now`, in the order of their receipt.
    pub(crate) fn found(&self, now: SystemTime) -> Vec<Indexed> {
        let Some(delay) = self.delay else {
            return Vec::new();
        };
        let indexed = |log: &&Indexed| log.received + delay <= now;
        lock(&self.logs).iter().filter(indexed).cloned().collect()
    }
}
