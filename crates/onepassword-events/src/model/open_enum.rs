/// An enum of the values that 1Password documents, which keeps any other value as it is.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $variant:ident = $text:literal $(: $note:literal)? ),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`", $(": ", $note,)? ".")]
                $variant,
            )+
            /// A value that this version doesn't know, as it was written.
            Other(Box<str>),
        }

        impl $name {
            /// The values that are known, as they are written.
            pub const KNOWN: &'static [&'static str] = &[$($text),+];

            /// The value as it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )+
                    _ => Self::Other(text.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Ok(Self::from(text.as_ref()))
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fmt::Debug;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use crate::model::{AuditAction, ItemAction, ObjectType, SignInCategory, SignInType, UserType};

    fn check<T: Serialize + DeserializeOwned + Debug>(known: &[&str], count: usize) {
        assert_eq!(known.iter().collect::<HashSet<_>>().len(), count);
        for text in known.iter().chain(&["brand-new", "", "With \"quotes\""]) {
            let json = serde_json::to_string(text).unwrap();
            let value: T = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
            let unknown = format!("{value:?}").starts_with("Other(");
            assert_eq!(unknown, !known.contains(text), "{value:?}");
        }
    }

    #[test]
    fn every_value_is_written_as_it_was_read() {
        // 31 kinds of attempt, of which one is documented in two spellings.
        check::<SignInType>(SignInType::KNOWN, 32);
        check::<SignInCategory>(SignInCategory::KNOWN, 7);
        check::<ItemAction>(ItemAction::KNOWN, 11);
        check::<AuditAction>(AuditAction::KNOWN, 79);
        check::<ObjectType>(ObjectType::KNOWN, 30);
        check::<UserType>(UserType::KNOWN, 2);
    }
}
