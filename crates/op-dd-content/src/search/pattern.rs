use super::lexer::Glyph;

/// A value to compare with, which may have wildcards.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    as_written: Shape,
    lower: Shape,
    /// In lower case.
    glyphs: Vec<Glyph>,
}

/// What is compared as a whole, by how much of it is fixed: most patterns are texts, or stars between texts.
#[derive(Clone, Debug)]
enum Shape {
    Exact(String),
    /// What stands before, between and after the stars.
    Parts(Vec<String>),
    Any(Vec<Glyph>),
}

impl Pattern {
    pub(super) fn new(glyphs: Vec<Glyph>) -> Self {
        let lower: Vec<Glyph> = glyphs
            .iter()
            .flat_map(|glyph| match glyph {
                Glyph::Char(character) => character.to_lowercase().map(Glyph::Char).collect(),
                wildcard => vec![*wildcard],
            })
            .collect();
        Self {
            as_written: Shape::of(glyphs),
            lower: Shape::of(lower.clone()),
            glyphs: lower,
        }
    }

    /// The text, if there is no wildcard in it.
    pub(super) fn exact(&self) -> Option<&str> {
        match &self.as_written {
            Shape::Exact(text) => Some(text),
            _ => None,
        }
    }

    /// The whole of a value, letter by letter.
    pub(super) fn is(&self, value: &str) -> bool {
        self.as_written.is(value)
    }

    /// The whole of a value, whatever the case of its letters.
    pub(super) fn is_in_any_case(&self, value: &str) -> bool {
        self.lower.is(value) || self.lower.is(&value.to_lowercase())
    }

    /// Whole words of a text, whatever the case of their letters.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let is_word = |at: usize| text.get(at).is_some_and(|c| c.is_alphanumeric());
        let is_edge = |at: usize| at == 0 || !is_word(at - 1) || !is_word(at);
        (0..=text.len()).filter(|at| is_edge(*at)).any(|begin| {
            prefixes(&self.glyphs, &text[begin..])
                .into_iter()
                .any(|length| length > 0 && is_edge(begin + length))
        })
    }
}

impl Shape {
    fn of(glyphs: Vec<Glyph>) -> Self {
        if glyphs.contains(&Glyph::AnyOne) {
            return Self::Any(glyphs);
        }
        let parts = glyphs.split(|glyph| *glyph == Glyph::Any);
        let mut parts: Vec<String> = parts
            .map(|part| part.iter().map(Glyph::plain).collect())
            .collect();
        match parts.pop() {
            Some(only) if parts.is_empty() => Self::Exact(only),
            last => {
                parts.extend(last);
                Self::Parts(parts)
            }
        }
    }

    fn is(&self, value: &str) -> bool {
        match self {
            Self::Exact(text) => text == value,
            Self::Parts(parts) => has_parts(parts, value),
            Self::Any(glyphs) => like(glyphs, value),
        }
    }
}

/// The first begins the value, the last ends it, the others come in their order between.
fn has_parts(parts: &[String], value: &str) -> bool {
    let [first, between @ .., last] = parts else {
        return false;
    };
    let Some(mut rest) = value
        .strip_prefix(first.as_str())
        .and_then(|rest| rest.strip_suffix(last.as_str()))
    else {
        return false;
    };
    between.iter().all(|part| match rest.find(part.as_str()) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// Whether the whole of the text is like the glyphs: greedy, going back to the last star only.
fn like(glyphs: &[Glyph], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut glyph, mut place) = (0, 0);
    let mut star = None;
    while place < text.len() {
        match glyphs.get(glyph) {
            Some(Glyph::Any) => {
                star = Some((glyph, place));
                glyph += 1;
                continue;
            }
            Some(Glyph::AnyOne) => {}
            Some(Glyph::Char(character)) if *character == text[place] => {}
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                (glyph, place) = (at + 1, from + 1);
                continue;
            }
        }
        glyph += 1;
        place += 1;
    }
    glyphs[glyph..].iter().all(|glyph| *glyph == Glyph::Any)
}

/// The lengths of the beginnings of a text that are like the glyphs.
fn prefixes(glyphs: &[Glyph], text: &[char]) -> Vec<usize> {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for glyph in glyphs {
        let mut next = vec![false; text.len() + 1];
        for place in 0..=text.len() {
            let after = reached[place];
            match glyph {
                Glyph::Any => next[place] = after || place > 0 && next[place - 1],
                Glyph::AnyOne if after && place < text.len() => next[place + 1] = true,
                Glyph::Char(c) if after && text.get(place) == Some(c) => next[place + 1] = true,
                _ => {}
            }
        }
        reached = next;
    }
    (0..=text.len()).filter(|place| reached[*place]).collect()
}
