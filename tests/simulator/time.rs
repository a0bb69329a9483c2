use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Noon of 15 June 2026, when every run begins.
const BEGINNING: u64 = 1_781_524_800;

/// The true time, which goes as tokio's does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time(Instant);

impl Time {
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    /// Since the run began.
    pub(crate) fn now(self) -> Duration {
        self.0.elapsed()
    }

    /// When so much of the run has passed.
    pub(crate) fn at(self, since: Duration) -> Instant {
        self.0 + since
    }

    pub(crate) fn wall(self) -> SystemTime {
        wall(self.now())
    }

    /// As a server writes it into `Date`.
    pub(crate) fn date(self) -> String {
        httpdate::fmt_http_date(self.wall())
    }
}

/// What a right clock says so long after the run began.
pub(crate) fn wall(since: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(BEGINNING) + since
}

/// The clock of the machine that the bridge runs on: wrong by so much from each of these times on.
#[derive(Clone, Debug)]
pub(crate) struct LocalClock(pub(crate) Vec<(Duration, Offset)>);

/// Ahead or behind, in seconds.
pub(crate) type Offset = i64;

impl LocalClock {
    pub(crate) fn read(&self, time: Time) -> SystemTime {
        let now = time.now();
        let offset = self.0.iter().rev().find(|(from, _)| *from <= now);
        let offset = offset.map_or(0, |(_, offset)| *offset);
        let by = Duration::from_secs(offset.unsigned_abs());
        if offset < 0 {
            wall(now) - by
        } else {
            wall(now) + by
        }
    }
}
