use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::json_string;

/// The members of one JSON object as they were written: shared, never parsed into values, never
/// rebuilt.
///
/// So an event that came in as JSON goes out with its key order, its number spelling and its
/// unknown fields, at the cost of a copy into the request. A clone shares the text.
///
/// ```
/// use datadog_logs::{JsonObject, LogEntry};
///
/// let event = JsonObject::parse(r#"{ "uuid": "K7", "amount": 1.50 }"#)?;
/// let mut line = Vec::new();
/// LogEntry::new("paid").attributes(event).write_json(&mut line);
/// assert_eq!(line, br#"{"message":"paid","uuid": "K7", "amount": 1.50}"#);
/// # Ok::<_, datadog_logs::JsonError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonObject {
    /// What stands between the braces, without the white space at both ends.
    members: Bytes,
}

impl JsonObject {
    /// Takes the text of one JSON object after checking that it is one.
    ///
    /// Keys are not compared: which of two members with the same key Datadog takes is not
    /// documented.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the text isn't JSON, or is JSON but not an object.
    pub fn parse(text: impl Into<Bytes>) -> Result<Self, JsonError> {
        let text = text.into();
        check(&text)?;
        Ok(Self {
            members: members(&text),
        })
    }

    /// Takes a text that the caller knows to be one JSON object, because a JSON parser has
    /// delimited it.
    ///
    /// It is not checked, except in builds with debug assertions. Anything else makes a request of
    /// which Datadog refuses a part or all; it does no other harm.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the text is kept: a slice of it shares its memory"
    )]
    pub fn trusted(text: Bytes) -> Self {
        debug_assert!(check(&text).is_ok(), "not the text of one JSON object");
        Self {
            members: members(&text),
        }
    }

    /// Writes `value` as JSON.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if `value` can't be written as JSON, or doesn't make an object.
    pub fn from_serialize(value: &impl Serialize) -> Result<Self, JsonError> {
        let text = serde_json::to_vec(value).map_err(JsonError::invalid)?;
        if !text.starts_with(b"{") {
            return Err(JsonError::NOT_AN_OBJECT);
        }
        Ok(Self {
            members: members(&text.into()),
        })
    }

    /// An object of one member.
    pub(crate) fn member(key: &str, value: &impl Serialize) -> Result<Self, JsonError> {
        let mut member = Vec::new();
        json_string::write(&mut member, key);
        member.push(b':');
        serde_json::to_writer(&mut member, value).map_err(JsonError::invalid)?;
        Ok(Self {
            members: member.into(),
        })
    }

    /// The text between the braces; empty if there is no member.
    #[must_use]
    pub fn members(&self) -> &[u8] {
        &self.members
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

fn check(text: &[u8]) -> Result<(), JsonError> {
    let value: &RawValue = serde_json::from_slice(text).map_err(JsonError::invalid)?;
    if value.get().starts_with('{') {
        Ok(())
    } else {
        Err(JsonError::NOT_AN_OBJECT)
    }
}

fn members(text: &Bytes) -> Bytes {
    let object = text.trim_ascii();
    let members = object
        .strip_prefix(b"{")
        .and_then(|rest| rest.strip_suffix(b"}"))
        .unwrap_or(object);
    text.slice_ref(members.trim_ascii())
}

/// A text or a value that isn't one JSON object. It doesn't show the text.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct JsonError {
    message: &'static str,
    source: Option<serde_json::Error>,
}

impl JsonError {
    const NOT_AN_OBJECT: Self = Self {
        message: "the JSON value is not an object",
        source: None,
    };

    fn invalid(source: serde_json::Error) -> Self {
        Self {
            message: "the value is not valid JSON",
            source: Some(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_what_stands_between_the_braces() {
        fn check(text: &'static str, members: &str) {
            let parsed = JsonObject::parse(text).unwrap();
            assert_eq!(parsed.members(), members.as_bytes());
            assert_eq!(parsed.is_empty(), members.is_empty());
            assert_eq!(JsonObject::trusted(text.into()), parsed);
        }
        check("{}", "");
        check(" {\n\t} \r\n", "");
        check(r#"{"a":1}"#, r#""a":1"#);
        check(" { \"a\" : {} , \"b\":[ ] } ", "\"a\" : {} , \"b\":[ ]");
        check(r#"{"n":1.50e+400,"n":-0}"#, r#""n":1.50e+400,"n":-0"#);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "{",
            "}",
            "[]",
            "1",
            "null",
            "\"{}\"",
            "{} {}",
            "{\"a\"}",
            "{a:1}",
            "\u{feff}{}",
        ] {
            assert!(JsonObject::parse(text).is_err(), "{text}");
        }
        assert!(JsonObject::parse(&b"{\"a\":\"\xff\"}"[..]).is_err());
        assert!(JsonObject::from_serialize(&[1]).is_err());
    }

    #[test]
    fn the_text_is_shared() {
        let text = Bytes::from_static(br#"{"a":1}"#);
        let object = JsonObject::parse(text.clone()).unwrap();
        assert!(std::ptr::eq(object.members().as_ptr(), text[1..].as_ptr()));
    }
}
