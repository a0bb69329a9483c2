//! JSON as it is written: an object's members in their order, with repeated keys and odd numbers.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A member's key, decoded where it can be, and the text of its value.
pub(crate) type Member = (String, String);

pub(crate) fn members(object: &str) -> Vec<Member> {
    let Members(members) = serde_json::from_str(object).unwrap();
    members
}

/// The text of the member of this name, which is there once or not at all.
pub(crate) fn member(object: &str, name: &str) -> Option<String> {
    let mut found = members(object).into_iter().filter(|(key, _)| key == name);
    let value = found.next().map(|(_, value)| value);
    assert!(found.next().is_none(), "{name} is there twice: {object}");
    value
}

struct Members(Vec<Member>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<Box<RawValue>, Box<RawValue>>()? {
                    let key = serde_json::from_str(key.get()).unwrap_or(key.get().to_owned());
                    members.push((key, value.get().to_owned()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}
