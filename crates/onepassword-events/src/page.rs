use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::{Cursor, Error, ErrorKind, Event, Feed, PageSize};

/// The most items that a page is read with. No page should hold more than was asked for; but a server
/// that gives some more is no cause to stop.
const MOST_ITEMS: usize = 10 * PageSize::MAX.get() as usize;

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
    /// Nor does one that holds bytes which are no UTF-8, as no JSON may: what can't be read of it
    /// becomes U+FFFD, the replacement character.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadPage`] if the body is not JSON, is no object, holds no cursor, an empty one or
    /// one that [can't be](Cursor::new), or holds more than 10,000 items, ten times what may be asked
    /// for.
    pub fn decode(feed: Feed, body: &Bytes) -> Result<Self, Error> {
        Self::read(feed, body).or_else(|error| Self::mended(feed, body).ok_or(error))
    }

    fn read(feed: Feed, body: &Bytes) -> Result<Self, Error> {
        let refuse = |fault: String| Error::new(ErrorKind::BadPage, fault);
        let envelope: Envelope<'_> = decode_object(body).map_err(|error| {
            refuse(format!(
                "the answer is no page of {feed} (line {}, column {} of {} bytes): \
                 look for a proxy or another server at this address",
                error.line(),
                error.column(),
                body.len()
            ))
        })?;
        let cursor = envelope.cursor.unwrap_or_default();
        if cursor.is_empty() {
            return Err(refuse(format!(
                "the page of {feed} holds no cursor, so the place behind it is unknown"
            )));
        }
        let cursor = Cursor::new(cursor)?;
        let has_more = envelope.has_more.unwrap_or(false);
        let items = envelope.items.unwrap_or_default();
        if items.more > 0 {
            let count = items.first.len() + items.more;
            return Err(refuse(format!(
                "the page of {feed} holds {count} items, of which at most {} can be asked for: \
                 look for another server at this address",
                PageSize::MAX.get()
            )));
        }
        let events = items
            .first
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

    /// The page, if it is one but for bytes that are no text.
    fn mended(feed: Feed, body: &Bytes) -> Option<Self> {
        let object = body.trim_ascii_start().starts_with(b"{");
        if !object || str::from_utf8(body).is_ok() {
            return None;
        }
        let text = String::from_utf8_lossy(body).into_owned();
        let page = Self::read(feed, &text.into()).ok()?;
        // Another cursor than the server's is another place.
        if page.cursor.as_str().contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        #[cfg(feature = "client")]
        tracing::warn!(%feed, "a page holds bytes that are no UTF-8: they are replaced by U+FFFD");
        Some(Self {
            size: body.len(),
            ..page
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
#[derive(serde::Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
    #[serde(default)]
    has_more: Option<bool>,
    #[serde(borrow, default)]
    items: Option<Items<'a>>,
}

/// The items, up to the most that are kept, so that small ones in any number take no more memory than
/// the body does; and how many there are besides.
#[derive(Default)]
struct Items<'a> {
    first: Vec<&'a RawValue>,
    more: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Items<'de>, A::Error> {
                let mut items = Items::default();
                while items.first.len() < MOST_ITEMS {
                    match seq.next_element()? {
                        Some(item) => items.first.push(item),
                        None => return Ok(items),
                    }
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    items.more += 1;
                }
                Ok(items)
            }
        }

        deserializer.deserialize_seq(List)
    }
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

    #[test]
    fn a_page_has_a_thousand_items_and_some_more_but_not_any_number() {
        let decode = |count: usize| {
            let items = "{},".repeat(count);
            let items = items.strip_suffix(',').unwrap_or_default();
            let body = format!(r#"{{"items":[{items}],"cursor":"c"}}"#);
            Page::decode(Feed::AuditEvents, &Bytes::from(body))
        };
        assert_eq!(decode(10_000).unwrap().events().len(), 10_000);
        let error = decode(10_001).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadPage);
        assert!(error.to_string().contains("10001 items"), "{error}");
    }

    #[test]
    fn bytes_that_are_no_text_spoil_their_own_event_alone() {
        let decode =
            |body: &'static [u8]| Page::decode(Feed::AuditEvents, &Bytes::from_static(body));
        let body = b"{\"items\":[{\"a\":\"\xff\xc3\"},{\"b\":1.50}],\"cursor\":\"c\"}";
        let page = decode(body).unwrap();
        let raw: Vec<_> = page.events().iter().map(Event::json).collect();
        assert_eq!(raw, ["{\"a\":\"\u{fffd}\u{fffd}\"}", "{\"b\":1.50}"]);
        assert_eq!(page.size(), body.len());
        // Another place than the server's is no place.
        for body in [
            &b"{\"items\":[],\"cursor\":\"c\xff\"}"[..],
            b"{\"items\":[{\"a\":\xff}],\"cursor\":\"c\"}",
            b"\xff",
        ] {
            assert_eq!(decode(body).unwrap_err().kind(), ErrorKind::BadPage);
        }
    }
}
