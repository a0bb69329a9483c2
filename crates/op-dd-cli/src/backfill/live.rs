use std::path::Path;
use std::time::{Duration, SystemTime};

use onepassword_events::{Feed, Position};
use op_dd_bridge::{Name, StateFolder, StreamState};

use crate::config::{Account, Start};
use crate::job::RECENT;

/// How long it may be until streams have begun that are still to begin.
const OUTSET: Duration = Duration::from_secs(600);

/// Live polling of feeds of an account to a destination.
pub(super) struct Live<'a> {
    pub(super) account: &'a Account,
    /// All that the account has, if there is none.
    pub(super) feeds: &'a [Feed],
    pub(super) destination: Name,
    /// How far back streams begin whose account doesn't say.
    pub(super) start: Duration,
}

impl Live<'_> {
    /// From when on it is sure to carry all that happens. It may have begun before that: better twice
    /// than never.
    pub(super) fn since(&self, state: &Path, now: SystemTime) -> SystemTime {
        let streams = StateFolder::read(state).map(|state| state.streams);
        let streams = streams.unwrap_or_default();
        let feeds = match (self.feeds, &self.account.feeds) {
            ([], Some(feeds)) => feeds.as_slice(),
            ([], None) => &Feed::ALL,
            (feeds, _) => feeds,
        };
        let starts = feeds.iter().map(|feed| {
            let stream = streams.iter().find(|state| {
                let stream = &state.stream;
                stream.account == self.account.name
                    && stream.feed == *feed
                    && stream.destination == self.destination
            });
            self.began(stream, now)
        });
        let latest = starts.max().unwrap_or(now);
        latest.max(now.checked_sub(RECENT).unwrap_or(now))
    }

    /// When it began, at the latest.
    fn began(&self, stream: Option<&StreamState>, now: SystemTime) -> SystemTime {
        let start = self.account.start.clone();
        let start = start.unwrap_or(Start::Ago(self.start));
        match stream.map(|stream| &stream.checkpoint) {
            // Nobody knows where it stands.
            Some(Err(_)) => now,
            None | Some(Ok(None)) => match start {
                Start::At(_) => start.time(now),
                Start::Ago(_) => start.time(now) + OUTSET,
            },
            Some(Ok(Some(kept))) => match kept.checkpoint.place.as_ref() {
                Some(place) if let Position::Reset(reset) = &place.position => {
                    reset.start.to_system_time()
                }
                // Where it began is forgotten, but it was not later than now.
                _ => start.time(now),
            },
        }
    }
}
