use std::time::{Duration, SystemTime};

/// How old an event may be for its log to be dated by it. Datadog takes
/// [18 hours](https://docs.datadoghq.com/logs/log_configuration/pipelines/) and drops what is older
/// without a word; half an hour is left for the way there.
pub const WINDOW_BEHIND: Duration = Duration::from_secs(17 * 3600 + 30 * 60);

/// How far ahead of the clock an event may be for its log to be dated by it. Datadog takes 2 hours.
pub const WINDOW_AHEAD: Duration = Duration::from_secs(3600 + 30 * 60);

/// Whether Datadog would date a log by its event's own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lateness {
    /// It would: the event happened at this time.
    Timely(SystemTime),
    /// It would drop the log, or do nobody knows what: the event happened at this time.
    Late(SystemTime),
    /// The event's time is not known.
    Unknown,
}

impl Lateness {
    /// Judges an event's time, in RFC 3339, at the time `now`: by [`WINDOW_BEHIND`] and
    /// [`WINDOW_AHEAD`].
    #[must_use]
    pub fn judge(timestamp: Option<&str>, now: SystemTime) -> Self {
        Self::judge_within(WINDOW_BEHIND, timestamp, now)
    }

    /// The same for an event that may be so old and no older.
    pub(crate) fn judge_within(behind: Duration, timestamp: Option<&str>, now: SystemTime) -> Self {
        let Some(time) = timestamp.and_then(|text| text.parse::<jiff::Timestamp>().ok()) else {
            return Self::Unknown;
        };
        let time = SystemTime::from(time);
        let in_window = match now.duration_since(time) {
            Ok(age) => age <= behind,
            Err(ahead) => ahead.duration() <= WINDOW_AHEAD,
        };
        if in_window {
            Self::Timely(time)
        } else {
            Self::Late(time)
        }
    }

    /// Whether the log needs another date than the event's.
    #[must_use]
    pub fn is_late(self) -> bool {
        !matches!(self, Self::Timely(_))
    }

    /// When the event happened, if that is known.
    #[must_use]
    pub fn event_time(self) -> Option<SystemTime> {
        match self {
            Self::Timely(time) | Self::Late(time) => Some(time),
            Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_17_and_a_half_hours_back_and_one_and_a_half_ahead() {
        let now: jiff::Timestamp = "2026-06-15T12:00:00Z".parse().unwrap();
        let now = SystemTime::from(now);
        for (text, late) in [
            (Some("2026-06-15T12:00:00Z"), false),
            (Some("2026-06-14T18:30:00Z"), false),
            (Some("2026-06-14T18:29:59.999999999Z"), true),
            (Some("2021-06-14T18:29:59Z"), true),
            (Some("2026-06-15T13:30:00Z"), false),
            (Some("2026-06-15T15:30:00+02:00"), false),
            (Some("2026-06-15T13:30:00.001Z"), true),
            (Some("2026-06-15 12:00"), true),
            (Some(""), true),
            (None, true),
        ] {
            assert_eq!(Lateness::judge(text, now).is_late(), late, "{text:?}");
        }
    }
}
