//! The few members of an event that the mapping reads.
//!
//! One pass over the event's text, nothing copied: a member is kept as the text of its value, so that
//! a value of another type than documented is just not what was looked for, and fails nothing.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::reserved;

type Raw<'a> = Option<&'a RawValue>;

/// The string that a value is; none if it is anything else, or empty.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let quoted = raw.get();
    let inside = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if inside.is_empty() {
        None
    } else if inside.contains('\\') {
        serde_json::from_str(quoted).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inside))
    }
}

/// The key that a quoted text spells. Half a surrogate pair spells nothing: it is left as it stands.
pub(crate) fn key(raw: &RawValue) -> Cow<'_, str> {
    text(raw).unwrap_or_else(|| Cow::Borrowed(raw.get().trim_matches('"')))
}

/// Reads an object in one go, or sets each member apart first, so that one that can't be read (a
/// number beyond all numbers where an object should be) is left out and spoils no other.
struct Reader<T> {
    apart: bool,
    object: PhantomData<T>,
}

impl<T> Reader<T> {
    const IN_ONE_GO: Self = Self {
        apart: false,
        object: PhantomData,
    };
    const APART: Self = Self {
        apart: true,
        object: PhantomData,
    };

    fn key<'de, A: MapAccess<'de>>(&self, map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
        if self.apart {
            Ok(map.next_key::<&RawValue>()?.map(key))
        } else {
            Ok(map.next_key()?.map(|Key(key)| key))
        }
    }

    fn value<'de, A, V>(&self, map: &mut A) -> Result<V, A::Error>
    where
        A: MapAccess<'de>,
        V: Deserialize<'de> + Default,
    {
        if self.apart {
            let value: &RawValue = map.next_value()?;
            Ok(serde_json::from_str(value.get()).unwrap_or_default())
        } else {
            map.next_value()
        }
    }
}

/// An object of which some members are kept as they are written. Anything else is an empty one.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $name:ident { $($member:ident: $type:ty = $key:literal),+ $(,)? }
        $(told of $other:ident and $each:ident { $($state:ident: $state_type:ty),+ $(,)? })?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        pub(super) struct $name<'a> {
            $(pub(super) $member: $type,)+
            $($(pub(super) $state: $state_type,)+)?
        }

        impl<'de> Deserialize<'de> for $name<'de> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Reader::<Self>::IN_ONE_GO)
            }
        }

        impl<'de> Visitor<'de> for Reader<$name<'de>> {
            type Value = $name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name<'de>, A::Error> {
                let mut object = $name::default();
                while let Some(key) = self.key(&mut map)? {
                    $(object.$each(&key);)?
                    match key.as_ref() {
                        $($key => object.$member = self.value(&mut map)?,)+
                        _ => {
                            $(object.$other(&key);)?
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(object)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<$name<'de>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok($name::default())
            }

            fn visit_unit<E>(self) -> Result<$name<'de>, E> {
                Ok($name::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<$name<'de>, E> {
                Ok($name::default())
            }

            fn visit_i64<E>(self, _: i64) -> Result<$name<'de>, E> {
                Ok($name::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<$name<'de>, E> {
                Ok($name::default())
            }

            fn visit_f64<E>(self, _: f64) -> Result<$name<'de>, E> {
                Ok($name::default())
            }

            fn visit_str<E>(self, _: &str) -> Result<$name<'de>, E> {
                Ok($name::default())
            }
        }
    };
}

object! {
    /// An event's root.
    Look {
        timestamp: Raw<'a> = "timestamp",
        kind: Raw<'a> = "type",
        category: Raw<'a> = "category",
        action: Raw<'a> = "action",
        country: Raw<'a> = "country",
        vault_uuid: Raw<'a> = "vault_uuid",
        object_type: Raw<'a> = "object_type",
        object_uuid: Raw<'a> = "object_uuid",
        actor_uuid: Raw<'a> = "actor_uuid",
        aux_uuid: Raw<'a> = "aux_uuid",
        target_user: Person<'a> = "target_user",
        user: Person<'a> = "user",
        actor_details: Person<'a> = "actor_details",
        aux_details: Person<'a> = "aux_details",
        object_details: Person<'a> = "object_details",
        client: Client<'a> = "client",
        session: Session<'a> = "session",
        location: Location<'a> = "location",
    }
    told of other_key and each_key { collides: bool, timestamps: usize }
}

object! {
    /// Somebody.
    Person { uuid: Raw<'a> = "uuid", name: Raw<'a> = "name", email: Raw<'a> = "email" }
}

object! {
    /// An application.
    Client { ip_address: Raw<'a> = "ip_address", app_name: Raw<'a> = "app_name" }
}

object! {
    /// A session.
    Session { ip: Raw<'a> = "ip" }
}

object! {
    /// Where an address is.
    Location {
        country: Raw<'a> = "country",
        region: Raw<'a> = "region",
        city: Raw<'a> = "city",
        latitude: Raw<'a> = "latitude",
        longitude: Raw<'a> = "longitude",
    }
}

impl<'a> Look<'a> {
    pub(super) fn at(json: &'a str) -> Self {
        serde_json::from_str(json)
            .or_else(|_| {
                serde_json::Deserializer::from_str(json).deserialize_map(Reader::<Self>::APART)
            })
            .unwrap_or_default()
    }

    /// Who did what an audit event tells of.
    pub(super) fn actor(&self) -> Raw<'a> {
        [self.actor_uuid, self.actor_details.uuid]
            .into_iter()
            .flatten()
            .find(|id| text(id).is_some())
    }

    fn each_key(&mut self, key: &str) {
        self.timestamps += usize::from(key == "timestamp");
    }

    /// None of the keys that are looked for is taken, which spares most of them the question.
    fn other_key(&mut self, key: &str) {
        self.collides |= reserved::is_taken(key);
    }
}

/// A key, decoded; borrowed where nothing in it is escaped.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}
