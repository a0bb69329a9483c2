use std::fmt::Display;
use std::sync::{Arc, Mutex};

use super::time::Time;

/// What happened, line by line, with the virtual time.
#[derive(Clone)]
pub(crate) struct Journal {
    time: Time,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Journal {
    pub(crate) fn new(time: Time) -> Self {
        Self {
            time,
            lines: Arc::default(),
        }
    }

    pub(crate) fn note(&self, what: impl Display) {
        let at = self.time.now().as_secs_f64();
        self.lines
            .lock()
            .unwrap()
            .push(format!("{at:>10.3}  {what}"));
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}
