use std::borrow::Cow;
use std::ops::Deref;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Error, ErrorKind, Feed};

/// One event of a feed: its JSON as the server wrote it, byte for byte.
///
/// Cheap to clone and to send between threads. Fields and values that this crate doesn't know are
/// all there in [`json`](Self::json); [`typed`](Self::typed) gives the ones that it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    feed: Feed,
    raw: Bytes,
}

impl Event {
    /// An event from JSON that was kept or made.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadEvent`] if it isn't exactly one JSON value.
    pub fn new(feed: Feed, raw: impl Into<Bytes>) -> Result<Self, Error> {
        let raw = raw.into();
        let value: &serde_json::value::RawValue = serde_json::from_slice(&raw).map_err(|_| {
            Error::new(
                ErrorKind::BadEvent,
                format!("an event of {feed} is not JSON"),
            )
        })?;
        let raw = raw.slice_ref(value.get().as_bytes());
        Ok(Self { feed, raw })
    }

    /// An event from text that a JSON parser has been over.
    pub(crate) fn from_validated(feed: Feed, raw: Bytes) -> Self {
        Self { feed, raw }
    }

    /// The feed that it came from. The event's own JSON doesn't say.
    #[must_use]
    pub fn feed(&self) -> Feed {
        self.feed
    }

    /// The event's JSON as shared bytes: always valid JSON in UTF-8.
    #[must_use]
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The event's JSON as text.
    #[must_use]
    pub fn json(&self) -> &str {
        str::from_utf8(&self.raw).unwrap_or_default()
    }

    /// Whether the event is a JSON object, as every event should be.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.raw.first() == Some(&b'{')
    }

    /// The event's own id, which tells an event that was read twice from two alike. Not the usual
    /// kind of UUID: 26 letters and digits.
    #[must_use]
    pub fn uuid(&self) -> Option<Cow<'_, str>> {
        leading_uuid(self.json()).map(Cow::Borrowed).or_else(|| {
            // A list would be taken for an object's values in order.
            let object = self.is_object().then(|| self.json())?;
            serde_json::from_str::<Identity<'_>>(object).ok()?.uuid
        })
    }

    /// The event through the type of its feed.
    ///
    /// ```
    /// use onepassword_events::{Event, Feed, SignInAttempt};
    ///
    /// let event = Event::new(Feed::SignInAttempts, r#"{
    ///     "uuid": "HGIF4OEWXDTVWKEQDIWTKV26HU", "timestamp": "2026-08-11T14:28:03Z",
    ///     "category": "mfa_failed", "type": "totp_bad", "something": "new"
    /// }"#)?;
    /// let attempt = event.typed::<SignInAttempt>()?;
    /// assert!(!attempt.category.is_success());
    /// assert!(attempt.event().json().contains("something"));
    /// # Ok::<(), onepassword_events::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadEvent`] if the event is of another feed, lacks a field that every event of
    /// its feed has, or holds one of another type. The event itself is good still.
    pub fn typed<T: FeedEvent>(&self) -> Result<Typed<T>, Error> {
        if T::FEED != self.feed {
            return Err(Error::new(
                ErrorKind::BadEvent,
                format!("an event of {} was read as one of {}", self.feed, T::FEED),
            ));
        }
        let refuse = |fault: &str| {
            let uuid = self.uuid();
            let uuid = uuid.as_deref().unwrap_or("without uuid");
            Error::new(
                ErrorKind::BadEvent,
                format!("event {uuid} of {} {fault}", self.feed),
            )
        };
        if !self.is_object() {
            return Err(refuse("is not a JSON object"));
        }
        // The parser's own words may quote the value, so they tell the place alone.
        let fields = serde_json::from_str(self.json()).map_err(|error: serde_json::Error| {
            refuse(&format!(
                "is not as documented (line {}, column {} of its JSON)",
                error.line(),
                error.column()
            ))
        })?;
        Ok(Typed {
            event: self.clone(),
            fields,
        })
    }
}

/// An event's known fields, and the event that they were read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed<T> {
    event: Event,
    fields: T,
}

impl<T> Typed<T> {
    /// The event itself, with its JSON byte for byte.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The fields by themselves.
    #[must_use]
    pub fn into_fields(self) -> T {
        self.fields
    }
}

impl<T> Deref for Typed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.fields
    }
}

/// The type of a feed's events: [`SignInAttempt`](crate::SignInAttempt),
/// [`ItemUsage`](crate::ItemUsage), [`AuditEvent`](crate::AuditEvent), or one of your own that reads
/// just the fields that you need.
pub trait FeedEvent: DeserializeOwned + Send {
    /// The feed that such events come from.
    const FEED: Feed;
}

#[derive(Deserialize)]
struct Identity<'a> {
    #[serde(borrow)]
    uuid: Option<Cow<'a, str>>,
}

/// The server writes the id first, so most need no look at the rest of the event.
fn leading_uuid(json: &str) -> Option<&str> {
    let rest = json.strip_prefix('{')?.trim_ascii_start();
    let rest = rest.strip_prefix("\"uuid\"")?.trim_ascii_start();
    let rest = rest.strip_prefix(':')?.trim_ascii_start();
    let (uuid, _) = rest.strip_prefix('"')?.split_once('"')?;
    (!uuid.contains('\\')).then_some(uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uuid_is_found_wherever_it_stands() {
        for (json, uuid) in [
            (r#"{"uuid":"A1","x":2}"#, Some("A1")),
            ("{ \"uuid\" :\n \"A1\" }", Some("A1")),
            (r#"{"x":{"uuid":"no"},"uuid":"A1"}"#, Some("A1")),
            (r#"{"uuid":"\u00411"}"#, Some("A1")),
            (r#"{"uu\u0069d":"A1"}"#, Some("A1")),
            (r#"{"uuid":""}"#, Some("")),
            (r#"{"uuid":7}"#, None),
            (r#"{"uuid":null}"#, None),
            ("{}", None),
            ("7", None),
        ] {
            let event = Event::new(Feed::ItemUsages, json).unwrap();
            assert_eq!(event.uuid().as_deref(), uuid, "{json}");
        }
    }

    #[test]
    fn an_event_is_one_json_value() {
        let event = Event::new(Feed::ItemUsages, " {\"a\":1}\n").unwrap();
        assert_eq!(event.json(), "{\"a\":1}");
        for json in ["", "{", "{} {}", "{\"a\":\"\u{1}\"}"] {
            assert!(Event::new(Feed::ItemUsages, json).is_err(), "{json}");
        }
    }
}
