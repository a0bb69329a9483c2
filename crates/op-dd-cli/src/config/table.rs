use serde_json::{Map, Value as Json, json};
use toml::de::DeTable;

use super::fault::Faults;
use super::schema;
use super::spelling::nearest;
use super::value::{Node, Value};

/// Declares a table of the configuration: a struct, how it is read, and what the schema says of it. A
/// key and its explanation stand here, and nowhere else.
///
/// `new` makes one of the required keys; where there is none, there is a `Default`.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        $name:ident {
            required { $( $(#[doc = $need_help:literal])+ $need:ident: $need_type:ty, )* }
            optional { $( $(#[doc = $help:literal])+ $key:ident: $type:ty = $default:expr, )* }
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        pub(crate) struct $name {
            $( $(#[doc = $need_help])+ pub(crate) $need: $need_type, )*
            $( $(#[doc = $help])+ pub(crate) $key: $type, )*
        }

        impl $name {
            /// With all that is optional as it is if nobody sets it.
            pub(crate) fn new($($need: $need_type),*) -> Self {
                Self { $($need,)* $($key: $default),* }
            }
        }

        table!(@default $name [$($need),*]);

        impl $crate::config::value::Value for $name {
            fn schema() -> serde_json::Value {
                use $crate::config::table::{Key, table_schema};

                table_schema(concat!($($about),+), vec![
                    $( Key::required::<$need_type>(stringify!($need), concat!($($need_help),+)), )*
                    $( Key::optional::<$type>(stringify!($key), concat!($($help),+), &$default), )*
                ])
            }

            fn read(
                node: &$crate::config::value::Node<'_>,
                faults: &mut $crate::config::fault::Faults,
            ) -> Option<Self> {
                const KEYS: &[&str] = &[$(stringify!($need),)* $(stringify!($key),)*];
                let table = $crate::config::table::Table::of(node, KEYS, faults)?;
                $( let $need = table.required(stringify!($need), faults); )*
                $( let $key = table.optional(stringify!($key), faults); )*
                let unset = Self::new($($need?),*);
                Some(Self {
                    $( $need: unset.$need, )*
                    $( $key: $key.unwrap_or(unset.$key), )*
                })
            }
        }
    };
    (@default $name:ident []) => {
        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
    (@default $name:ident [$($need:ident),+]) => {};
}

pub(super) use table;

/// A table of the file, being read.
pub(super) struct Table<'n, 'i> {
    node: &'n Node<'i>,
    entries: &'n DeTable<'i>,
    keys: &'static [&'static str],
}

impl<'n, 'i> Table<'n, 'i> {
    /// Notes every key that isn't among `keys`.
    pub(super) fn of(
        node: &'n Node<'i>,
        keys: &'static [&'static str],
        faults: &mut Faults,
    ) -> Option<Self> {
        let Some(entries) = node.get_ref().as_table() else {
            match node.get_ref().as_array() {
                Some(_) => faults.note(
                    node.span(),
                    "there is only one of this: write its name in single brackets",
                ),
                None => faults.wrong_type(node, "a table"),
            }
            return None;
        };
        for key in entries.keys() {
            let name = &**key.get_ref();
            if !keys.contains(&name) {
                faults.note(key.span(), unknown(name, keys));
            }
        }
        Some(Self {
            node,
            entries,
            keys,
        })
    }

    pub(super) fn required<T: Value>(&self, key: &'static str, faults: &mut Faults) -> Option<T> {
        if lacks(self.entries, key, self.keys) {
            let text = format!("the key `{key}` is missing here: add it");
            faults.note_missing(self.node.span(), text);
        }
        self.optional(key, faults)
    }

    /// Nothing, if it isn't there or is wrong.
    pub(super) fn optional<T: Value>(&self, key: &str, faults: &mut Faults) -> Option<T> {
        T::read(self.entries.get(key)?, faults)
    }
}

/// Whether a key isn't there, not even misspelt.
pub(super) fn lacks(table: &DeTable<'_>, key: &str, keys: &[&'static str]) -> bool {
    !table.keys().any(|written| {
        let written = &**written.get_ref();
        written == key || (!keys.contains(&written) && nearest(written, keys) == Some(key))
    })
}

fn unknown(name: &str, keys: &[&'static str]) -> String {
    let homes = schema::homes(name);
    if !homes.is_empty() {
        let homes = homes.join(" or ");
        return format!("unknown key `{name}` in this place: it belongs under {homes}");
    }
    match nearest(name, keys) {
        Some(meant) => format!("unknown key `{name}`: write `{meant}`"),
        None => format!("unknown key `{name}`: here are {}", keys.join(", ")),
    }
}

/// A key as the schema has it.
pub(super) struct Key {
    name: &'static str,
    schema: Json,
    required: bool,
}

impl Key {
    pub(super) fn required<T: Value>(name: &'static str, help: &str) -> Self {
        let mut schema = T::schema();
        schema["description"] = paragraph(help).into();
        Self {
            name,
            schema,
            required: true,
        }
    }

    pub(super) fn optional<T: Value>(name: &'static str, help: &str, default: &T) -> Self {
        let mut key = Self::required::<T>(name, help);
        key.required = false;
        if let Some(default) = default.written() {
            key.schema["default"] = default;
        }
        key
    }
}

pub(super) fn table_schema(about: &str, keys: Vec<Key>) -> Json {
    let required = keys.iter().filter(|key| key.required);
    let required: Vec<_> = required.map(|key| key.name).collect();
    let properties: Map<_, _> = keys
        .into_iter()
        .map(|key| (key.name.to_owned(), key.schema))
        .collect();
    json!({
        "type": "object",
        "description": paragraph(about),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// The lines of a comment as running text.
fn paragraph(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}
