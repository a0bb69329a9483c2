use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use onepassword_events::Timestamp;
use serde::{Deserialize, Serialize};

use super::{FORMAT, Job, Part};

/// How far a job is, written by the process that does it about once a second: what a kill takes away of
/// the counts is a second's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    format: u64,
    pub(crate) state: State,
    /// Of the process that does it.
    pub(crate) pid: u32,
    pub(crate) updated_at: Timestamp,
    pub(crate) events: u64,
    pub(crate) pages: u64,
    /// Events that went to Datadog with the date of sending.
    pub(crate) late: u64,
    /// Events that are dead letters.
    pub(crate) refused: u64,
    /// By destination and feed.
    pub(crate) streams: BTreeMap<String, Reach>,
    /// What keeps it from going on at present, or why it can't be done.
    pub(crate) trouble: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// A process is at it, or was when it was killed.
    Running,
    /// The process that was at it has ended.
    Stopped,
    Done,
    /// It can't be done, until what keeps it from being done is mended.
    Refused,
}

/// How far a stream has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reach {
    /// When the youngest event happened that was carried.
    pub(crate) reached: Option<Timestamp>,
    pub(crate) done: bool,
    /// What keeps it from going on at present.
    #[serde(default)]
    pub(crate) trouble: Option<String>,
}

impl Standing {
    /// That this process is at it, which goes on where another one has left off.
    pub(crate) fn taken_up(before: Option<Self>) -> Self {
        Self {
            state: State::Running,
            pid: std::process::id(),
            updated_at: SystemTime::now().into(),
            trouble: None,
            ..before.unwrap_or(Self {
                format: FORMAT,
                state: State::Running,
                pid: 0,
                updated_at: SystemTime::now().into(),
                events: 0,
                pages: 0,
                late: 0,
                refused: 0,
                streams: BTreeMap::new(),
                trouble: None,
            })
        }
    }

    /// That it can't be done at present, and why: what was carried before stays so.
    pub(crate) fn refused(before: Option<Self>, why: String) -> Self {
        Self {
            state: State::Refused,
            trouble: Some(why),
            ..Self::taken_up(before)
        }
    }

    /// Whether there is nothing left to do.
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether nobody goes on with it at present.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Done | State::Refused)
    }

    /// How much of the job's time is behind it, from 0 to 1. What comes in a stretch of time is not known
    /// before, so this says only about how much is left.
    pub(crate) fn fraction(&self, job: &Job) -> f64 {
        if self.state == State::Done {
            return 1.0;
        }
        let whole: f64 = job
            .parts
            .iter()
            .map(|part| length(part).as_secs_f64())
            .sum();
        let done = job.parts.iter().map(|part| {
            let streams: Vec<_> = self.streams_of(part).collect();
            let covers = streams.iter().map(|reach| reach.covers(part));
            // The sum of nothing is -0, and is shown so.
            let covered = covers.fold(0.0, |sum, share| sum + share);
            length(part).as_secs_f64() * covered / (streams.len().max(1)) as f64
        });
        // A sum of nothing is less than nothing.
        (done.sum::<f64>() / whole.max(1.0)).abs()
    }

    /// How far the slowest stream has come that is under way.
    pub(crate) fn reached(&self) -> Option<&Timestamp> {
        let under_way = self.streams.values().filter(|reach| !reach.done);
        let times = under_way.filter_map(|reach| reach.reached.as_ref());
        times.min_by_key(|time| time.to_system_time())
    }

    /// From when on a part is still to be carried; none if all of it is.
    pub(super) fn left_of(&self, part: &Part) -> Option<SystemTime> {
        let mut streams = self.streams_of(part).peekable();
        if streams.peek().is_none() {
            return Some(part.from.to_system_time());
        }
        let left = streams.filter(|reach| !reach.done);
        let left = left.map(|reach| reach.reached.as_ref().unwrap_or(&part.from));
        left.map(Timestamp::to_system_time).min()
    }

    fn streams_of(&self, part: &Part) -> impl Iterator<Item = &Reach> {
        let prefix = format!("{}/", part.name);
        let streams = self.streams.iter();
        streams.filter_map(move |(name, reach)| name.starts_with(&prefix).then_some(reach))
    }
}

impl Reach {
    fn covers(&self, part: &Part) -> f64 {
        if self.done {
            return 1.0;
        }
        let reached = self.reached.as_ref().and_then(|reached| {
            let from = part.from.to_system_time();
            reached.to_system_time().duration_since(from).ok()
        });
        let covered =
            reached.unwrap_or_default().as_secs_f64() / length(part).as_secs_f64().max(1.0);
        covered.min(1.0)
    }
}

fn length(part: &Part) -> Duration {
    let (from, to) = (part.from.to_system_time(), part.to.to_system_time());
    to.duration_since(from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use op_dd_bridge::Name;

    use super::*;
    use crate::job::{Asked, RECENT};

    const HOUR: Duration = Duration::from_secs(3600);

    fn job(recent: bool, archive: Option<&str>, now: SystemTime) -> Job {
        let asked = Asked {
            account: Name::DEFAULT,
            feeds: Vec::new(),
            from: String::new(),
            to: String::new(),
            redate: false,
            recent,
            archive: None,
        };
        let window = (now - RECENT, now);
        let place = archive.map(|archive| archive.parse().unwrap());
        Job::plan(asked, window, place.as_ref(), None, now).unwrap()
    }

    #[test]
    fn what_was_refused_keeps_what_was_carried() {
        let now = SystemTime::now();
        let mut before = Standing::taken_up(None);
        before.events = 7;
        let refused = Standing::refused(Some(before), "no account".to_owned());
        assert_eq!(refused.events, 7);
        assert!(refused.is_over() && !refused.is_done());
        let empty = Standing::refused(None, String::new());
        let percent = empty.fraction(&job(false, Some("/archive"), now)) * 100.0;
        assert_eq!(format!("{percent:.0}"), "0");
    }

    #[test]
    fn what_has_grown_old_goes_to_the_archive_alone_or_is_refused() {
        let now = SystemTime::now();
        let (archived, bare) = (job(true, Some("/archive"), now), job(true, None, now));
        let due = |job: &Job, before: Option<&Standing>, now| {
            let parts = job.due(before, now).map_err(|failure| failure.to_string());
            parts.map(|parts| parts.len())
        };
        assert_eq!(due(&archived, None, now), Ok(2));
        assert_eq!(due(&bare, None, now), Ok(1));
        let later = now + 2 * HOUR;
        assert_eq!(due(&archived, None, later), Ok(1));
        assert!(due(&bare, None, later).unwrap_err().contains("--cancel"));
        let mut before = Standing::taken_up(None);
        let stream = format!("{}/auditevents", bare.parts[0].name);
        let reached = Some((now - HOUR).into());
        before.streams.insert(
            stream,
            Reach {
                reached,
                ..Reach::default()
            },
        );
        assert_eq!(due(&bare, Some(&before), later), Ok(1));
    }
}
