use std::str::FromStr;
use std::time::{Duration, SystemTime};

use onepassword_events::Timestamp;

use super::duration;

/// Where a stream begins that has no cursor: at a time, or so long before its first start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    At(Timestamp),
    Ago(Duration),
}

impl Start {
    /// The moment that it means now.
    pub(crate) fn time(&self, now: SystemTime) -> SystemTime {
        match self {
            Self::At(time) => time.to_system_time(),
            Self::Ago(length) => now.checked_sub(*length).unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }
}

impl FromStr for Start {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let at = text.parse().map(Self::At);
        at.or_else(|_| duration(text).map(Self::Ago))
            .map_err(|_| "not a time: write 2026-01-31T08:00:00Z, or 30d for 30 days back")
    }
}
