use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{schema, secret};

/// The longest line that is shown, in bytes.
const LONGEST: usize = 200;

/// A line of the file with the place in it underlined. What may be a secret is shown as dots.
pub(super) fn excerpt(text: &str, number: usize, place: Range<usize>) -> Option<String> {
    let line = text.split('\n').nth(number - 1)?.trim_end_matches('\r');
    let begin = text.get(..place.start)?.rfind('\n').map_or(0, |at| at + 1);
    let shown = masked(line);
    if line.trim().is_empty() || shown.len() > LONGEST {
        return None;
    }
    // Dots are longer than what they stand for.
    let at = |offset: usize| {
        let characters = line.get(..offset.min(line.len()))?.chars().count();
        let place = shown.char_indices().nth(characters);
        Some(place.map_or(shown.len(), |(at, _)| at))
    };
    let span = at(place.start - begin)?..at(place.end.max(place.start + 1) - begin)?;
    let snippet = Snippet::source(shown.as_str())
        .line_start(number)
        .annotation(AnnotationKind::Primary.span(span));
    let group = Group::with_level(Level::ERROR).element(snippet);
    Some(Renderer::plain().render(&[group]))
}

/// The line, with a dot for each character of what may be a secret: of any value but those of keys
/// that are known to hold none.
fn masked(line: &str) -> String {
    let trimmed = line.trim();
    if trimmed.starts_with('[') && trimmed.ends_with(']') && !trimmed.contains(['"', '\'', '=']) {
        return dotted(line);
    }
    let Some((key, value)) = line.split_once('=') else {
        return dots(line);
    };
    let name = key.trim();
    let harmless = !value.contains(['=', '@']) && schema::is_open(name);
    let key = dotted(key);
    if harmless || secret::is_reference(value) {
        format!("{key}={}", dotted(value))
    } else {
        format!("{key}={}", dots(value))
    }
}

/// With dots in the place of what looks like a secret, wherever it stands.
fn dotted(text: &str) -> String {
    secret::secrets_in(text).fold(text.to_owned(), |text, secret| {
        text.replace(secret, &dots(secret))
    })
}

fn dots(text: &str) -> String {
    let dot = |c: char| if c.is_alphanumeric() { '•' } else { c };
    text.chars().map(dot).collect()
}
