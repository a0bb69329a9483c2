use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use datadog_logs::{Compression, Site};
use jiff::SignedDuration;
use onepassword_events::{Feed, Region};
use op_dd_bridge::Name;
use serde_json::{Value as Json, json};
use toml::Spanned;
use toml::de::DeValue;
use url::Url;

use super::fault::Faults;
use super::{Notify, Proxy, duration};
use crate::archive::Bucket;

/// A value of the file, with its place.
pub(super) type Node<'i> = Spanned<DeValue<'i>>;

/// What the value of a key can be.
pub(super) trait Value: Sized {
    /// What a JSON Schema says of it.
    fn schema() -> Json;

    /// Reads it. What is wrong is noted where it stands, all of it.
    fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Self>;

    /// How it would be written: the schema shows defaults. Nothing, if it is left out instead.
    fn written(&self) -> Option<Json> {
        None
    }
}

/// What is written as a text in quotes.
pub(super) trait Text: Sized {
    /// What a JSON Schema says of the text.
    fn form() -> Json;

    fn parse(text: &str) -> Result<Self, String>;

    fn written(&self) -> Option<String> {
        None
    }
}

impl<T: Text> Value for T {
    fn schema() -> Json {
        let mut schema = T::form();
        schema["type"] = "string".into();
        schema
    }

    fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Self> {
        let Some(text) = node.get_ref().as_str() else {
            faults.wrong_type(node, "a text in quotes");
            return None;
        };
        faults.unless_good(node.span(), T::parse(text))
    }

    fn written(&self) -> Option<Json> {
        Text::written(self).map(Json::from)
    }
}

impl Value for bool {
    fn schema() -> Json {
        json!({ "type": "boolean" })
    }

    fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Self> {
        let value = node.get_ref().as_bool();
        if value.is_none() {
            faults.wrong_type(node, "true or false, without quotes");
        }
        value
    }

    fn written(&self) -> Option<Json> {
        Some((*self).into())
    }
}

/// A count of at least one.
impl Value for u32 {
    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 1 })
    }

    fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Self> {
        let number = node.get_ref().as_integer();
        let number = number
            .and_then(|number| Self::from_str_radix(number.as_str(), number.radix()).ok())
            .filter(|number| *number > 0);
        if number.is_none() {
            faults.note(node.span(), "write a whole number from 1, without quotes");
        }
        number
    }

    fn written(&self) -> Option<Json> {
        Some((*self).into())
    }
}

/// A rate.
impl Value for f64 {
    fn schema() -> Json {
        json!({ "type": "number", "exclusiveMinimum": 0 })
    }

    fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Self> {
        let number = match node.get_ref() {
            DeValue::Integer(number) => number.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number: &Self| number.is_finite() && *number > 0.0);
        if number.is_none() {
            faults.note(node.span(), "write a number above 0, without quotes");
        }
        number
    }

    fn written(&self) -> Option<Json> {
        Some((*self).into())
    }
}

impl<T: Value> Value for Option<T> {
    fn schema() -> Json {
        T::schema()
    }

    fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Self> {
        T::read(node, faults).map(Some)
    }
}

impl<T: Value> Value for Vec<T> {
    fn schema() -> Json {
        json!({ "type": "array", "items": T::schema() })
    }

    fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Self> {
        match node.get_ref() {
            // Those that are right are taken, so that what is wrong elsewhere is found as well.
            DeValue::Array(items) => {
                let items = items.iter().filter_map(|item| T::read(item, faults));
                Some(items.collect())
            }
            DeValue::Table(_) => {
                let text = "there can be several of these: write the name in double brackets, as [[accounts]]";
                faults.note(node.span(), text);
                None
            }
            _ => {
                faults.wrong_type(node, "a list in brackets, such as [\"…\"]");
                None
            }
        }
    }
}

impl<K: Text + Ord, T: Value> Value for BTreeMap<K, T> {
    fn schema() -> Json {
        json!({ "type": "object", "propertyNames": K::form(), "additionalProperties": T::schema() })
    }

    fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Self> {
        let Some(table) = node.get_ref().as_table() else {
            faults.wrong_type(node, "a table");
            return None;
        };
        let entries = table.iter().filter_map(|(key, value)| {
            let name = faults.unless_good(key.span(), K::parse(key.get_ref()));
            let value = T::read(value, faults);
            Some((name?, value?))
        });
        Some(entries.collect())
    }
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|fault: T::Err| fault.to_string())
}

impl Text for String {
    fn form() -> Json {
        json!({})
    }

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl Text for PathBuf {
    fn form() -> Json {
        json!({ "minLength": 1 })
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("this path is empty: write one, or take the line out".to_owned());
        }
        Ok(text.into())
    }
}

impl Text for Duration {
    fn form() -> Json {
        json!({ "pattern": r"^\+?(P|[0-9]).*[A-Za-z]", "examples": ["30s", "5m", "17h 30m"] })
    }

    fn parse(text: &str) -> Result<Self, String> {
        duration(text).map_err(ToOwned::to_owned)
    }

    fn written(&self) -> Option<String> {
        SignedDuration::try_from(*self)
            .ok()
            .map(|length| format!("{length:#}"))
    }
}

impl Text for Name {
    fn form() -> Json {
        json!({ "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$" })
    }

    fn parse(text: &str) -> Result<Self, String> {
        parsed(text)
    }
}

impl Text for Feed {
    fn form() -> Json {
        json!({ "enum": Self::ALL.map(Self::as_str) })
    }

    fn parse(text: &str) -> Result<Self, String> {
        parsed(text)
    }
}

impl Text for Region {
    fn form() -> Json {
        json!({ "enum": Self::ALL.map(Self::as_str) })
    }

    fn parse(text: &str) -> Result<Self, String> {
        parsed(text)
    }
}

impl Text for Compression {
    fn form() -> Json {
        let ways = [Self::Zstd, Self::Gzip, Self::None];
        json!({ "enum": ways.map(|way| way.to_string()) })
    }

    fn parse(text: &str) -> Result<Self, String> {
        parsed(text)
    }

    fn written(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Text for Site {
    fn form() -> Json {
        let sites = [
            Self::US1,
            Self::US3,
            Self::US5,
            Self::EU1,
            Self::AP1,
            Self::AP2,
            Self::UK1,
            Self::US1_FED,
            Self::US2_FED,
        ];
        // A domain, the short name of one, or a whole address.
        json!({
            "pattern": r"(?i)^\s*(https?://.+|[a-z0-9-]+(\.[a-z0-9-]+)+|(us|eu|ap|uk)[0-9](-fed)?)\s*$",
            "examples": sites.map(|site| site.to_string()),
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        parsed(text)
    }
}

impl Text for Url {
    fn form() -> Json {
        json!({ "pattern": "^[a-z]+://.+", "examples": ["https://proxy.example.com"] })
    }

    fn parse(text: &str) -> Result<Self, String> {
        // The parser's own error says what it is about, but not what to write.
        match parsed::<Self>(text) {
            Ok(url) if url.has_host() => Ok(url),
            _ => {
                Err("this is no address: write it whole, such as https://proxy.example.com".into())
            }
        }
    }
}

impl Text for Proxy {
    fn form() -> Json {
        json!({ "pattern": "^https?://.+", "examples": ["http://proxy.example.com:3128"] })
    }

    fn parse(text: &str) -> Result<Self, String> {
        parsed(text)
    }
}

impl Text for Bucket {
    fn form() -> Json {
        json!({
            "pattern": "^(s3|gs|az)://[^/@:?#]+(/[^?#]*)?$",
            "examples": ["s3://bucket/op-dd", "gs://bucket/op-dd", "az://container/op-dd"],
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        parsed(text)
    }
}

impl Text for SocketAddr {
    fn form() -> Json {
        json!({ "pattern": "^.+:[0-9]{1,5}$", "examples": ["127.0.0.1:9464"] })
    }

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| {
            "write the number of an address and a port, such as 127.0.0.1:9464, or 0.0.0.0:9464 for all".into()
        })
    }
}

impl Text for Notify {
    fn form() -> Json {
        json!({ "pattern": r"^([^@=\s][^=]*=)?@\S+$", "examples": ["@slack-security"] })
    }

    fn parse(text: &str) -> Result<Self, String> {
        parsed(text)
    }
}
