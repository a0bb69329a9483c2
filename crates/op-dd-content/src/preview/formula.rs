use std::fmt;
use std::iter::Peekable;
use std::str::CharIndices;

/// More than in any formula that a person writes, and no danger to the stack.
const MOST: usize = 500;

/// Arithmetic over the queries of a request: `query1 / (query1 + query2) * 100`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    Number(f64),
    /// What the query of this name gives.
    Query(String),
    Negative(Box<Self>),
    Two(Box<Self>, Operator, Box<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Over,
}

/// A formula that isn't understood here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FormulaError(String);

impl Formula {
    pub(super) fn parse(text: &str) -> Result<Self, FormulaError> {
        let mut parser = Parser {
            text,
            rest: text.char_indices().peekable(),
            left: MOST,
        };
        let formula = parser.sum()?;
        match parser.next() {
            None => Ok(formula),
            Some((at, _)) => Err(parser.wrong(at)),
        }
    }

    /// The names of the queries in it, in the order in which they are written.
    pub(super) fn queries(&self) -> Vec<&str> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Query(name) => vec![name],
            Self::Negative(inner) => inner.queries(),
            Self::Two(left, _, right) => [left.queries(), right.queries()].concat(),
        }
    }

    /// Its value; none where a query has none, or where it divides by zero.
    pub(super) fn value(&self, of: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        Some(match self {
            Self::Number(number) => *number,
            Self::Query(name) => of(name)?,
            Self::Negative(inner) => -inner.value(of)?,
            Self::Two(left, operator, right) => {
                let (left, right) = (left.value(of)?, right.value(of)?);
                match operator {
                    Operator::Plus => left + right,
                    Operator::Minus => left - right,
                    Operator::Times => left * right,
                    Operator::Over if right == 0.0 => return None,
                    Operator::Over => left / right,
                }
            }
        })
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    /// How many more terms, signs and parentheses there may be.
    left: usize,
}

impl Parser<'_> {
    fn sum(&mut self) -> Result<Formula, FormulaError> {
        let mut left = self.product()?;
        while let Some(operator) = self.operator(&[('+', Operator::Plus), ('-', Operator::Minus)]) {
            left = Formula::Two(Box::new(left), operator, Box::new(self.product()?));
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Formula, FormulaError> {
        let mut left = self.factor()?;
        while let Some(operator) = self.operator(&[('*', Operator::Times), ('/', Operator::Over)]) {
            left = Formula::Two(Box::new(left), operator, Box::new(self.factor()?));
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Formula, FormulaError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            FormulaError(format!(
                "a formula has more than {MOST} terms, signs and parentheses"
            ))
        })?;
        match self.next() {
            Some((_, '-')) => Ok(Formula::Negative(Box::new(self.factor()?))),
            Some((_, '(')) => {
                let inner = self.sum()?;
                match self.next() {
                    Some((_, ')')) => Ok(inner),
                    Some((at, _)) => Err(self.wrong(at)),
                    None => Err(self.wrong(self.text.len())),
                }
            }
            Some((at, first)) if first.is_ascii_digit() => {
                let end = self.run(at, |c| c.is_ascii_digit() || c == '.');
                let number = self.text[at..end].parse();
                number.map(Formula::Number).map_err(|_| self.wrong(at))
            }
            Some((at, first)) if first.is_alphabetic() || first == '_' => {
                let end = self.run(at, |c| c.is_alphanumeric() || c == '_');
                match self.peek() {
                    Some((_, '(')) => Err(self.wrong(at)),
                    _ => Ok(Formula::Query(self.text[at..end].to_owned())),
                }
            }
            Some((at, _)) => Err(self.wrong(at)),
            None => Err(self.wrong(self.text.len())),
        }
    }

    fn operator(&mut self, of: &[(char, Operator)]) -> Option<Operator> {
        let (_, next) = self.peek()?;
        let (_, operator) = of.iter().find(|(sign, _)| *sign == next)?;
        self.next();
        Some(*operator)
    }

    /// Goes on while the characters are such, and says where it ended.
    fn run(&mut self, begin: usize, is: impl Fn(char) -> bool) -> usize {
        let rest = &self.text[begin..];
        let end = begin + rest.find(|c| !is(c)).unwrap_or(rest.len());
        while self.rest.next_if(|(at, _)| *at < end).is_some() {}
        end
    }

    fn peek(&mut self) -> Option<(usize, char)> {
        while self.rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        self.rest.peek().copied()
    }

    fn next(&mut self) -> Option<(usize, char)> {
        self.peek()?;
        self.rest.next()
    }

    fn wrong(&self, at: usize) -> FormulaError {
        let (before, rest) = self.text.split_at(at);
        let rest = if rest.is_empty() { "its end" } else { rest };
        FormulaError(format!(
            "the formula `{}` isn't understood from {rest:?} on, after {before:?}: only + - * / and parentheses are",
            self.text
        ))
    }
}

impl fmt::Display for FormulaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<f64> {
        let formula = Formula::parse(text).unwrap();
        formula.value(&|name| match name {
            "query1" => Some(30.0),
            "query2" => Some(120.0),
            "zero" => Some(0.0),
            _ => None,
        })
    }

    #[test]
    fn arithmetic_is_done_in_the_usual_order() {
        for (text, expected) in [
            ("query1", 30.0),
            ("query1 + query2", 150.0),
            ("query1 / query2 * 100", 25.0),
            ("query1/(query1+query2)*100", 20.0),
            ("2 * -query1 - 4 / 8", -60.5),
            ("100 - query1 - 20", 50.0),
            ("query2 / query1 / 2", 2.0),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_has_no_value_stays_without() {
        assert_eq!(value("query1 / zero"), None);
        assert_eq!(value("query1 + absent"), None);
        assert_eq!(value("zero / query1"), Some(0.0));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (text, from) in [
            ("", "its end"),
            ("query1 +", "its end"),
            ("(query1", "its end"),
            ("query1 query2", "query2"),
            ("1.2.3", "1.2.3"),
            ("query1 + top(query1, 5, 'mean', 'desc')", "top("),
            ("query1 & query2", "& query2"),
            ("ü + (", "its end"),
        ] {
            let error = Formula::parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("from \"{from}")), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_longer_than_anybody_writes_is_refused() {
        for text in [
            "(".repeat(100_000),
            "-".repeat(100_000),
            "1+".repeat(100_000) + "1",
        ] {
            let error = Formula::parse(&text).unwrap_err().to_string();
            assert!(error.ends_with("more than 500 terms, signs and parentheses"));
        }
    }

    #[test]
    fn queries_are_named_in_order() {
        let formula = Formula::parse("-b / (a + 1) * b").unwrap();
        assert_eq!(formula.queries(), ["b", "a", "b"]);
    }
}
