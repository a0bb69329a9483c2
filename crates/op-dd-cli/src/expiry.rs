//! When a token ends, and when to say so.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use op_dd_bridge::Name;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

const DAY: Duration = Duration::from_secs(86_400);

/// How near the end of a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expiry {
    /// More than 30 days, or no end at all.
    Distant,
    /// 30 days at the most.
    Month,
    /// 7 days at the most.
    Week,
    /// A day at the most.
    Day,
    /// It is over.
    Over,
}

impl Expiry {
    pub(crate) fn of(expires_at: Option<SystemTime>, now: SystemTime) -> Self {
        let Some(end) = expires_at else {
            return Self::Distant;
        };
        match end.duration_since(now) {
            Ok(left) if left > 30 * DAY => Self::Distant,
            Ok(left) if left > 7 * DAY => Self::Month,
            Ok(left) if left > DAY => Self::Week,
            Ok(left) if !left.is_zero() => Self::Day,
            _ => Self::Over,
        }
    }
}

/// What was said of the end of a token, so that it isn't said over and over: once within 30 days, once
/// a day within 7, and at once when it is down to a day or over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reminder {
    said: Option<(Expiry, SystemTime)>,
}

impl Reminder {
    /// What is to be said now, if anything. A new token begins anew.
    pub(crate) fn due(
        &mut self,
        expires_at: Option<SystemTime>,
        now: SystemTime,
    ) -> Option<Expiry> {
        let expiry = Expiry::of(expires_at, now);
        if expiry == Expiry::Distant {
            self.said = None;
            return None;
        }
        let is_due = match self.said {
            None => true,
            Some((said, _)) if expiry > said => true,
            Some((_, at)) => expiry >= Expiry::Week && distance(now, at) >= DAY,
        };
        if !is_due {
            return None;
        }
        self.said = Some((expiry, now));
        Some(expiry)
    }
}

/// What was said of the tokens of all accounts, kept in the state folder: a timer may start the program
/// every few minutes.
pub(crate) struct Reminders {
    path: PathBuf,
    kept: BTreeMap<String, Reminder>,
}

impl Reminders {
    /// Those that were kept; without any, or if they can't be read, all is said anew.
    pub(crate) fn of(state: &Path) -> Self {
        let path = state.join("reminders.json");
        let text = fs::read(&path).unwrap_or_default();
        let kept = serde_json::from_slice(&text).unwrap_or_default();
        Self { path, kept }
    }

    /// What is to be said now of an account's token, if anything.
    pub(crate) fn due(
        &mut self,
        account: &Name,
        expires_at: Option<SystemTime>,
        now: SystemTime,
    ) -> Option<Expiry> {
        let reminder = self.kept.entry(account.to_string()).or_default();
        let before = reminder.clone();
        let due = reminder.due(expires_at, now);
        if *reminder != before
            && let Err(error) = self.keep()
        {
            tracing::debug!("what was said of tokens was not kept: {error}");
        }
        due
    }

    fn keep(&self) -> io::Result<()> {
        let mut aside = match self.path.parent() {
            Some(state) => NamedTempFile::with_prefix_in(".tmp", state)?,
            None => return Ok(()),
        };
        aside.write_all(&serde_json::to_vec(&self.kept)?)?;
        aside.persist(&self.path)?;
        Ok(())
    }
}

/// How long until then, in the largest unit that says enough: `in 6 days`, `in 5 hours`, `3 days ago`.
pub(crate) fn until(end: SystemTime, now: SystemTime) -> String {
    let words = |length: Duration| {
        let (minutes, hours) = (length.as_secs() / 60, length.as_secs() / 3600);
        let (count, unit) = match hours {
            48.. => (hours / 24, "day"),
            2.. => (hours, "hour"),
            _ => (minutes, "minute"),
        };
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {unit}{plural}")
    };
    match end.duration_since(now) {
        Ok(left) => format!("in {}", words(left)),
        Err(over) => format!("{} ago", words(over.duration())),
    }
}

/// However the clock was set meanwhile.
fn distance(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other)
        .unwrap_or_else(|error| error.duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + 20_000 * DAY
    }

    /// What is said when somebody looks every minute, with the minute of each.
    fn said(reminder: &mut Reminder, left: Duration, lasting: Duration) -> Vec<(u64, Expiry)> {
        let end = now() + left;
        let minutes = 0..lasting.as_secs() / 60;
        let due = minutes.filter_map(|minute| {
            let now = now() + Duration::from_secs(minute * 60);
            Some((minute, reminder.due(Some(end), now)?))
        });
        due.collect()
    }

    #[test]
    fn six_days_before_the_end_it_is_said_once_a_day() {
        let said = said(&mut Reminder::default(), 6 * DAY, 5 * DAY);
        let day = 24 * 60;
        let expected = [0, 1, 2, 3, 4].map(|days| (days * day, Expiry::Week));
        assert_eq!(said, expected);
    }

    #[test]
    fn from_a_hundred_days_until_after_the_end() {
        let said = said(&mut Reminder::default(), 100 * DAY, 102 * DAY);
        let day = 24 * 60;
        let mut expected = vec![(70 * day, Expiry::Month)];
        expected.extend((93..99).map(|days| (days * day, Expiry::Week)));
        expected.extend([
            (99 * day, Expiry::Day),
            (100 * day, Expiry::Over),
            (101 * day, Expiry::Over),
        ]);
        assert_eq!(said, expected);
    }

    #[test]
    fn a_new_token_is_a_new_matter() {
        let mut reminder = Reminder::default();
        assert_eq!(said(&mut reminder, 3 * DAY, DAY).len(), 1);
        assert_eq!(said(&mut reminder, 365 * DAY, DAY), []);
        assert_eq!(reminder.due(None, now()), None);
        assert_eq!(said(&mut reminder, 20 * DAY, DAY), [(0, Expiry::Month)]);
    }

    #[test]
    fn it_is_said_once_a_day_however_often_the_program_is_started() {
        let state = tempfile::tempdir().unwrap();
        let end = Some(now() + 6 * DAY);
        let said = |now| Reminders::of(state.path()).due(&Name::DEFAULT, end, now);
        assert_eq!(said(now()), Some(Expiry::Week));
        assert_eq!(said(now() + 5 * MINUTE), None);
        assert_eq!(said(now() + DAY), Some(Expiry::Week));
    }

    #[test]
    fn a_clock_that_is_set_back_silences_nothing() {
        let mut reminder = Reminder::default();
        let end = Some(now() + 5 * DAY);
        assert_eq!(reminder.due(end, now()), Some(Expiry::Week));
        let before = now() - DAY;
        assert_eq!(reminder.due(end, before), Some(Expiry::Week));
        assert_eq!(reminder.due(end, before + MINUTE), None);
    }

    #[test]
    fn the_time_left_is_said_as_a_person_would() {
        for (left, said) in [
            (30 * DAY, "in 30 days"),
            (2 * DAY, "in 2 days"),
            (2 * DAY - MINUTE, "in 47 hours"),
            (119 * MINUTE, "in 119 minutes"),
            (MINUTE, "in 1 minute"),
        ] {
            assert_eq!(until(now() + left, now()), said);
        }
        assert_eq!(until(now() - 3 * DAY, now()), "3 days ago");
    }
}
