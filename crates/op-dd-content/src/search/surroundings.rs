//! What a query says about the logs beside each of its conditions.

use super::query::{Condition, Node, Query, Term};

/// A condition, and what has to hold beside it for the query to hold through it.
pub(crate) struct Surrounded<'q> {
    pub(crate) term: &'q Term,
    /// Whether it is there to leave logs out.
    pub(crate) is_negated: bool,
    beside: Vec<&'q Node>,
}

impl Query {
    /// Every condition with its surroundings, in the order in which they are written.
    pub(crate) fn surrounded(&self) -> Vec<Surrounded<'_>> {
        let mut all = Vec::new();
        self.node.surround(&[], false, &mut all);
        all
    }

    /// Whether a log can be asked for of which `known` says what it knows of each condition.
    pub(crate) fn may_hold(&self, known: &dyn Fn(&Term) -> Option<bool>) -> bool {
        self.node.holds(known) != Some(false)
    }
}

impl Surrounded<'_> {
    /// Whether a log can be asked for through this condition.
    pub(crate) fn may_hold(&self, known: &dyn Fn(&Term) -> Option<bool>) -> bool {
        let mut beside = self.beside.iter();
        beside.all(|node| node.holds(known) != Some(false))
    }
}

impl Term {
    /// Whether it is a text or a pattern that values are compared with.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.value, Condition::Like(_))
    }

    /// Whether a value is one that it asks for, letter by letter; nothing, if it isn't a text.
    pub(crate) fn takes(&self, value: &str) -> Option<bool> {
        match &self.value {
            Condition::Exists => Some(true),
            Condition::Like(pattern) => Some(pattern.is(value)),
            Condition::Range { .. } | Condition::Networks(_) => None,
        }
    }

    /// The same, whatever the case of letters, as tags and sources are compared.
    pub(crate) fn takes_in_any_case(&self, value: &str) -> Option<bool> {
        match &self.value {
            Condition::Like(pattern) => Some(pattern.is_in_any_case(value)),
            _ => self.takes(value),
        }
    }

    /// The ends of a range, of those that it has.
    pub(crate) fn bounds(&self) -> Vec<&str> {
        match &self.value {
            Condition::Range { from, to } => {
                let bounds = [from, to].into_iter();
                bounds.filter_map(|bound| bound.value.as_deref()).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Node {
    /// Whether it holds of a log; nothing, if what isn't known decides.
    fn holds(&self, known: &dyn Fn(&Term) -> Option<bool>) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::Term(term) => known(term),
            Self::Not(inner) => inner.holds(known).map(|holds| !holds),
            Self::And(nodes) => all(nodes.iter().map(|node| node.holds(known))),
            Self::Or(nodes) => {
                let none = nodes
                    .iter()
                    .map(|node| node.holds(known).map(|holds| !holds));
                all(none).map(|none| !none)
            }
        }
    }

    fn surround<'q>(&'q self, beside: &[&'q Self], is_negated: bool, to: &mut Vec<Surrounded<'q>>) {
        match self {
            Self::All => {}
            Self::Term(term) => to.push(Surrounded {
                term,
                is_negated,
                beside: beside.to_vec(),
            }),
            Self::Not(inner) => inner.surround(beside, !is_negated, to),
            Self::And(nodes) if !is_negated => {
                for (at, node) in nodes.iter().enumerate() {
                    let others = nodes.iter().enumerate().filter(|(other, _)| *other != at);
                    let others = others.map(|(_, node)| node);
                    let beside: Vec<&Self> = beside.iter().copied().chain(others).collect();
                    node.surround(&beside, is_negated, to);
                }
            }
            Self::And(nodes) | Self::Or(nodes) => {
                for node in nodes {
                    node.surround(beside, is_negated, to);
                }
            }
        }
    }
}

/// Whether all are so; nothing, if that isn't known of one and the others are.
fn all(mut parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    parts
        .try_fold(Some(true), |so_far, part| match part {
            Some(false) => Err(()),
            None => Ok(None),
            Some(true) => Ok(so_far),
        })
        .unwrap_or(Some(false))
}
