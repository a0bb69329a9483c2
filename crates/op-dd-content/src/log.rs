use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Map, Value};
use thiserror::Error;

mod path;

use path::{is_dotted, may_be_dotted, visit_dotted, visit_plain};

/// A log as Datadog holds it once it has been taken in: attributes, tags, and what it reserves.
///
/// ```
/// use op_dd_content::{Log, Reserved};
///
/// let log = Log::sent(r#"{"ddsource":"1password","ddtags":"account:acme","evt":{"name":"export"},
///     "timestamp":"2026-05-01T12:00:00Z"}"#)?;
/// assert_eq!(log.reserved(Reserved::Source), Some("1password"));
/// assert_eq!(log.values("evt.name"), ["export"]);
/// # Ok::<(), op_dd_content::LogError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Log {
    attributes: Map<String, Value>,
    /// Whether there may be dots in the keys of attributes.
    is_dotted: bool,
    tags: Vec<String>,
    source: Option<String>,
    service: Option<String>,
    host: Option<String>,
    status: Option<String>,
    message: Option<String>,
    time: Timestamp,
}

/// An attribute that Datadog gives a meaning of its own: it is asked for without `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reserved {
    /// `source`, which is sent as `ddsource`.
    Source,
    /// `service`.
    Service,
    /// `host`, which is sent as `hostname`.
    Host,
    /// `status`: how serious it is.
    Status,
    /// `message`: what free text looks into.
    Message,
}

/// A text that is no log.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogError {
    /// Not a JSON object.
    #[error("not a JSON object: {0}")]
    Json(String),
    /// Nothing says when it was.
    #[error("no time: `timestamp` has to be a date such as 2026-05-01T12:00:00Z, or milliseconds")]
    Time,
}

impl Log {
    /// A log as it was sent to the intake: one JSON object, with `ddsource`, `ddtags`, `hostname`,
    /// `service`, `status`, `message` and `timestamp` at its root beside its attributes.
    ///
    /// # Errors
    ///
    /// If it isn't a JSON object, or has no date.
    pub fn sent(json: &str) -> Result<Self, LogError> {
        let attributes =
            serde_json::from_str(json).map_err(|error| LogError::Json(error.to_string()))?;
        Self::from_attributes(attributes)
    }

    /// The same, of JSON that has been parsed.
    ///
    /// # Errors
    ///
    /// If it has no date.
    pub fn from_attributes(mut attributes: Map<String, Value>) -> Result<Self, LogError> {
        let time = attributes
            .get("timestamp")
            .and_then(time)
            .ok_or(LogError::Time)?;
        let mut take = |key: &str| match attributes.remove(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let tags = take("ddtags").unwrap_or_default();
        Ok(Self {
            source: take("ddsource"),
            service: take("service"),
            host: take("hostname"),
            status: take("status"),
            message: take("message"),
            tags: tags
                .split(',')
                .map(|tag| tag.trim().to_lowercase())
                .filter(|tag| !tag.is_empty())
                .collect(),
            is_dotted: is_dotted(&attributes),
            attributes,
            time,
        })
    }

    /// When it was, to the millisecond.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time.into()
    }

    /// Milliseconds since 1970.
    pub(crate) fn millis(&self) -> i64 {
        self.time.as_millisecond()
    }

    /// A reserved attribute, if the log has it.
    #[must_use]
    pub fn reserved(&self, key: Reserved) -> Option<&str> {
        match key {
            Reserved::Source => &self.source,
            Reserved::Service => &self.service,
            Reserved::Host => &self.host,
            Reserved::Status => &self.status,
            Reserved::Message => &self.message,
        }
        .as_deref()
    }

    /// The tags, in lower case, such as `account:acme`.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(String::as_str)
    }

    /// The attributes, without what is reserved.
    #[must_use]
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// All values that an attribute has, such as those of `usr.email`; lists, and lists of objects on
    /// the way, give several. No `@` in front. Objects and `null` aren't values.
    #[must_use]
    pub fn values(&self, path: &str) -> Vec<&Value> {
        let mut values = Vec::new();
        self.visit(path, &mut |value| {
            leaves(value, &mut values);
        });
        values
    }

    /// Whether an attribute is there, be it a value, a list or an object.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.get(path).is_some()
    }

    /// Whether one of an attribute's values is as it should be.
    pub(crate) fn any(&self, path: &str, is: impl Fn(&Value) -> bool) -> bool {
        let mut found = false;
        self.visit(path, &mut |value| {
            found = found || any_leaf(value, &is);
        });
        found
    }

    /// What is at a path, be it a value, a list or an object.
    pub(crate) fn get(&self, path: &str) -> Option<&Value> {
        let mut first = None;
        self.visit(path, &mut |value| {
            if is_there(value) {
                first.get_or_insert(value);
            }
        });
        first
    }

    /// Puts a value at a path, and whatever objects are missing on the way.
    pub(crate) fn set(&mut self, path: &str, value: Value) {
        let (keys, last) = path.rsplit_once('.').unwrap_or(("", path));
        let mut object = &mut self.attributes;
        for key in keys.split('.').filter(|key| !key.is_empty()) {
            let inner = object.entry(key).or_insert_with(|| Map::new().into());
            if !inner.is_object() {
                *inner = Map::new().into();
            }
            let Some(inner) = inner.as_object_mut() else {
                return;
            };
            object = inner;
        }
        self.is_dotted |= may_be_dotted(&value);
        object.insert(last.to_owned(), value);
    }

    /// Takes away what is at a path.
    pub(crate) fn remove(&mut self, path: &str) {
        self.attributes.remove(path);
        let (keys, last) = path.rsplit_once('.').unwrap_or(("", path));
        let mut object = &mut self.attributes;
        for key in keys.split('.').filter(|key| !key.is_empty()) {
            let Some(inner) = object.get_mut(key).and_then(Value::as_object_mut) else {
                return;
            };
            object = inner;
        }
        object.remove(last);
    }

    /// Shows everything that is at a path.
    fn visit<'a>(&'a self, path: &str, see: &mut dyn FnMut(&'a Value)) {
        if self.is_dotted {
            visit_dotted(&self.attributes, path, see);
        } else {
            visit_plain(&self.attributes, path, see);
        }
    }

    pub(crate) fn set_status(&mut self, status: String) {
        self.status = Some(status);
    }

    /// Dates the log anew, if the value is a date.
    pub(crate) fn set_time(&mut self, value: &Value) {
        self.time = time(value).unwrap_or(self.time);
    }

    /// The first value of an attribute, reserved attribute or tag as a text: what a group is called.
    /// `key` is as a query has it: `@usr.email`, `service`, `account`.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<String> {
        if let Some(path) = key.strip_prefix('@') {
            return self.values(path).first().map(|value| plain(value));
        }
        if let Some(reserved) = Reserved::named(key) {
            return self.reserved(reserved).map(str::to_owned);
        }
        self.tags()
            .filter_map(|tag| tag.split_once(':'))
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.to_owned())
    }
}

impl Reserved {
    /// The one that a query calls by this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "source" => Self::Source,
            "service" => Self::Service,
            "host" => Self::Host,
            "status" => Self::Status,
            "message" => Self::Message,
            _ => return None,
        })
    }
}

impl fmt::Display for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Service => "service",
            Self::Host => "host",
            Self::Status => "status",
            Self::Message => "message",
        })
    }
}

/// A value as a person reads it: texts without quotes.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The same without what is empty, which Datadog drops when it takes a log in.
pub(crate) fn pruned(object: &Map<String, Value>) -> Map<String, Value> {
    let mut pruned = Map::new();
    for (key, value) in object {
        let value = match value {
            Value::Object(inner) => Value::Object(self::pruned(inner)),
            other => other.clone(),
        };
        if is_there(&value) {
            pruned.insert(key.clone(), value);
        }
    }
    pruned
}

fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(millis) => Timestamp::from_millisecond(millis.as_i64()?).ok(),
        _ => None,
    }
}

fn leaves<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Null | Value::Object(_) => {}
        leaf => found.push(leaf),
    }
}

fn any_leaf(value: &Value, is: &impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| any_leaf(item, is)),
        Value::Null | Value::Object(_) => false,
        leaf => is(leaf),
    }
}

/// Datadog drops what is empty when it takes a log in.
fn is_there(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
        _ => true,
    }
}
