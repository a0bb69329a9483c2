use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::SystemTime;

use super::cursor::Cursor;
use super::page::Page;
use super::query::{Query, Reset};
use crate::lock::lock;
use crate::{Event, Feed};

/// The events of an account, each feed in the order of insertion, which is the order in which pages give them out.
///
/// Time only filters: a late event lies behind newer ones, and whoever reads on from a cursor meets it.
#[derive(Debug)]
pub(crate) struct EventLog {
    account: String,
    feeds: Mutex<BTreeMap<Feed, Vec<Entry>>>,
}

#[derive(Debug)]
struct Entry {
    time: SystemTime,
    json: Box<str>,
}

impl EventLog {
    pub(crate) fn new(account: String) -> Self {
        Self {
            account,
            feeds: Mutex::default(),
        }
    }

    pub(crate) fn insert(&self, events: impl IntoIterator<Item = Event>) {
        // Not under the lock: the iterator is somebody else's.
        for Event { feed, time, json } in events {
            lock(&self.feeds)
                .entry(feed)
                .or_default()
                .push(Entry { time, json });
        }
    }

    /// The page that follows; nothing if the cursor is none of this feed.
    pub(crate) fn page(&self, feed: Feed, query: &Query) -> Option<Page> {
        let cursor = self.locate(feed, query)?;
        let feeds = lock(&self.feeds);
        let log = feeds.get(&feed).map_or(&[][..], Vec::as_slice);
        // Behind the end: the data are not those that the cursor was made of.
        let rest = log.get(cursor.offset..)?;

        let mut matching = rest
            .iter()
            .enumerate()
            .filter(|(_, entry)| cursor.reset.covers(entry.time));
        let mut items = String::from("[");
        let mut offset = cursor.offset;
        for (place, entry) in matching.by_ref().take(cursor.reset.limit.into()) {
            if items.len() > 1 {
                items.push(',');
            }
            items.push_str(&entry.json);
            offset = cursor.offset + place + 1;
        }
        items.push(']');
        let has_more = matching.next().is_some();
        // Without items the offset is unchanged, and so is the text of the cursor.
        let cursor = Cursor { offset, ..cursor }.encode(&self.account);
        Some(Page {
            cursor,
            has_more,
            items,
            verbatim: None,
        })
    }

    /// An empty page that leads to where the query is.
    pub(crate) fn detour(&self, feed: Feed, query: &Query) -> Option<Page> {
        let cursor = self.locate(feed, query)?;
        Some(Page::empty(cursor.encode(&self.account), true))
    }

    fn locate(&self, feed: Feed, query: &Query) -> Option<Cursor> {
        match query {
            Query::Reset(reset) => Some(Cursor {
                feed,
                reset: *reset,
                offset: 0,
            }),
            Query::After(text) => {
                Cursor::decode(&self.account, text).filter(|cursor| cursor.feed == feed)
            }
        }
    }
}

impl Reset {
    fn covers(&self, time: SystemTime) -> bool {
        self.start <= time && self.end.is_none_or(|end| time < end)
    }
}
