use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, Timestamp};

/// Where in a feed to read on: at a time, or behind a page that was read before.
///
/// The API also takes an empty request, and an empty cursor, to mean "the last hour, 100 a page".
/// A program that sends one by mistake reads events twice or skips them, so neither can be built.
///
/// ```
/// use onepassword_events::{Position, Reset};
///
/// let first = Position::from(Reset::new("2026-01-01T00:00:00Z".parse()?));
/// assert_eq!(
///     first.to_request_body(),
///     br#"{"limit":1000,"start_time":"2026-01-01T00:00:00Z"}"#,
/// );
/// # Ok::<(), onepassword_events::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// The first page of a new reading.
    Reset(Reset),
    /// The page behind the one that this cursor came with.
    After(Cursor),
}

/// The start of a new reading of a feed.
///
/// All three values are baked into the cursors that follow: to read with another page size or from
/// another time, start anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Events that happened before are left out. 1Password keeps 120 days.
    pub start: Timestamp,
    /// Events that happened after are left out, for ever: leave it empty to follow a feed.
    pub end: Option<Timestamp>,
    /// How many events a page holds at the most.
    pub limit: PageSize,
}

/// How many events a page holds at the most: 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct PageSize(u16);

/// An opaque mark of a place in a feed, never empty.
///
/// It stays good across restarts and belongs to the feed that it came from.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(Box<str>);

impl Position {
    /// The JSON body that asks for this position: the reset alone or the cursor alone, since the API
    /// takes one or the other. Times are written in UTC.
    #[must_use]
    pub fn to_request_body(&self) -> Vec<u8> {
        let body = match self {
            Self::Reset(reset) => {
                let mut body = serde_json::json!({
                    "limit": reset.limit.get(),
                    "start_time": reset.start.to_utc(),
                });
                if let Some(end) = &reset.end {
                    body["end_time"] = end.to_utc().into();
                }
                body
            }
            Self::After(cursor) => serde_json::json!({ "cursor": cursor.as_str() }),
        };
        body.to_string().into_bytes()
    }
}

impl From<Reset> for Position {
    fn from(reset: Reset) -> Self {
        Self::Reset(reset)
    }
}

impl From<Cursor> for Position {
    fn from(cursor: Cursor) -> Self {
        Self::After(cursor)
    }
}

impl Reset {
    /// Everything since `start`, in the largest pages.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self {
            start,
            end: None,
            limit: PageSize::MAX,
        }
    }
}

impl PageSize {
    /// The most that the API gives: 1000.
    pub const MAX: Self = Self(1000);

    /// A page size.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] unless it is 1 to 1000: the API refuses the rest.
    pub fn new(size: u16) -> Result<Self, Error> {
        if (1..=1000).contains(&size) {
            Ok(Self(size))
        } else {
            Err(Error::new(
                ErrorKind::Config,
                format!("a page of {size} events can't be asked for: write 1 to 1000"),
            ))
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self::MAX
    }
}

impl TryFrom<u16> for PageSize {
    type Error = Error;

    fn try_from(size: u16) -> Result<Self, Self::Error> {
        Self::new(size)
    }
}

impl From<PageSize> for u16 {
    fn from(size: PageSize) -> Self {
        size.get()
    }
}

impl Cursor {
    /// The most bytes of a cursor: 64 KiB. 1Password's have about a hundred.
    pub const LONGEST: usize = 64 * 1024;

    /// A cursor from text that was kept.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadPage`] if the text is empty, or longer than [`LONGEST`](Self::LONGEST).
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, Error> {
        let text = text.into();
        if text.is_empty() {
            return Err(Error::new(
                ErrorKind::BadPage,
                "the cursor is empty, which the API would read as \"the last hour\"",
            ));
        }
        if text.len() > Self::LONGEST {
            return Err(Error::new(
                ErrorKind::BadPage,
                format!(
                    "the cursor has {} bytes, and 1Password's have about a hundred: \
                     look for another server at this address",
                    text.len()
                ),
            ));
        }
        Ok(Self(text))
    }

    /// The text to keep.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Cursor {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.0.into()
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_kept(json: &str, body: &str) {
        let position: Position = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&position).unwrap(), json);
        assert_eq!(position.to_request_body(), body.as_bytes());
    }

    #[test]
    fn positions_are_kept_and_asked_for() {
        check_kept(r#"{"after":"abc"}"#, r#"{"cursor":"abc"}"#);
        check_kept(
            r#"{"reset":{"start":"2026-01-01T00:00:00Z","end":null,"limit":1000}}"#,
            r#"{"limit":1000,"start_time":"2026-01-01T00:00:00Z"}"#,
        );
        check_kept(
            r#"{"reset":{"start":"2026-01-01T00:00:00Z","end":"2026-01-02T00:00:00Z","limit":7}}"#,
            r#"{"end_time":"2026-01-02T00:00:00Z","limit":7,"start_time":"2026-01-01T00:00:00Z"}"#,
        );
        // The API may not read every spelling that we do.
        check_kept(
            r#"{"reset":{"start":"2026-01-01 01:00:00.50+01","end":null,"limit":7}}"#,
            r#"{"limit":7,"start_time":"2026-01-01T00:00:00.5Z"}"#,
        );
    }

    #[test]
    fn what_the_api_would_take_for_the_last_hour_can_not_be_built() {
        assert!(Cursor::new("").is_err());
        assert!(Cursor::new("c".repeat(65_536)).is_ok());
        assert!(Cursor::new("c".repeat(65_537)).is_err());
        for json in [
            "{}",
            r#"{"after":""}"#,
            r#"{"after":null}"#,
            r#"{"reset":{}}"#,
            r#"{"reset":{"start":"","end":null,"limit":1000}}"#,
            r#"{"reset":{"start":"2026-01-01T00:00:00Z","end":null,"limit":0}}"#,
            r#"{"reset":{"start":"2026-01-01T00:00:00Z","end":null,"limit":1001}}"#,
        ] {
            assert!(serde_json::from_str::<Position>(json).is_err(), "{json}");
        }
    }
}
