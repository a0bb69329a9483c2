use std::time::{Duration, SystemTime};

use onepassword_events::Timestamp;
use op_dd_bridge::WINDOW_BEHIND;

use super::age::{ago, length};
use crate::config::Start;
use crate::exit::Failure;

/// How long 1Password keeps events.
const KEPT: Duration = Duration::from_secs(120 * 86_400);

/// A time from which events are read, and what comes of it.
pub(super) struct Beginning {
    at: SystemTime,
    now: SystemTime,
}

impl Beginning {
    /// A start that somebody gave, here or in the configuration.
    pub(super) fn of(start: &Start) -> Result<Self, Failure> {
        let now = SystemTime::now();
        let at = whole_seconds(start.time(now));
        if at > now {
            return Err(Failure::configuration(format!(
                "the start {} is yet to come, and what happens before it would never be read: \
                 give a time that is past",
                Timestamp::from(at)
            )));
        }
        Ok(Self { at, now })
    }

    pub(super) fn timestamp(&self) -> Timestamp {
        self.at.into()
    }

    /// What comes of reading from here, though some of it may have been read before: a line each.
    pub(super) fn meaning(&self) -> String {
        let back = self.now.duration_since(self.at).unwrap_or_default();
        let mut lines = vec![
            format!(
                "reading begins at {}, {}, and nothing before that is read",
                self.timestamp(),
                ago(self.at, self.now)
            ),
            "Datadog gets what it has already of that time once more, with the same uuid"
                .to_owned(),
        ];
        if back > WINDOW_BEHIND {
            lines.push(
                "what is more than 17 h 30 min old is dated by the time of sending, with the tag \
                 late:true"
                    .to_owned(),
            );
        }
        if back > KEPT {
            lines.push(format!("1Password keeps {} only", length(KEPT)));
        }
        lines.join("\n")
    }
}

/// Nobody means a fraction of a second.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(time, |since| {
        SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
    })
}
