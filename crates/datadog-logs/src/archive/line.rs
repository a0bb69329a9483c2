use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::{LogEntry, Status, json_string};

/// What a line begins with: places for an id and a date, which are known when the rest is written.
const BEGINNING: &str = r#"{"_id":"________________________","date":"YYYY-MM-DDTHH:MM:SS.mmmZ""#;
const ID: Range<usize> = 8..32;
const DATE: Range<usize> = 42..66;

/// Writes a log behind what is in `out`. Gives the hour of its date: `YYYY-MM-DDTHH`.
pub(super) fn write(out: &mut Vec<u8>, entry: &LogEntry, now: SystemTime) -> String {
    let start = out.len();
    out.extend_from_slice(BEGINNING.as_bytes());
    let content = out.len();
    for (key, text) in [
        ("host", entry.host_ref()),
        ("service", entry.service_ref()),
        ("source", entry.source_ref()),
        ("status", entry.status_ref().map(Status::as_str)),
        ("message", Some(entry.message())),
    ] {
        if let Some(text) = text {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(b"\":");
            json_string::write(out, text);
        }
    }
    out.extend_from_slice(b",\"tags\":[");
    for (index, tag) in entry.tags_ref().iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
        out.extend_from_slice(tag.as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(b"],\"attributes\":");
    let attributes = out.len();
    out.push(b'{');
    for (index, object) in entry.attributes_ref().iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(object.members());
    }
    out.push(b'}');
    // In JSON they can only stand between values, where a space does as well.
    for byte in &mut out[attributes..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    let time = own_date(&out[attributes..])
        .unwrap_or_else(|| Timestamp::try_from(now).unwrap_or_default());
    out.extend_from_slice(b"}\n");

    let mut date = format!("{time:.3}");
    let id = id(time, &out[content..]);
    out[start..][ID].copy_from_slice(id.as_bytes());
    out[start..][DATE].copy_from_slice(date.as_bytes());
    date.truncate("YYYY-MM-DDTHH".len());
    date
}

/// Six bytes of time in milliseconds and twelve of a hash: the same for the same log.
fn id(time: Timestamp, content: &[u8]) -> String {
    let mut id = [0; 18];
    let (millis, hash) = id.split_at_mut(6);
    millis.copy_from_slice(&time.as_millisecond().to_be_bytes()[2..]);
    hash.copy_from_slice(&Sha256::digest(content)[..12]);
    STANDARD.encode(id)
}

/// The `timestamp` at the root. RFC 3339 has no years before 0.
fn own_date(attributes: &[u8]) -> Option<Timestamp> {
    let Root { timestamp } = serde_json::from_slice(attributes).ok()?;
    let text: Cow<'_, str> = serde_json::from_str(timestamp?.get()).ok()?;
    let time: Timestamp = text.parse().ok()?;
    (time >= FIRST).then_some(time)
}

/// 0000-01-01T00:00:00Z.
const FIRST: Timestamp = Timestamp::constant(-62_167_219_200, 0);

/// What is read of a log's attributes: nothing is copied, and what can't be read of others is no harm.
struct Root<'a> {
    timestamp: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Root<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Root<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Root<'de>, A::Error> {
                let mut timestamp = None;
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    if is_timestamp(key.get()) {
                        timestamp = Some(value);
                    }
                }
                Ok(Root { timestamp })
            }
        }

        deserializer.deserialize_map(Members)
    }
}

fn is_timestamp(quoted: &str) -> bool {
    const KEY: &str = "timestamp";
    let escaped = || serde_json::from_str::<String>(quoted).is_ok_and(|key| key == KEY);
    quoted.trim_matches('"') == KEY || quoted.contains('\\') && escaped()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JsonObject, Tags};

    fn line(entry: &LogEntry) -> (String, String) {
        let mut out = b"before\n".to_vec();
        let now: Timestamp = "2026-06-15T12:00:00.0009Z".parse().unwrap();
        let hour = write(&mut out, entry, now.into());
        let out = String::from_utf8(out).unwrap();
        (hour, out.strip_prefix("before\n").unwrap().to_owned())
    }

    fn json(text: &'static str) -> JsonObject {
        JsonObject::trusted(text.into())
    }

    #[test]
    fn a_line_is_as_datadog_reads_it() {
        let entry = LogEntry::new("two\nlines")
            .host("events.1password.com")
            .service("s")
            .source("1password")
            .status(Status::Warn)
            .tags(Tags::new(["account:acme", "env:prod"]).unwrap())
            .attributes(json(r#"{"usr":{"id":"ADA"}}"#))
            .attributes(json(
                "{\"n\" : 1.50e3,\r\n\t\"timestamp\":\"2026-06-14T23:59:59.9999+02:00\"}",
            ));
        let (hour, line) = line(&entry);
        assert_eq!(hour, "2026-06-14T21");
        assert_eq!(
            line,
            concat!(
                r#"{"_id":"AZ7IJhb/Ggrn0dqohtJ7ZGRQ","date":"2026-06-14T21:59:59.999Z","#,
                r#""host":"events.1password.com","service":"s","source":"1password","status":"warn","#,
                r#""message":"two\nlines","tags":["account:acme","env:prod"],"#,
                r#""attributes":{"usr":{"id":"ADA"},"n" : 1.50e3,  "#,
                "\t",
                r#""timestamp":"2026-06-14T23:59:59.9999+02:00"}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn what_a_log_has_not_is_left_out() {
        let (_, line) = line(&LogEntry::new(""));
        let rest = &line[DATE.end + 1..];
        assert_eq!(rest, ",\"message\":\"\",\"tags\":[],\"attributes\":{}}\n");
    }

    #[test]
    fn the_date_is_the_roots_last_readable_timestamp_or_now() {
        let now = "2026-06-15T12:00:00.000Z";
        for (attributes, date) in [
            (
                r#"{"timestamp":"2026-01-02T03:04:05.678901Z"}"#,
                "2026-01-02T03:04:05.678Z",
            ),
            (
                r#"{"a":1e999,"timest\u0061mp":"2026-01-02T03:04:05Z"}"#,
                "2026-01-02T03:04:05.000Z",
            ),
            (
                r#"{"\ud800":"\ud800","timestamp":"2026-01-02T03:04:05Z"}"#,
                "2026-01-02T03:04:05.000Z",
            ),
            (
                r#"{"timestamp":1,"timestamp":"0000-01-01T00:00:00Z"}"#,
                "0000-01-01T00:00:00.000Z",
            ),
            (
                r#"{"timestamp":"9999-12-30T22:00:00Z"}"#,
                "9999-12-30T22:00:00.000Z",
            ),
            (r#"{"timestamp":"-000001-12-31T00:00:00Z"}"#, now),
            (
                r#"{"timestamp":"2026-01-02T03:04:05Z","timestamp":null}"#,
                now,
            ),
            (r#"{"timestamp":"yesterday"}"#, now),
            (r#"{"timestamp":1781524800000}"#, now),
            (r#"{"a":{"timestamp":"2026-01-02T03:04:05Z"}}"#, now),
            ("{}", now),
        ] {
            let (hour, line) = line(&LogEntry::new("a").attributes(json(attributes)));
            assert_eq!(&line[DATE], date, "{attributes}");
            assert_eq!(hour, date[..13]);
        }
    }

    #[test]
    fn an_id_is_its_logs_and_tells_the_time() {
        let entry = |message| {
            let date = json(r#"{"timestamp":"2026-01-02T03:04:05.678Z"}"#);
            line(&LogEntry::new(message).attributes(date)).1[ID].to_owned()
        };
        assert_eq!(entry("a"), entry("a"));
        assert_ne!(entry("a"), entry("b"));
        let id = STANDARD.decode(entry("a")).unwrap();
        let mut millis = [0; 8];
        millis[2..].copy_from_slice(&id[..6]);
        assert_eq!(i64::from_be_bytes(millis), 1_767_323_045_678);
        assert_eq!(id.len(), 18);
    }
}
