//! The query of a log monitor: `logs("…").index("*").rollup("count").by("account").last("5m") > 0`.

use crate::cursor::Cursor;
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
        let mut text = Cursor::new(text);
        let mut calls = vec![Call::parse(&mut text)?];
        while text.take(".") {
            calls.push(Call::parse(&mut text)?);
        }
        text.skip_spaces();
        let comparison = text.word(|c| "<>=!".contains(c));
        if ![">", ">=", "<", "<=", "==", "!="].contains(&comparison) {
            let problem = "a comparison is missing here, such as > 0";
            return Err((text.at(), problem.to_owned()));
        }
        text.skip_spaces();
        let limit_at = text.at();
        let limit = text.word(|c| !c.is_whitespace());
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

impl<'a> Call<'a> {
    fn parse(text: &mut Cursor<'a>) -> Result<Self, Wrong> {
        text.skip_spaces();
        let at = text.at();
        let name = text.word(|c| c.is_alphanumeric() || c == '_');
        if name.is_empty() || !text.take("(") {
            let problem = "a call is missing here, such as logs(\"…\") or last(\"5m\")";
            return Err((at, problem.to_owned()));
        }
        let mut arguments = Vec::new();
        loop {
            text.skip_spaces();
            arguments.push(Argument::parse(text)?);
            text.skip_spaces();
            if !text.take(",") {
                break;
            }
        }
        match text.take(")") {
            true => Ok(Self {
                at,
                name,
                arguments,
            }),
            false => Err((at, format!("the parenthesis of {name} isn't closed"))),
        }
    }
}

impl Argument {
    fn parse(text: &mut Cursor<'_>) -> Result<Self, Wrong> {
        let begin = text.at();
        if !text.take("\"") {
            let problem = "a text in quotation marks is missing here";
            return Err((begin, problem.to_owned()));
        }
        let (at, rest) = (text.at(), text.rest());
        loop {
            text.word(|c| c != '"' && c != '\\');
            let written = &rest[..text.at() - at];
            if text.take("\"") {
                let written = written.to_owned();
                return Ok(Self { at, written });
            }
            if !text.take("\\") {
                return Err((begin, "a quotation mark isn't closed".to_owned()));
            }
            text.take_any();
        }
    }

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
