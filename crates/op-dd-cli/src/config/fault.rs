use std::collections::HashSet;
use std::fmt::Display;
use std::ops::Range;
use std::path::Path;

use toml::de::DeValue;

use super::excerpt::excerpt;
use super::secret;
use super::value::Node;

/// More than that nobody reads.
const MOST: usize = 100;

/// What is wrong with a file, all of it.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    /// None, if something is missing from the file as a whole.
    place: Option<Range<usize>>,
    text: String,
    /// Whether something isn't there, which may be no more than a consequence.
    missing: bool,
}

impl Faults {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Those that lie in a value, however deep.
    pub(super) fn within(&self, node: &Node<'_>) -> Self {
        let holds_it = |fault: &&Fault| {
            let place = fault.place.as_ref();
            place.is_some_and(|place| holds(node, place))
        };
        Self(self.0.iter().filter(holds_it).cloned().collect())
    }

    /// Notes what is wrong at a place; secrets are left out.
    pub(super) fn note(&mut self, place: Range<usize>, text: impl AsRef<str>) {
        self.add(Some(place), text.as_ref(), false);
    }

    /// Notes what isn't there, at what it ought to be in.
    pub(super) fn note_missing(
        &mut self,
        place: impl Into<Option<Range<usize>>>,
        text: impl AsRef<str>,
    ) {
        self.add(place.into(), text.as_ref(), true);
    }

    pub(super) fn wrong_type(&mut self, node: &Node<'_>, wanted: &str) {
        let found = match node.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.note(node.span(), format!("write {wanted}, not {found}"));
    }

    /// The value, or nothing, and the fault is noted.
    pub(super) fn unless_good<T>(
        &mut self,
        place: Range<usize>,
        value: Result<T, impl Display>,
    ) -> Option<T> {
        value
            .map_err(|fault| self.note(place, fault.to_string()))
            .ok()
    }

    /// Adds errors of syntax. What can't be read isn't known, so nothing is said to be missing then,
    /// nor anything else of their lines.
    pub(super) fn with_syntax(&mut self, text: &str, errors: &[toml::de::Error]) {
        if errors.is_empty() {
            return;
        }
        let spans: Vec<_> = errors
            .iter()
            .map(|error| error.span().unwrap_or_default())
            .collect();
        let spoilt: Vec<_> = spans.iter().map(|span| line(text, span.start)).collect();
        self.0.retain(|fault| {
            let at = fault.place.as_ref().map(|place| line(text, place.start));
            !fault.missing && at.is_none_or(|at| !spoilt.contains(&at))
        });
        // The first of a line tells; the parser stumbles over the rest of it for the same reason.
        let mut told = HashSet::new();
        for ((error, span), line) in errors.iter().zip(spans).zip(spoilt) {
            if told.insert(line) {
                self.note(span, error.message());
            }
        }
    }

    /// A line for each, in their order in the file: `FILE:LINE:COLUMN: what is wrong and what to do`,
    /// with the place itself below if `shown`.
    pub(crate) fn lines(&mut self, file: &Path, text: &str, shown: bool) -> Vec<String> {
        let file = file.display();
        let start = |fault: &Fault| fault.place.as_ref().map_or(usize::MAX, |place| place.start);
        self.0.sort_by_key(start);
        self.0.dedup();
        let lines = self.0.iter().take(MOST).map(|fault| {
            let Fault {
                place, text: what, ..
            } = fault;
            let Some(place) = place else {
                return format!("{file}: {what}");
            };
            let (line, column) = position(text, place.start);
            let mut said = format!("{file}:{line}:{column}: {what}");
            if shown && let Some(excerpt) = excerpt(text, line, place.clone()) {
                said.push('\n');
                said.push_str(&excerpt);
            }
            said
        });
        let mut lines: Vec<_> = lines.collect();
        if let Some(more @ 1..) = self.0.len().checked_sub(MOST) {
            lines.push(format!("{file}: and {more} faults more"));
        }
        lines
    }

    fn add(&mut self, place: Option<Range<usize>>, text: &str, missing: bool) {
        let text = secret::left_out_of(text).replace(['\n', '\r'], " ");
        self.0.push(Fault {
            place,
            text,
            missing,
        });
    }
}

/// A table's own place may be no more than its header, so each thing in it is looked at.
fn holds(node: &Node<'_>, place: &Range<usize>) -> bool {
    let is_deeper = match node.get_ref() {
        DeValue::Array(items) => items.iter().any(|item| holds(item, place)),
        DeValue::Table(table) => table
            .iter()
            .any(|(key, value)| key.span() == *place || holds(value, place)),
        _ => false,
    };
    is_deeper || node.span() == *place
}

fn line(text: &str, offset: usize) -> usize {
    position(text, offset).0
}

/// Line and column of a place in a text, counted from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}
