//! JSON as it is written: an object's members in their order, with repeated keys and odd numbers.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A member's key, decoded where it spells a text, and the text of its value.
pub(super) type Member<'a> = (String, &'a str);

/// The members of an object; none if the text is anything else.
pub(super) fn members(object: &str) -> Option<Vec<Member<'_>>> {
    let Members(members) = serde_json::from_str(object).ok()?;
    Some(members)
}

/// The value of the member of this name, which is there once.
pub(super) fn member<'a>(members: &[Member<'a>], name: &str) -> Option<&'a str> {
    let mut found = members.iter().filter(|(key, _)| key == name);
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}

/// How often each key is there.
pub(super) fn counts<'a>(members: &'a [Member<'_>]) -> HashMap<&'a str, usize> {
    let mut counts = HashMap::new();
    for (key, _) in members {
        *counts.entry(key.as_str()).or_default() += 1;
    }
    counts
}

struct Members<'a>(Vec<Member<'a>>);

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
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    let written = || key.get().trim_matches('"').to_owned();
                    let key = serde_json::from_str(key.get()).unwrap_or_else(|_| written());
                    members.push((key, value.get()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}
