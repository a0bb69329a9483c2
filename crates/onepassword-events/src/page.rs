use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Cursor, Error, ErrorKind, Event, Feed};

/// One page of a feed.
///
/// Its events are slices of the body that the server sent: nothing is copied, and each event's JSON
/// stays as it was, byte for byte.
#[derive(Clone, Debug)]
pub struct Page {
    events: Vec<Event>,
    cursor: Cursor,
    has_more: bool,
    size: usize,
    server_time: Option<SystemTime>,
}

impl Page {
    /// A page of a source of your own: these events, the place behind them, and whether there is more.
    #[must_use]
    pub fn new(events: Vec<Event>, cursor: Cursor, has_more: bool) -> Self {
        Self {
            size: events.iter().map(|event| event.raw().len()).sum(),
            events,
            cursor,
            has_more,
            server_time: None,
        }
    }

    /// Reads a page from an answer's body.
    ///
    /// The items are taken one by one and not looked into: an event that is not what its feed
    /// promises doesn't lose the page around it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadPage`] if the body is not JSON, is no object, or holds no cursor or an empty
    /// one.
    pub fn decode(feed: Feed, body: &Bytes) -> Result<Self, Error> {
        let envelope: Envelope<'_> = decode_object(body).map_err(|error| {
            Error::new(
                ErrorKind::BadPage,
                format!(
                    "the answer is no page of {feed} (line {}, column {} of {} bytes): \
                     look for a proxy or another server at this address",
                    error.line(),
                    error.column(),
                    body.len()
                ),
            )
        })?;
        let cursor = envelope.cursor.unwrap_or_default();
        if cursor.is_empty() {
            return Err(Error::new(
                ErrorKind::BadPage,
                format!("the page of {feed} holds no cursor, so the place behind it is unknown"),
            ));
        }
        let cursor = Cursor::new(cursor)?;
        let has_more = envelope.has_more.unwrap_or(false);
        let events = envelope
            .items
            .unwrap_or_default()
            .into_iter()
            .map(|item| Event::from_validated(feed, body.slice_ref(item.get().as_bytes())))
            .collect();
        Ok(Self {
            events,
            cursor,
            has_more,
            size: body.len(),
            server_time: None,
        })
    }

    /// The events, in the feed's order, which is not the order of their times: events of an
    /// application that was offline arrive late.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The place behind this page. It is there on an empty page, too.
    #[must_use]
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Whether the server has more right now. The next page may be empty all the same, and an empty
    /// page may have more behind it.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// How many bytes the body had. They are kept until the last event of the page is dropped.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// What the server's clock said when it gave the page, to the second; none for a page that no
    /// server gave.
    #[must_use]
    pub fn server_time(&self) -> Option<SystemTime> {
        self.server_time
    }

    /// The same page, given at this time by the server's clock.
    #[must_use]
    pub fn given_at(mut self, server_time: Option<SystemTime>) -> Self {
        self.server_time = server_time;
        self
    }

    /// The events by themselves.
    #[must_use]
    pub fn into_events(self) -> Vec<Event> {
        self.events
    }
}

// A field that is null or absent is the same to the server's own clients.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
    #[serde(default)]
    has_more: Option<bool>,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

fn decode_object(body: &[u8]) -> Result<Envelope<'_>, serde_json::Error> {
    if !body.trim_ascii_start().starts_with(b"{") {
        // Or a list would be taken for the envelope's fields in order.
        return Err(serde::de::Error::custom("not a JSON object"));
    }
    serde_json::from_slice(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(body: &'static str) -> Result<Page, Error> {
        Page::decode(Feed::AuditEvents, &Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn events_keep_their_bytes() {
        let page = decode(
            r#"{"new":[1],"items":[ {"uuid" : "A","n":1.50e3} , 7,"x"],"has_more":true,"cursor":"c\/1"}"#,
        )
        .unwrap();
        let raw: Vec<_> = page.events().iter().map(Event::json).collect();
        assert_eq!(raw, [r#"{"uuid" : "A","n":1.50e3}"#, "7", "\"x\""]);
        assert_eq!(page.cursor().as_str(), "c/1");
        assert!(page.has_more());
    }

    #[test]
    fn an_empty_page_still_has_its_cursor() {
        for body in [
            r#"{"cursor":"c","has_more":false,"items":[]}"#,
            r#"{"cursor":"c","has_more":false,"items":null}"#,
            r#"{"cursor":"c"}"#,
        ] {
            let page = decode(body).unwrap();
            assert!(page.events().is_empty() && !page.has_more(), "{body}");
        }
    }

    #[test]
    fn what_is_no_page_is_refused_without_being_quoted() {
        for body in [
            "",
            "[]",
            r#"["c",false,[]]"#,
            "<html>SECRET</html>",
            r#"{"cursor":"","items":[]}"#,
            r#"{"cursor":null,"items":[]}"#,
            r#"{"items":[{"SECRET":1}]}"#,
            r#"{"cursor":"c","items":{}}"#,
            r#"{"cursor":"c","items":[{"SECRET":1"#,
        ] {
            let error = decode(body).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BadPage, "{body}");
            assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
        }
        assert!(
            Page::decode(
                Feed::AuditEvents,
                &Bytes::from_static(b"{\"cursor\":\"\xff\"}")
            )
            .is_err()
        );
    }
}
