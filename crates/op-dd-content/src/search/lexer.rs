use super::SearchError;

/// A piece of a query, and where it begins, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Open,
    Close,
    /// `-`, `!` or `NOT`.
    Not,
    And,
    Or,
    /// A field and its colon; what follows at once is its value.
    Key(String),
    /// A word: with the characters that are wildcards in it marked as such.
    Word(Vec<Glyph>),
    /// What stands between quotes: nothing in it has a meaning.
    Quoted(String),
    /// `>`, `>=`, `<` or `<=`, and what to compare with.
    Compare {
        greater: bool,
        inclusive: bool,
        with: String,
    },
    Range {
        from: String,
        from_inclusive: bool,
        to: String,
        to_inclusive: bool,
    },
    /// `CIDR(…)`: its arguments.
    Cidr(Vec<String>),
}

/// A character of a word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Glyph {
    Char(char),
    /// `?`
    AnyOne,
    /// `*`
    Any,
}

const MISPLACED_SIGN: &str = "a sign without a value: to exclude one, write the sign before the field, as in -@a:b; \
     if it begins the value, put it inside the quotation marks";

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SearchError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn next(&mut self) -> Result<Option<Token>, SearchError> {
        self.skip_spaces();
        let at = self.at;
        let Some(first) = self.peek() else {
            return Ok(None);
        };
        let kind = match first {
            '(' => self.single(Kind::Open),
            ')' => self.single(Kind::Close),
            '-' | '!' if !self.follows_key() => self.single(Kind::Not),
            '"' => Kind::Quoted(self.quoted()?),
            '[' | '{' => self.range()?,
            '>' | '<' => self.comparison()?,
            _ if self.rest().starts_with("CIDR(") => self.cidr()?,
            _ => self.word()?,
        };
        Ok(Some(Token { at, kind }))
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Whether a value stands here: it follows its key at once.
    fn follows_key(&self) -> bool {
        self.text[..self.at].ends_with(':')
    }

    fn skip(&mut self, character: char) {
        self.at += character.len_utf8();
    }

    fn skip_spaces(&mut self) {
        while let Some(space) = self.peek().filter(|c| c.is_whitespace()) {
            self.skip(space);
        }
    }

    fn single(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    fn quoted(&mut self) -> Result<String, SearchError> {
        let begin = self.at;
        self.at += 1;
        let mut content = String::new();
        while let Some(character) = self.peek() {
            self.skip(character);
            match character {
                '"' => return Ok(content),
                '\\' => {
                    let Some(escaped) = self.peek() else { break };
                    self.skip(escaped);
                    content.push(escaped);
                }
                other => content.push(other),
            }
        }
        Err(SearchError::new(begin, "a quotation mark isn't closed"))
    }

    /// A word, an operator that is a word, or a key up to its colon.
    fn word(&mut self) -> Result<Kind, SearchError> {
        let begin = self.at;
        // The colons in a value, and the sign that it may begin with, are its own.
        let of_key = self.follows_key();
        let mut glyphs = Vec::new();
        while let Some(character) = self.peek() {
            match character {
                ':' if !of_key && !glyphs.is_empty() => {
                    let key = glyphs.iter().map(Glyph::plain).collect();
                    self.at += 1;
                    if self.peek().is_none_or(|c| c.is_whitespace() || c == ')') {
                        return Err(SearchError::new(begin, "a field without a value"));
                    }
                    return Ok(Kind::Key(key));
                }
                '(' | ')' | '"' | '[' | ']' | '{' | '}' => break,
                space if space.is_whitespace() => break,
                '\\' => {
                    self.at += 1;
                    let escaped = self.peek().ok_or_else(|| {
                        SearchError::new(self.at - 1, "a backslash with nothing after it")
                    })?;
                    self.skip(escaped);
                    glyphs.push(Glyph::Char(escaped));
                    continue;
                }
                '*' => glyphs.push(Glyph::Any),
                '?' => glyphs.push(Glyph::AnyOne),
                other => glyphs.push(Glyph::Char(other)),
            }
            self.skip(character);
        }
        if glyphs.is_empty() {
            let stray = self.peek().unwrap_or_default();
            return Err(SearchError::new(begin, format!("a stray `{stray}`")));
        }
        Ok(match &self.text[begin..self.at] {
            word if of_key && is_only_signed(word) => {
                return Err(SearchError::new(begin, MISPLACED_SIGN));
            }
            "AND" | "&&" if !of_key => Kind::And,
            "OR" | "||" if !of_key => Kind::Or,
            "NOT" if !of_key => Kind::Not,
            _ => Kind::Word(glyphs),
        })
    }

    fn comparison(&mut self) -> Result<Kind, SearchError> {
        let begin = self.at;
        let greater = self.peek() == Some('>');
        self.at += 1;
        let inclusive = self.peek() == Some('=');
        self.at += usize::from(inclusive);
        let with = self.bound(|c| c.is_whitespace() || c == ')' || c == '(')?;
        if with.is_empty() {
            return Err(SearchError::new(
                begin,
                "a comparison with nothing after it",
            ));
        }
        Ok(Kind::Compare {
            greater,
            inclusive,
            with,
        })
    }

    fn range(&mut self) -> Result<Kind, SearchError> {
        let begin = self.at;
        let from_inclusive = self.peek() == Some('[');
        self.at += 1;
        self.skip_spaces();
        let is_end = |c: char| c.is_whitespace() || c == ']' || c == '}';
        let from = self.bound(is_end)?;
        self.skip_spaces();
        let keyword = self.bound(is_end)?;
        self.skip_spaces();
        let to = self.bound(is_end)?;
        self.skip_spaces();
        let end = self.peek();
        if from.is_empty() || keyword != "TO" || to.is_empty() || !matches!(end, Some(']' | '}')) {
            let problem = "not a range: write [FROM TO TO], such as [1 TO 5]";
            return Err(SearchError::new(
                begin,
                problem.replace("FROM TO TO", "a TO b"),
            ));
        }
        self.at += 1;
        Ok(Kind::Range {
            from,
            from_inclusive,
            to,
            to_inclusive: end == Some(']'),
        })
    }

    /// One end of a range, or what to compare with.
    fn bound(&mut self, is_end: impl Fn(char) -> bool) -> Result<String, SearchError> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let mut bound = String::new();
        while let Some(mut character) = self.peek().filter(|c| !is_end(*c)) {
            self.skip(character);
            if character == '\\'
                && let Some(escaped) = self.peek()
            {
                self.skip(escaped);
                character = escaped;
            }
            bound.push(character);
        }
        Ok(bound)
    }

    fn cidr(&mut self) -> Result<Kind, SearchError> {
        let begin = self.at;
        self.at += "CIDR(".len();
        let Some(end) = self.rest().find(')') else {
            return Err(SearchError::new(
                begin,
                "the parenthesis of CIDR isn't closed",
            ));
        };
        let arguments = self.rest()[..end]
            .split(',')
            .map(|argument| argument.trim().to_owned())
            .collect();
        self.at += end + 1;
        Ok(Kind::Cidr(arguments))
    }
}

impl Glyph {
    pub(super) fn plain(&self) -> char {
        match self {
            Self::Char(character) => *character,
            Self::AnyOne => '?',
            Self::Any => '*',
        }
    }
}

/// Whether signs stand before nothing, or before what isn't part of a word.
fn is_only_signed(word: &str) -> bool {
    let rest = word.trim_start_matches(['-', '!']);
    rest.len() < word.len() && (rest.is_empty() || rest.starts_with(['>', '<']))
}
