use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;

/// Older logs are dropped (documented for the intake, and as a cause of missing logs).
const PAST: Duration = Duration::from_secs(18 * 3600);

/// Newer ones are outside what is documented; the fake takes the strictest reading and drops them too.
const FUTURE: Duration = Duration::from_secs(2 * 3600);

/// The root attributes that date a log, the first that is there deciding.
const DATES: [&str; 8] = [
    "@timestamp",
    "timestamp",
    "_timestamp",
    "Timestamp",
    "eventTime",
    "date",
    "published_date",
    "syslog.timestamp",
];

/// The root of a log, unparsed below.
pub(crate) type Root<'a> = HashMap<String, &'a RawValue>;

/// Whether the log is one that Datadog would still take. One without a date, or with one that nobody can read, gets
/// the date of its receipt.
pub(crate) fn is_open_to(log: &Root<'_>, now: SystemTime) -> bool {
    match date_of(log) {
        Some(date) => match now.duration_since(date) {
            Ok(age) => age <= PAST,
            Err(ahead) => ahead.duration() <= FUTURE,
        },
        None => true,
    }
}

/// When a log says that it is of.
pub(crate) fn date(log: &str) -> Option<SystemTime> {
    date_of(&serde_json::from_str(log).ok()?)
}

fn date_of(log: &Root<'_>) -> Option<SystemTime> {
    let value = DATES.iter().find_map(|name| match log.get(*name) {
        Some(value) => Some(*value),
        None if *name == "syslog.timestamp" => nested(log),
        None => None,
    })?;
    read(value.get())
}

/// `syslog.timestamp` is the one name that may as well be two.
fn nested<'a>(log: &Root<'a>) -> Option<&'a RawValue> {
    let syslog: Root<'a> = serde_json::from_str(log.get("syslog")?.get()).ok()?;
    syslog.get("timestamp").copied()
}

/// ISO 8601 or milliseconds since 1970, the latter as a number or a text. Seconds are milliseconds to Datadog too: of
/// January 1970.
fn read(json: &str) -> Option<SystemTime> {
    let text = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
    let instant = match text.parse() {
        Ok(milliseconds) => Timestamp::from_millisecond(milliseconds).ok()?,
        Err(_) => read_iso_8601(&text)?,
    };
    Some(instant.into())
}

/// Without an offset it is UTC.
fn read_iso_8601(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(local).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noon of 1 May 2026.
    const NOW: u64 = 1_777_636_800;

    fn is_open(log: &str) -> bool {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        is_open_to(&serde_json::from_str(log).unwrap(), now)
    }

    #[test]
    fn is_18_hours_back_and_2_ahead() {
        for (timestamp, expected) in [
            ("2026-05-01T12:00:00Z", true),
            ("2026-04-30T18:00:00Z", true),
            ("2026-04-30T17:59:59.999999999Z", false),
            ("2026-05-01T14:00:00Z", true),
            ("2026-05-01T14:00:00.001Z", false),
            ("2026-05-01T09:00:00-03:00", true),
            ("2026-05-01T12:00:00-03:00", false),
            ("2026-05-01T12:00:00", true),
            ("2026-04-30T12:00:00", false),
            ("1777636800000", true),
            ("1777636800", false),
            ("yesterday", true),
            ("", true),
        ] {
            assert_eq!(
                is_open(&format!(r#"{{"timestamp":"{timestamp}"}}"#)),
                expected,
                "{timestamp}"
            );
        }
        assert!(is_open(r#"{"timestamp":1777636800000}"#));
        assert!(!is_open(r#"{"timestamp":1777536800000}"#));
    }

    #[test]
    fn the_first_name_decides() {
        assert!(is_open("{}"));
        assert!(is_open(r#"{"event":{"timestamp":"2020-01-01T00:00:00Z"}}"#));
        assert!(is_open(
            r#"{"date":"2020-01-01T00:00:00Z","timestamp":"2026-05-01T12:00:00Z"}"#
        ));
        assert!(!is_open(
            r#"{"@timestamp":"2020-01-01T00:00:00Z","timestamp":"2026-05-01T12:00:00Z"}"#
        ));
        assert!(is_open(
            r#"{"timestamp":null,"date":"2020-01-01T00:00:00Z"}"#
        ));
        for name in DATES {
            assert!(
                !is_open(&format!(r#"{{"{name}":"2020-01-01T00:00:00Z"}}"#)),
                "{name}"
            );
        }
        assert!(!is_open(
            r#"{"syslog":{"timestamp":"2020-01-01T00:00:00Z"}}"#
        ));
        assert!(is_open(r#"{"syslog":{"severity":3}}"#));
    }
}
