//! The few members of an event that the mapping reads.
//!
//! One pass over the event's text, nothing copied: a member is kept as the text of its value, so that
//! a value of another type than documented is just not what was looked for, and fails nothing.

use std::borrow::Cow;
use std::fmt;

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

/// An object of which some members are kept as they are written. Anything else is an empty one.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $name:ident { $($member:ident: $type:ty = $key:literal),+ $(,)? }
        $(of the others { $($state:ident: $state_type:ty = $note:expr),+ })?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        pub(super) struct $name<'a> {
            $(pub(super) $member: $type,)+
            $($(pub(super) $state: $state_type,)+)?
        }

        impl<'de> Deserialize<'de> for $name<'de> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;

                impl<'de> Visitor<'de> for Members {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("anything")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name<'de>, A::Error> {
                        let mut object = $name::default();
                        while let Some(Key(key)) = map.next_key()? {
                            match key.as_ref() {
                                $($key => object.$member = map.next_value()?,)+
                                _other => {
                                    $($(object.$state |= $note(_other);)+)?
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

                deserializer.deserialize_any(Members)
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
    of the others { collides: bool = reserved::is_taken }
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
    pub(super) fn at(json: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Who did what an audit event tells of.
    pub(super) fn actor(&self) -> Raw<'a> {
        self.actor_uuid.or(self.actor_details.uuid)
    }
}

/// A key, decoded; borrowed where nothing in it is escaped.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

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
