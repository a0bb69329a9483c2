use super::log::EventLog;
use super::page::Page;
use super::query::Query;
use super::recording::Recording;
use crate::Feed;

/// Where pages come from.
#[derive(Debug)]
pub(crate) enum Source {
    Log(EventLog),
    Recording(Recording),
}

impl Source {
    pub(crate) fn page(&self, feed: Feed, query: &Query) -> Option<Page> {
        match self {
            Self::Log(log) => log.page(feed, query),
            Self::Recording(recording) => recording.page(feed, query),
        }
    }

    pub(crate) fn detour(&self, feed: Feed, query: &Query) -> Option<Page> {
        match self {
            Self::Log(log) => log.detour(feed, query),
            Self::Recording(recording) => recording.detour(feed, query),
        }
    }
}
