//! An event's root with some of its members gone or changed: for those few that need it.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use datadog_logs::JsonObject;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::look::{Key, Look};
use super::reserved;

/// A member that made way, by its key.
pub(super) type Moved<'a> = (Cow<'a, str>, &'a RawValue);

/// The members that must make way, and the root without them; the root's time is `date` if there is
/// one.
pub(super) fn rework<'a>(
    json: &'a str,
    raw: &Bytes,
    look: &Look<'a>,
    date: Option<&str>,
) -> (Vec<Moved<'a>>, JsonObject) {
    if !look.collides {
        let redated = date.map_or_else(|| raw.clone(), |date| redate(json, look, date));
        return (Vec::new(), JsonObject::trusted(redated));
    }
    let Ok(Members(members)) = serde_json::from_str(json) else {
        return (Vec::new(), JsonObject::trusted(raw.clone()));
    };
    let mut moved = Vec::new();
    let mut root = Writer::default();
    if let Some(date) = date {
        root.text("timestamp", date);
    }
    for (key, value) in members {
        if reserved::is_taken(&key) {
            moved.push((key, value));
        } else if date.is_none() || key != "timestamp" {
            root.raw(&key, value.get());
        }
    }
    (moved, root.finish())
}

/// Puts `date` where the event's time stands, or first if it has none, and touches nothing else.
fn redate(json: &str, look: &Look<'_>, date: &str) -> Bytes {
    let mut text = Vec::with_capacity(json.len() + 48);
    if let Some(timestamp) = look.timestamp {
        // The value is a part of the text, so its address tells where.
        let start = timestamp.get().as_ptr() as usize - json.as_ptr() as usize;
        let end = start + timestamp.get().len();
        text.extend_from_slice(&json.as_bytes()[..start]);
        text.extend_from_slice(format!("\"{date}\"").as_bytes());
        text.extend_from_slice(&json.as_bytes()[end..]);
    } else {
        let members = json.strip_prefix('{').unwrap_or(json);
        text.extend_from_slice(format!("{{\"timestamp\":\"{date}\"").as_bytes());
        if !members.trim_ascii_start().starts_with('}') {
            text.push(b',');
        }
        text.extend_from_slice(members.as_bytes());
    }
    text.into()
}

/// Writes an object, member by member.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
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
        match self.0.last() {
            None => self.0.push(b'{'),
            Some(b'{') => {}
            Some(_) => self.0.push(b','),
        }
        quote(&mut self.0, key);
        self.0.push(b':');
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

struct Members<'a>(Vec<Moved<'a>>);

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
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}
