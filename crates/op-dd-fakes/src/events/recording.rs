use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::page::Page;
use super::query::Query;
use crate::{Error, Feed, object};

/// Recorded answers, one list a feed.
#[derive(Debug)]
pub(crate) struct Recording(BTreeMap<Feed, Vec<Page>>);

#[derive(Deserialize)]
struct Body {
    cursor: String,
    has_more: bool,
    items: Vec<Box<RawValue>>,
}

impl Recording {
    /// Reads `folder/<feed>/*.json`, all of it.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        // A missing feed is an empty one, but a missing folder, or one without any page, is a mistake.
        list(folder)?;
        let feeds = Feed::ALL
            .into_iter()
            .map(|feed| Ok((feed, read_feed(&folder.join(feed.name()))?)));
        let feeds: BTreeMap<_, _> = feeds.collect::<Result<_, Error>>()?;
        if feeds.values().all(Vec::is_empty) {
            let path = folder.to_owned();
            return Err(Error::NoPages { path });
        }
        Ok(Self(feeds))
    }

    /// The page that follows; nothing if the cursor ends no page of this feed.
    pub(crate) fn page(&self, feed: Feed, query: &Query) -> Option<Page> {
        let pages = self.pages(feed);
        let next = self.locate(feed, query)?;
        Some(match (pages.get(next), pages.last()) {
            (Some(page), _) => page.clone(),
            (None, Some(last)) => Page::empty(&last.cursor, false),
            (None, None) => Page::empty(beginning(feed), false),
        })
    }

    /// An empty page that leads to where the query is.
    pub(crate) fn detour(&self, feed: Feed, query: &Query) -> Option<Page> {
        let next = self.locate(feed, query)?;
        Some(
            match next
                .checked_sub(1)
                .and_then(|before| self.pages(feed).get(before))
            {
                Some(before) => Page::empty(&before.cursor, true),
                None => Page::empty(beginning(feed), true),
            },
        )
    }

    /// The number of the page that the query asks for.
    fn locate(&self, feed: Feed, query: &Query) -> Option<usize> {
        match query {
            Query::Reset(_) => Some(0),
            Query::After(cursor) if *cursor == beginning(feed) => Some(0),
            Query::After(cursor) => self
                .pages(feed)
                .iter()
                .position(|page| page.cursor == *cursor)
                .map(|place| place + 1),
        }
    }

    fn pages(&self, feed: Feed) -> &[Page] {
        self.0.get(&feed).map_or(&[], Vec::as_slice)
    }
}

/// A cursor to the first page, for where there is no page before it to end with one.
fn beginning(feed: Feed) -> String {
    format!("the-beginning-of-{feed}")
}

fn read_feed(folder: &Path) -> Result<Vec<Page>, Error> {
    let mut files = match list(folder) {
        Err(Error::ReadPage { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(Vec::new());
        }
        files => files?,
    };
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();

    let mut pages: Vec<Page> = Vec::new();
    for file in &files {
        let page = read_page(file)?;
        // A recording may well end with the empty page that repeats the cursor, and nothing can come after it.
        if let Some(earlier) = pages
            .iter()
            .position(|earlier| earlier.cursor == page.cursor)
            && !(page.items == "[]" && earlier + 1 == files.len() - 1)
        {
            let reason = format!(
                "it ends with the same cursor as {}",
                files[earlier].display()
            );
            return Err(Error::BadPage {
                path: file.clone(),
                reason,
            });
        }
        pages.push(page);
    }
    Ok(pages)
}

fn read_page(file: &Path) -> Result<Page, Error> {
    let refused = |reason: String| Error::BadPage {
        path: file.to_owned(),
        reason,
    };
    let text = fs::read(file).map_err(|source| Error::ReadPage {
        path: file.to_owned(),
        source,
    })?;
    let body: Body = object::read(&text).map_err(|reason| refused(reason.to_string()))?;
    if body.cursor.is_empty() {
        return Err(refused("its cursor is empty".to_owned()));
    }
    let items: Vec<&str> = body.items.iter().map(|item| item.get()).collect();
    Ok(Page {
        cursor: body.cursor,
        has_more: body.has_more,
        items: format!("[{}]", items.join(",")),
        verbatim: Some(Bytes::from(text)),
    })
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries =
        fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    entries.map_err(|source| Error::ReadPage {
        path: folder.to_owned(),
        source,
    })
}
