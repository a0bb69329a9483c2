//! Where something is in a file: JSON pointers become lines and columns.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A place in a text, for people: both begin at 1, and columns are characters.
///
/// It prints as editors and compilers write it, `14:22`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character of that line.
    pub column: usize,
}

/// Where the value begins that a JSON pointer names. Nowhere, if the text isn't JSON or hasn't got it.
pub(crate) fn place(text: &str, pointer: &str) -> Option<Place> {
    let (value, _) = find(text, pointer)?;
    Some(Place::of(text, offset(text, value)))
}

/// Where the name of the member begins that a JSON pointer names; an item of a list has none, so where the
/// item does.
pub(crate) fn place_of_name(text: &str, pointer: &str) -> Option<Place> {
    let (value, name) = find(text, pointer)?;
    // The quotation mark stands before it.
    let at = name.map_or_else(|| offset(text, value), |name| offset(text, name) - 1);
    Some(Place::of(text, at))
}

/// Where byte `at` is of the text that a JSON pointer names, as it reads without its escapes. If there is no
/// text, where the value begins.
pub(crate) fn place_within(text: &str, pointer: &str, at: usize) -> Option<Place> {
    let (value, _) = find(text, pointer)?;
    let within = value
        .strip_prefix('"')
        .map_or(0, |rest| 1 + written(rest, at));
    Some(Place::of(text, offset(text, value) + within))
}

impl Place {
    /// The place of a byte.
    pub(crate) fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[begin..].chars().count() + 1,
        }
    }

    /// Where reading a text as JSON came to its end.
    pub(crate) fn of_error(text: &str, error: &serde_json::Error) -> Self {
        Self::of_column(text, error.line(), error.column())
    }

    /// The place of a line's byte, as `serde_json` counts them: a column of 0 is the end of the line before.
    pub(crate) fn of_column(text: &str, line: usize, column: usize) -> Self {
        let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
        let begin: usize = lines.map(str::len).sum();
        let end = (begin + column.saturating_sub(1)).min(text.len());
        let boundary = (0..=end).rev().find(|at| text.is_char_boundary(*at));
        Self::of(text, boundary.unwrap_or_default())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The text of a value, and of the name of the member that it is. Both are slices of `text`.
fn find<'a>(text: &'a str, pointer: &str) -> Option<(&'a str, Option<&'a str>)> {
    let mut value = serde_json::from_str::<&RawValue>(text).ok()?.get();
    let mut name = None;
    for token in pointer.split('/').skip(1) {
        if value.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(value).ok()?;
            value = items.get(token.parse::<usize>().ok()?)?.get();
            name = None;
        } else {
            let token = token.replace("~1", "/").replace("~0", "~");
            let members: BTreeMap<Name<'_>, &RawValue> = serde_json::from_str(value).ok()?;
            let mut members = members.into_iter();
            let (found, raw) = members.find(|(name, _)| name.0 == token)?;
            value = raw.get();
            name = match found.0 {
                Cow::Borrowed(name) => Some(name),
                Cow::Owned(_) => None,
            };
        }
    }
    Some((value, name))
}

/// Where a slice of a text begins in it.
fn offset(text: &str, slice: &str) -> usize {
    slice.as_ptr().addr() - text.as_ptr().addr()
}

/// How many bytes of a JSON string stand for the first `at` of what it reads as.
pub(crate) fn written(string: &str, at: usize) -> usize {
    let mut read = 0;
    let mut rest = string;
    while read < at && !rest.starts_with('"') {
        let (width, length) = match rest.as_bytes() {
            [b'\\', b'u', ..] => escaped(rest),
            [b'\\', _, ..] => (2, 1),
            _ => {
                let width = rest.chars().next().map_or(1, char::len_utf8);
                (width, width)
            }
        };
        let Some(next) = rest.get(width..) else { break };
        rest = next;
        read += length;
    }
    string.len() - rest.len()
}

/// How long an escape such as `\u00e9` is, and the character that it is; two make one beyond the first plane.
fn escaped(rest: &str) -> (usize, usize) {
    let unit = rest
        .get(2..6)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match unit {
        Some(0xD800..=0xDBFF) => (12, 4),
        Some(unit) => (6, char::from_u32(unit).map_or(1, char::len_utf8)),
        None => (2, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, place, place_of_name, place_within};

    const FILE: &str = r#"{
  "name": "é",
  "a/b": [1, {"é": "x", "query": "\"a\" \u00e9\ud83d\ude00\té oops"}]
}
"#;

    fn at(line: usize, column: usize) -> Option<Place> {
        Some(Place { line, column })
    }

    #[test]
    fn a_pointer_is_a_line_and_a_column() {
        assert_eq!(place(FILE, ""), at(1, 1));
        assert_eq!(place(FILE, "/name"), at(2, 11));
        assert_eq!(place(FILE, "/a~1b/1"), at(3, 14));
        assert_eq!(place(FILE, "/a~1b/1/query"), at(3, 34));
    }

    #[test]
    fn a_name_has_a_place_of_its_own() {
        assert_eq!(place_of_name(FILE, "/a~1b/1/query"), at(3, 25));
        assert_eq!(place_of_name(FILE, "/a~1b/0"), at(3, 11));
    }

    #[test]
    fn escapes_count_as_what_they_stand_for() {
        let read = "\"a\" é😀\té oops";
        let oops = read.find("oops").unwrap();
        assert_eq!(place_within(FILE, "/a~1b/1/query", 0), at(3, 35));
        assert_eq!(place_within(FILE, "/a~1b/1/query", oops), at(3, 63));
        assert_eq!(place_within(FILE, "/name", 99), at(2, 13));
        assert_eq!(place_within(FILE, "/a~1b/0", 5), at(3, 11));
    }

    #[test]
    fn what_is_not_there_has_no_place() {
        assert_eq!(place(FILE, "/names"), None);
        assert_eq!(place(FILE, "/a~1b/2"), None);
        assert_eq!(place("{", ""), None);
    }

    #[test]
    fn where_json_ends_is_a_character() {
        let text = "{\n  \"é\": \"é\" x}";
        let error = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
        assert_eq!(
            Place::of_error(text, &error),
            Place {
                line: 2,
                column: 12
            }
        );
    }
}
