//! The query of a log monitor: `logs("…").index("*").rollup("count").by("account").last("5m") > 0`.

use crate::place::written;

/// The call in a monitor's query that the rest hangs on, `logs("…")` or `formula("…")`, or one after it.
pub(super) struct Call<'a> {
    /// Bytes from the query's start.
    pub(super) at: usize,
    pub(super) name: &'a str,
    pub(super) arguments: Vec<Argument>,
}

/// A text in quotes.
pub(super) struct Argument {
    /// Where it begins after its quotation mark, in bytes from the query's start.
    at: usize,
    /// As it is written, up to the quotation mark at its end.
    written: String,
}

/// What a monitor's query is: calls, and when it alerts.
pub(super) struct Expression<'a> {
    pub(super) calls: Vec<Call<'a>>,
    pub(super) comparison: &'a str,
    pub(super) limit: f64,
    pub(super) limit_at: usize,
}

/// Where something is wrong, in bytes, and what.
type Wrong = (usize, String);

impl<'a> Expression<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Wrong> {
        let mut parser = Parser { text, at: 0 };
        let mut calls = vec![parser.call()?];
        while parser.take('.') {
            calls.push(parser.call()?);
        }
        parser.skip_spaces();
        let comparison = parser.word(|c| "<>=!".contains(c));
        if ![">", ">=", "<", "<=", "==", "!="].contains(&comparison) {
            return Err((
                parser.at,
                "a comparison is missing here, such as > 0".to_owned(),
            ));
        }
        parser.skip_spaces();
        let limit_at = parser.at;
        let limit = parser.word(|c| !c.is_whitespace());
        let limit = limit
            .parse()
            .map_err(|_| (limit_at, "a number is missing here".to_owned()))?;
        Ok(Self {
            calls,
            comparison,
            limit,
            limit_at,
        })
    }
}

impl Argument {
    /// Without its escapes.
    pub(super) fn read(&self) -> String {
        let text = format!("\"{}\"", self.written);
        serde_json::from_str(&text).unwrap_or_else(|_| self.written.clone())
    }

    /// Where a byte of what is read is, in bytes from the query's start.
    pub(super) fn place_of(&self, at: usize) -> usize {
        self.at + written(&self.written, at)
    }

    /// The parts between commas, each with its place.
    pub(super) fn split(&self) -> Vec<(usize, &str)> {
        let mut at = self.at;
        let mut parts = Vec::new();
        for part in self.written.split(',') {
            parts.push((at + part.len() - part.trim_start().len(), part.trim()));
            at += part.len() + 1;
        }
        parts
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn call(&mut self) -> Result<Call<'a>, Wrong> {
        self.skip_spaces();
        let at = self.at;
        let name = self.word(|c| c.is_alphanumeric() || c == '_');
        if name.is_empty() || !self.take('(') {
            return Err((
                at,
                "a call is missing here, such as logs(\"…\") or last(\"5m\")".to_owned(),
            ));
        }
        let mut arguments = Vec::new();
        loop {
            self.skip_spaces();
            arguments.push(self.argument()?);
            self.skip_spaces();
            if !self.take(',') {
                break;
            }
        }
        match self.take(')') {
            true => Ok(Call {
                at,
                name,
                arguments,
            }),
            false => Err((at, format!("the parenthesis of {name} isn't closed"))),
        }
    }

    fn argument(&mut self) -> Result<Argument, Wrong> {
        let begin = self.at;
        if !self.take('"') {
            return Err((
                begin,
                "a text in quotation marks is missing here".to_owned(),
            ));
        }
        let at = self.at;
        loop {
            self.word(|c| c != '"' && c != '\\');
            if self.take('"') {
                let written = self.text[at..self.at - 1].to_owned();
                return Ok(Argument { at, written });
            }
            if !self.take('\\') {
                return Err((begin, "a quotation mark isn't closed".to_owned()));
            }
            self.at += self.rest().chars().next().map_or(0, char::len_utf8);
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        self.word(char::is_whitespace);
    }

    fn word(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn take(&mut self, character: char) -> bool {
        let there = self.rest().starts_with(character);
        self.at += if there { character.len_utf8() } else { 0 };
        there
    }
}
