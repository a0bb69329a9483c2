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
        let text = text.chars().flat_map(char::to_lowercase);
        match &self.lower {
            Shape::Exact(words) => has_words(words, &text.collect::<String>()),
            Shape::Parts(_) | Shape::Any(_) => has_words_like(&self.glyphs, text),
        }
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

/// Whether words are somewhere in a text, as a whole.
fn has_words(words: &str, text: &str) -> bool {
    let is_edge = |at: usize| {
        let (before, after) = text.split_at(at);
        is_edge(before.chars().next_back(), after.chars().next())
    };
    let Some(first) = words.chars().next() else {
        return false;
    };
    let mut from = 0;
    while let Some(at) = text[from..].find(words) {
        let begin = from + at;
        if is_edge(begin) && is_edge(begin + words.len()) {
            return true;
        }
        from = begin + first.len_utf8();
    }
    false
}

/// Whether something like the glyphs is somewhere in a text, as whole words: from all places where it may
/// begin at the same time.
fn has_words_like(glyphs: &[Glyph], text: impl Iterator<Item = char>) -> bool {
    // Whether what ends here may be like so many of the glyphs.
    let mut reached = vec![false; glyphs.len() + 1];
    let mut last = None;
    for character in text.map(Some).chain([None]) {
        let is_edge = is_edge(last, character);
        reached[0] = is_edge;
        for (place, glyph) in glyphs.iter().enumerate() {
            reached[place + 1] |= reached[place] && *glyph == Glyph::Any;
        }
        if is_edge && last.is_some() && reached[glyphs.len()] {
            return true;
        }
        // The last first: each goes by how the one before it was.
        for (place, glyph) in glyphs.iter().enumerate().rev() {
            reached[place + 1] = match glyph {
                Glyph::Any => reached[place + 1],
                Glyph::AnyOne => reached[place],
                Glyph::Char(wanted) => reached[place] && character == Some(*wanted),
            };
        }
        last = character;
    }
    false
}

/// Whether words begin or end between two characters.
fn is_edge(before: Option<char>, after: Option<char>) -> bool {
    let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    !is_word(before) || !is_word(after)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// The same, one place after the other.
    fn is_simply_in(glyphs: &[Glyph], text: &str) -> bool {
        let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let is_word = |at: usize| text.get(at).is_some_and(|c| c.is_alphanumeric());
        let is_edge = |at: usize| at == 0 || !is_word(at - 1) || !is_word(at);
        let edges: Vec<usize> = (0..=text.len()).filter(|at| is_edge(*at)).collect();
        edges.iter().any(|begin| {
            let mut ends = edges.iter().filter(|end| begin < end);
            ends.any(|end| like(glyphs, &text[*begin..*end].iter().collect::<String>()))
        })
    }

    const CHARACTERS: [char; 10] = ['a', 'a', 'A', 'b', ' ', '-', 'ß', 'İ', 'Σ', '1'];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn words_are_where_a_look_at_each_place_finds_them(
            glyphs in vec(prop_oneof![
                6 => select(CHARACTERS.to_vec()).prop_map(Glyph::Char),
                1 => Just(Glyph::AnyOne),
                1 => Just(Glyph::Any),
            ], 0..5),
            text in vec(select(CHARACTERS.to_vec()), 0..12),
        ) {
            let text: String = text.into_iter().collect();
            let pattern = Pattern::new(glyphs);
            prop_assert_eq!(pattern.is_in(&text), is_simply_in(&pattern.glyphs, &text));
        }
    }

    #[test]
    fn a_message_of_a_million_letters_is_no_trouble() {
        let text = "a-".repeat(500_000);
        for wanted in ["a-a-b", "a*b", "*a?b*"] {
            let glyphs = wanted.chars().map(|character| match character {
                '*' => Glyph::Any,
                '?' => Glyph::AnyOne,
                other => Glyph::Char(other),
            });
            let pattern = Pattern::new(glyphs.collect());
            assert!(!pattern.is_in(&text), "{wanted}");
            assert!(pattern.is_in(&format!("{text}a-b")), "{wanted}");
        }
    }
}
