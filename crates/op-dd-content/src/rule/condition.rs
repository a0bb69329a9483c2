//! The condition of a case: `failed > 5 THEN succeeded > 0`.

use crate::cursor::Cursor;

/// More than in any condition that a person writes, and no danger to the stack.
const MOST: usize = 500;

/// What has to hold of the logs in the window.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// Of all of them.
    Whole(Limits),
    /// The first of what came before some moment, the second of what came after it.
    Then(Limits, Limits),
}

/// What has to hold of the queries, which are numbered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Limits {
    /// A query's figure is over a limit, or also at it.
    Over {
        query: usize,
        limit: f64,
        inclusive: bool,
    },
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// Where something is wrong, in bytes, and what.
type Wrong = (usize, String);

impl Condition {
    pub(super) fn parse(text: &str, queries: &[&str]) -> Result<Self, Wrong> {
        let mut parser = Parser {
            text: Cursor::new(text),
            queries,
            left: MOST,
        };
        let condition = parser.then()?;
        parser.text.skip_spaces();
        match parser.text.rest() {
            "" => Ok(condition),
            rest => Err((
                parser.text.at(),
                format!("`{rest}` isn't part of a condition"),
            )),
        }
    }

    /// Whether another holds whenever this one does. What is counted never becomes less.
    pub(super) fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole(limits), Self::Whole(others)) => limits.implies(others),
            (Self::Then(first, second), Self::Then(earlier, later)) => {
                first.implies(earlier) && second.implies(later)
            }
            // What holds of a part holds of all.
            (Self::Then(first, second), Self::Whole(others)) => {
                let both = Limits::And(Box::new(first.clone()), Box::new(second.clone()));
                both.implies(others)
            }
            (Self::Whole(_), Self::Then(..)) => false,
        }
    }
}

impl Limits {
    fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Or(one, two), _) => one.implies(other) && two.implies(other),
            (_, Self::And(one, two)) => self.implies(one) && self.implies(two),
            (_, Self::Or(one, two)) => self.implies(one) || self.implies(two),
            (Self::And(one, two), _) => one.implies(other) || two.implies(other),
            (
                Self::Over {
                    query,
                    limit,
                    inclusive,
                },
                Self::Over {
                    query: of,
                    limit: lower,
                    inclusive: is_reached,
                },
            ) => query == of && (limit > lower || limit >= lower && (*is_reached || !inclusive)),
        }
    }

    /// Whether they are passed by what the queries amount to.
    pub(super) fn hold(&self, figure: &impl Fn(usize) -> f64) -> bool {
        match self {
            Self::Over {
                query,
                limit,
                inclusive,
            } => {
                let figure = figure(*query);
                figure > *limit || *inclusive && figure >= *limit
            }
            Self::And(one, other) => one.hold(figure) && other.hold(figure),
            Self::Or(one, other) => one.hold(figure) || other.hold(figure),
        }
    }
}

struct Parser<'a> {
    text: Cursor<'a>,
    queries: &'a [&'a str],
    /// How many more terms and parentheses there may be.
    left: usize,
}

impl Parser<'_> {
    fn then(&mut self) -> Result<Condition, Wrong> {
        let first = self.or()?;
        if !self.take("THEN") {
            return Ok(Condition::Whole(first));
        }
        let second = self.or()?;
        if self.take("THEN") {
            return Err((self.text.at() - 4, "only one THEN is understood".to_owned()));
        }
        Ok(Condition::Then(first, second))
    }

    fn or(&mut self) -> Result<Limits, Wrong> {
        let mut limits = self.and()?;
        while self.take("||") {
            limits = Limits::Or(Box::new(limits), Box::new(self.and()?));
        }
        Ok(limits)
    }

    fn and(&mut self) -> Result<Limits, Wrong> {
        let mut limits = self.one()?;
        while self.take("&&") {
            limits = Limits::And(Box::new(limits), Box::new(self.one()?));
        }
        Ok(limits)
    }

    fn one(&mut self) -> Result<Limits, Wrong> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            let problem = format!("more than {MOST} terms and parentheses");
            (self.text.at(), problem)
        })?;
        if self.take("(") {
            let open = self.text.at() - 1;
            let limits = self.or()?;
            return match self.take(")") {
                true => Ok(limits),
                false => Err((open, "a parenthesis isn't closed".to_owned())),
            };
        }
        self.text.skip_spaces();
        let at = self.text.at();
        let name = self.text.word(|c| c.is_alphanumeric() || c == '_');
        if name.is_empty() {
            return Err((at, "the name of a query is missing here".to_owned()));
        }
        let query = self.queries.iter().position(|query| *query == name);
        let Some(query) = query else {
            let known = self.queries.join(", ");
            return Err((
                at,
                format!("no query is called `{name}`; there are: {known}"),
            ));
        };
        let inclusive = self.take(">=");
        if !inclusive && !self.take(">") {
            let mut others = ["==", "!=", "<"].into_iter();
            let problem = match others.any(|other| self.text.rest().starts_with(other)) {
                true => "a condition knows only > and >=",
                false => "`>` or `>=` is missing here",
            };
            return Err((self.text.at(), problem.to_owned()));
        }
        self.text.skip_spaces();
        let at = self.text.at();
        let limit = self.text.word(|c| c.is_ascii_digit() || c == '.');
        let limit = limit
            .parse()
            .map_err(|_| (at, "a number is missing here".to_owned()))?;
        Ok(Limits::Over {
            query,
            limit,
            inclusive,
        })
    }

    /// Reads this, if it is next but for spaces.
    fn take(&mut self, token: &str) -> bool {
        self.text.skip_spaces();
        self.text.take(token)
    }
}

#[cfg(test)]
mod tests {
    use super::Condition;

    #[test]
    fn what_is_longer_than_anybody_writes_is_refused() {
        for text in ["(".repeat(100_000), "a > 0 || ".repeat(100_000) + "a > 0"] {
            let (_, problem) = Condition::parse(&text, &["a"]).unwrap_err();
            assert_eq!(problem, "more than 500 terms and parentheses");
        }
    }

    #[test]
    fn a_condition_implies_what_holds_whenever_it_does() {
        let parsed = |text| Condition::parse(text, &["a", "b"]).unwrap();
        for (one, other, implies) in [
            ("a > 5", "a > 5", true),
            ("a > 10", "a > 5", true),
            ("a > 5", "a > 10", false),
            ("a > 5", "a >= 5", true),
            ("a >= 5", "a > 5", false),
            ("a >= 6", "a > 5", true),
            ("a > 10", "b > 5", false),
            ("a > 10 && b > 0", "a > 5", true),
            ("a > 10", "a > 5 && b > 0", false),
            ("a > 10 || b > 0", "a > 5", false),
            ("a > 10", "a > 5 || b > 0", true),
            ("a > 10 THEN b > 0", "a > 5", true),
            ("a > 10 THEN b > 1", "a > 5 THEN b > 0", true),
            ("a > 10", "a > 5 THEN b > 0", false),
        ] {
            assert_eq!(
                parsed(one).implies(&parsed(other)),
                implies,
                "{one} => {other}"
            );
        }
    }
}
