use std::str::FromStr;
use std::time::{Duration, SystemTime};

use onepassword_events::Timestamp;

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::duration;
use super::fault::Faults;
use super::value::{Node, Value};

/// How long 1Password keeps events.
pub(super) const KEPT: Duration = Duration::from_secs(120 * 24 * 3600);

/// Where a stream begins that has no cursor: at a time, or so long before its first start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    At(Timestamp),
    Ago(Duration),
}

impl Start {
    /// The moment that it means now.
    pub(crate) fn time(&self, now: SystemTime) -> SystemTime {
        match self {
            Self::At(time) => time.to_system_time(),
            Self::Ago(length) => now.checked_sub(*length).unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }
}

impl FromStr for Start {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A date is its beginning, in UTC.
        let is_date = text.parse::<jiff::civil::Date>().is_ok() && !text.contains('T');
        let at = if is_date {
            format!("{text}T00:00:00Z").parse()
        } else {
            text.parse()
        };
        at.map(Self::At)
            .or_else(|_| duration(text).map(Self::Ago))
            .map_err(
                |_| "not a time: write 2026-01-31, 2026-01-31T08:00:00Z, or 30d for 30 days back",
            )
    }
}

/// A time may stand without quotes: TOML has times.
impl Value for Start {
    fn schema() -> Json {
        json!({
            "type": "string",
            "pattern": r"^(\+?(P|[0-9]).*[A-Za-z]|[0-9]{4}-[0-9]{2}-[0-9]{2}$)",
            "examples": ["2026-01-31", "2026-01-31T08:00:00Z", "30d"],
        })
    }

    fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(text) => faults.unless_good(node.span(), text.parse()),
            DeValue::Datetime(time) => faults.unless_good(node.span(), time.to_string().parse()),
            _ => {
                faults.wrong_type(node, "a time in quotes");
                None
            }
        }
    }
}
