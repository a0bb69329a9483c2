//! How a condition is written.

use crate::search::{Field, Term};

/// The value of a condition, as it stands in the query.
#[derive(Clone, Copy)]
pub(super) struct Written<'q> {
    /// Where it begins, in bytes, with its quotation mark if it has one.
    pub(super) at: usize,
    /// What stands there, without quotation marks; escapes are left.
    pub(super) text: &'q str,
    pub(super) is_quoted: bool,
    /// Whether its field stands right before it: in `@a:(x OR y)` it doesn't.
    pub(super) has_field: bool,
}

impl<'q> Written<'q> {
    pub(super) fn of(term: &Term, query: &'q str) -> Self {
        let rest = query.get(term.at()..).unwrap_or_default();
        let key = match term.field() {
            Field::Text => None,
            _ => unescaped(rest, |c| ":()\"".contains(c) || c.is_whitespace())
                .filter(|end| rest[*end..].starts_with(':')),
        };
        let at = term.at() + key.map_or(0, |end| end + 1);
        let value = query.get(at..).unwrap_or_default();
        let (text, is_quoted) = match value.strip_prefix('"') {
            Some(quoted) => (
                &quoted[..unescaped(quoted, |c| c == '"').unwrap_or(quoted.len())],
                true,
            ),
            None => (
                &value[..unescaped(value, |c| "()\"".contains(c) || c.is_whitespace())
                    .unwrap_or(value.len())],
                false,
            ),
        };
        Self {
            at,
            text,
            is_quoted,
            has_field: key.is_some(),
        }
    }

    /// Where it ends, in bytes.
    pub(super) fn end(&self) -> usize {
        self.at + self.text.len() + if self.is_quoted { 2 } else { 0 }
    }

    /// Whether it can't be judged, since something is put in its place or it has wildcards.
    pub(super) fn is_open(&self) -> bool {
        self.text.contains('$') || !self.is_quoted && self.text.contains(['*', '?'])
    }
}

/// Where the first such character is that no backslash stands before.
fn unescaped(text: &str, is_it: impl Fn(char) -> bool) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let found = !is_escaped && is_it(character);
        is_escaped = !is_escaped && character == '\\';
        found.then_some(at)
    })
}
