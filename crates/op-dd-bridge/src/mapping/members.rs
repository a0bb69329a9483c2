//! An event's root: as it is, or with some of its members gone or changed for those few that need it.

use std::fmt;

use bytes::Bytes;
use datadog_logs::JsonObject;
use onepassword_events::Event;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::look::{self, Look};
use super::reserved;

/// A member that made way: its key and its value, both as they are written.
pub(super) type Moved<'a> = (&'a RawValue, &'a RawValue);

/// The root as it is to be sent, and the members that made way for the log's own. The root's time is
/// `date`, if there is one.
pub(super) fn root<'a>(
    event: &'a Event,
    look: &Look<'a>,
    date: Option<&str>,
) -> (Vec<Moved<'a>>, JsonObject) {
    if look.collides || look.timestamps > 1 {
        return rebuild(event, look, date);
    }
    let text = match date {
        None => event.raw().clone(),
        Some(date) if look.timestamps == 0 => dated_first(event.json(), date),
        Some(date) => match look.timestamp {
            Some(timestamp) => redated(event.json(), timestamp, date),
            // It is `null`, which has no place in the text that could be told from any other.
            None => return rebuild(event, look, Some(date)),
        },
    };
    (Vec::new(), JsonObject::trusted(text))
}

/// Leaves out what must make way, and of several times all but the last, which is the one that the
/// event's age was judged by.
fn rebuild<'a>(
    event: &'a Event,
    look: &Look<'a>,
    date: Option<&str>,
) -> (Vec<Moved<'a>>, JsonObject) {
    let Ok(Members(members)) = serde_json::from_str(event.json()) else {
        return (Vec::new(), JsonObject::trusted(event.raw().clone()));
    };
    let mut moved = Vec::new();
    let mut root = Writer::default();
    if let Some(date) = date.filter(|_| look.timestamps == 0) {
        root.text("timestamp", date);
    }
    let mut timestamps = 0;
    for (key, value) in members {
        let name = look::key(key);
        timestamps += usize::from(name == "timestamp");
        if reserved::is_taken(&name) || name == "timestamp" && timestamps < look.timestamps {
            moved.push((key, value));
        } else if let Some(date) = date.filter(|_| name == "timestamp") {
            root.text("timestamp", date);
        } else {
            root.member(key, value);
        }
    }
    (moved, root.finish())
}

/// Puts `date` where the event's time stands, and touches nothing else.
fn redated(json: &str, timestamp: &RawValue, date: &str) -> Bytes {
    // The value is a part of the text, so its address tells where.
    let start = timestamp.get().as_ptr() as usize - json.as_ptr() as usize;
    let end = start + timestamp.get().len();
    [&json[..start], "\"", date, "\"", &json[end..]]
        .concat()
        .into()
}

/// Puts `date` before the members of an event that has no time.
fn dated_first(json: &str, date: &str) -> Bytes {
    let members = json.strip_prefix('{').unwrap_or(json).trim_ascii_start();
    let comma = if members == "}" { "" } else { "," };
    ["{\"timestamp\":\"", date, "\"", comma, members]
        .concat()
        .into()
}

/// Writes an object, member by member.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// A member as it is written.
    pub(super) fn member(&mut self, key: &RawValue, value: &RawValue) {
        self.separate();
        self.0.extend_from_slice(key.get().as_bytes());
        self.0.push(b':');
        self.0.extend_from_slice(value.get().as_bytes());
    }

    /// A value that is JSON already.
    pub(super) fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.0.extend_from_slice(json.as_bytes());
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        quote(&mut self.0, text);
    }

    /// An object; nothing at all if it would be empty.
    pub(super) fn object(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        let before = self.0.len();
        self.key(key);
        self.0.push(b'{');
        let empty = self.0.len();
        write(self);
        if self.0.len() == empty {
            self.0.truncate(before);
        } else {
            self.0.push(b'}');
        }
    }

    pub(super) fn finish(mut self) -> JsonObject {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
        JsonObject::trusted(self.0.into())
    }

    fn key(&mut self, key: &str) {
        self.separate();
        quote(&mut self.0, key);
        self.0.push(b':');
    }

    fn separate(&mut self) {
        match self.0.last() {
            None => self.0.push(b'{'),
            Some(b'{') => {}
            Some(_) => self.0.push(b','),
        }
    }
}

fn quote(out: &mut Vec<u8>, text: &str) {
    if text
        .bytes()
        .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
    {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
    }
}

/// All members of an object in their order, those with the same key as well.
pub(crate) struct Members<'a>(pub(crate) Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}
