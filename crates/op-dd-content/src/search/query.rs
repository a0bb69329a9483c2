use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::pattern::Pattern;
use super::{SearchError, parser};
use crate::{Log, Reserved};

/// A query that has been understood.
#[derive(Clone, Debug)]
pub struct Query {
    text: String,
    pub(super) node: Node,
}

/// One condition of a query on one field.
#[derive(Clone, Debug)]
pub struct Term {
    at: usize,
    field: Field,
    pub(super) value: Condition,
}

/// What a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// Free text: the message.
    Text,
    /// `*:text`: the message and every attribute.
    Anywhere,
    /// `@path`: an attribute.
    Attribute(String),
    /// `source`, `service`, `host`, `status`, `message`.
    Reserved(Reserved),
    /// Any other `key:value`: a tag.
    Tag(String),
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    All,
    Term(Term),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

#[derive(Clone, Debug)]
pub(super) enum Condition {
    Exists,
    Like(Pattern),
    Range { from: Bound, to: Bound },
    Networks(Vec<Network>),
}

/// One end of a range; none is without end.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) value: Option<String>,
    pub(super) inclusive: bool,
}

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    pub(super) address: IpAddr,
    pub(super) length: u8,
}

impl Query {
    /// Understands a query; so does [`FromStr`].
    ///
    /// # Errors
    ///
    /// If it isn't one.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        Ok(Self {
            text: text.to_owned(),
            node: parser::parse(text)?,
        })
    }

    /// The query as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the log is one of those that are asked for.
    #[must_use]
    pub fn matches(&self, log: &Log) -> bool {
        self.node.matches(log)
    }

    /// Every condition in it, in the order in which they are written.
    #[must_use]
    pub fn terms(&self) -> Vec<&Term> {
        let mut terms = Vec::new();
        self.node.gather(&mut terms);
        terms
    }
}

impl FromStr for Query {
    type Err = SearchError;

    fn from_str(text: &str) -> Result<Self, SearchError> {
        Self::parse(text)
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Term {
    pub(super) fn new(at: usize, field: Field, value: Condition) -> Self {
        Self { at, field, value }
    }

    /// Where it stands, in bytes from the query's start.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// What it looks at.
    #[must_use]
    pub fn field(&self) -> &Field {
        &self.field
    }
}

impl Node {
    fn gather<'a>(&'a self, terms: &mut Vec<&'a Term>) {
        match self {
            Self::All => {}
            Self::Term(term) => terms.push(term),
            Self::Not(inner) => inner.gather(terms),
            Self::And(nodes) | Self::Or(nodes) => {
                nodes.iter().for_each(|node| node.gather(terms));
            }
        }
    }
}
