use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, ErrorKind};

/// A moment as 1Password writes it: RFC 3339, to the nanosecond, with the text that it came in.
///
/// The API writes 0 to 9 digits of a second's fraction, and its documentation shows offsets besides
/// `Z`. The text is kept, so that writing a timestamp gives back exactly what was read. Two
/// timestamps are equal if they are the same moment, however they are spelled.
///
/// ```
/// use onepassword_events::Timestamp;
///
/// let here: Timestamp = "2020-06-11T16:32:50-03:00".parse()?;
/// let there: Timestamp = "2020-06-11T19:32:50.000Z".parse()?;
/// assert_eq!(here, there);
/// assert_eq!(here.as_str(), "2020-06-11T16:32:50-03:00");
/// # Ok::<(), onepassword_events::Error>(())
/// ```
#[derive(Clone)]
pub struct Timestamp {
    text: Box<str>,
    instant: jiff::Timestamp,
}

impl Timestamp {
    /// The text as it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The moment, for arithmetic with the standard library's clock.
    #[must_use]
    pub fn to_system_time(&self) -> SystemTime {
        self.instant.into()
    }

    /// The moment in the one spelling that every server reads.
    pub(crate) fn to_utc(&self) -> String {
        self.instant.to_string()
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_nanos(&self) -> i128 {
        self.instant.as_nanosecond()
    }
}

impl From<SystemTime> for Timestamp {
    /// Writes the time in UTC with as many digits as it has. Times before the year -9999 or after
    /// 9999 become the nearest that can be written.
    fn from(time: SystemTime) -> Self {
        let instant = jiff::Timestamp::try_from(time).unwrap_or_else(|_| {
            if time < SystemTime::UNIX_EPOCH {
                jiff::Timestamp::MIN
            } else {
                jiff::Timestamp::MAX
            }
        });
        Self {
            text: instant.to_string().into(),
            instant,
        }
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(instant) => Ok(Self {
                text: text.into(),
                instant,
            }),
            Err(error) => Err(Error::new(
                ErrorKind::BadEvent,
                "not a time in the form of RFC 3339, such as 2026-01-31T08:00:00Z",
            )
            .with_source(error)),
        }
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.instant == other.instant
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instant.cmp(&other.instant)
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.instant.hash(state);
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({})", self.text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn fractions_of_every_length_are_read_to_the_nanosecond() {
        for (text, nanos) in [
            ("2021-08-11T14:28:03Z", 0),
            ("2021-08-11T14:28:03.1Z", 100_000_000),
            ("2021-08-11T14:28:03.484Z", 484_000_000),
            ("2021-08-11T14:28:03.24645983Z", 246_459_830),
            ("2021-08-11T14:28:03.827288935Z", 827_288_935),
        ] {
            let timestamp: Timestamp = text.parse().unwrap();
            assert_eq!(timestamp.as_str(), text);
            assert_eq!(timestamp.unix_nanos() % 1_000_000_000, nanos, "{text}");
            let json = serde_json::to_string(&timestamp).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), timestamp);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "1628692083",
            "2021-08-11",
            "2021-08-11T14:28:03",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_clock_of_the_machine_is_written_in_utc() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_628_692_083_250);
        let timestamp = Timestamp::from(time);
        assert_eq!(timestamp.as_str(), "2021-08-11T14:28:03.25Z");
        assert_eq!(timestamp.to_system_time(), time);
    }
}
