use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer};

use crate::object;

const MAX_LIMIT: u16 = 1000;
const DEFAULT_LIMIT: u16 = 100;
const HOUR: Duration = Duration::from_secs(3600);

/// What a request to a feed asks for: one of two shapes that exclude each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Query {
    Reset(Reset),
    After(String),
}

/// A reading of the feed from its beginning, or from a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reset {
    pub(crate) limit: u16,
    /// Inclusive.
    pub(crate) start: SystemTime,
    /// Exclusive.
    pub(crate) end: Option<SystemTime>,
}

/// A body that is neither shape: 400.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Stricter than the real service may be, which isn't documented to this depth: an unknown key, a key given twice and
/// a `null` are refused, because a client that sends one has a misspelt or a forgotten field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, deserialize_with = "present")]
    limit: Option<u16>,
    #[serde(default, deserialize_with = "present")]
    start_time: Option<String>,
    #[serde(default, deserialize_with = "present")]
    end_time: Option<String>,
    #[serde(default, deserialize_with = "present")]
    cursor: Option<String>,
}

impl Query {
    /// Reads a body. `{}` and an empty cursor mean "the last hour, 100 a page".
    pub(crate) fn parse(body: &[u8], now: SystemTime) -> Result<Self, Malformed> {
        let body: Body = object::read(body).map_err(|_| Malformed)?;
        if let Some(cursor) = body.cursor {
            if body.limit.is_some() || body.start_time.is_some() || body.end_time.is_some() {
                return Err(Malformed);
            }
            if !cursor.is_empty() {
                return Ok(Self::After(cursor));
            }
        }
        let limit = body.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Malformed);
        }
        let end = body.end_time.as_deref().map(instant).transpose()?;
        let start = match &body.start_time {
            Some(start) => instant(start)?,
            None => end.unwrap_or(now).checked_sub(HOUR).ok_or(Malformed)?,
        };
        Ok(Self::Reset(Reset { limit, start, end }))
    }
}

/// A field that may be absent but not `null`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// RFC 3339, with any offset and precision.
fn instant(text: &str) -> Result<SystemTime, Malformed> {
    let instant: jiff::Timestamp = text.parse().map_err(|_| Malformed)?;
    Ok(instant.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> SystemTime {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn parse(body: &str) -> Result<Query, Malformed> {
        Query::parse(body.as_bytes(), time("2026-05-01T12:00:00Z"))
    }

    fn reset(limit: u16, start: &str, end: Option<&str>) -> Result<Query, Malformed> {
        Ok(Query::Reset(Reset {
            limit,
            start: time(start),
            end: end.map(time),
        }))
    }

    #[test]
    fn nothing_is_the_last_hour() {
        for body in ["{}", r#"{"cursor":""}"#, r#" { "limit" : 100 } "#] {
            assert_eq!(
                parse(body),
                reset(100, "2026-05-01T11:00:00Z", None),
                "{body}"
            );
        }
    }

    #[test]
    fn a_reset_says_how_many_and_from_when() {
        assert_eq!(
            parse(r#"{"limit":1000,"start_time":"2020-01-01T00:00:00Z"}"#),
            reset(1000, "2020-01-01T00:00:00Z", None)
        );
        assert_eq!(
            parse(
                r#"{"limit":1,"start_time":"2026-05-01T09:00:00.5-03:00","end_time":"2026-05-01T12:00:01Z"}"#
            ),
            reset(1, "2026-05-01T12:00:00.5Z", Some("2026-05-01T12:00:01Z"))
        );
        assert_eq!(
            parse(r#"{"end_time":"2026-04-01T12:00:00Z"}"#),
            reset(100, "2026-04-01T11:00:00Z", Some("2026-04-01T12:00:00Z"))
        );
    }

    #[test]
    fn a_cursor_stands_alone() {
        assert_eq!(
            parse(r#"{"cursor":"abc"}"#),
            Ok(Query::After("abc".to_owned()))
        );
        assert_eq!(parse(r#"{"cursor":"abc","limit":10}"#), Err(Malformed));
        assert_eq!(
            parse(r#"{"cursor":"","start_time":"2026-04-01T12:00:00Z"}"#),
            Err(Malformed)
        );
    }

    #[test]
    fn anything_else_is_malformed() {
        for body in [
            "",
            "{",
            "[]",
            "null",
            "{}{}",
            r#"{"limit":0}"#,
            r#"{"limit":1001}"#,
            r#"{"limit":-1}"#,
            r#"{"limit":10.5}"#,
            r#"{"limit":"10"}"#,
            r#"{"limit":null}"#,
            r#"{"cursor":null}"#,
            r#"{"start_time":"yesterday"}"#,
            r#"{"start_time":"2026-04-01T12:00:00"}"#,
            r#"{"startTime":"2026-04-01T12:00:00Z"}"#,
            r#"{"limit":1,"limit":2}"#,
        ] {
            assert_eq!(parse(body), Err(Malformed), "{body}");
        }
    }
}
