use std::cmp::Ordering;
use std::net::IpAddr;

use serde_json::Value;

use super::query::{Bound, Condition, Field, Network, Node, Term};
use crate::log::plain;
use crate::{Log, Reserved};

impl Node {
    pub(super) fn matches(&self, log: &Log) -> bool {
        match self {
            Self::All => true,
            Self::Term(term) => term.matches(log),
            Self::Not(inner) => !inner.matches(log),
            Self::And(nodes) => nodes.iter().all(|node| node.matches(log)),
            Self::Or(nodes) => nodes.iter().any(|node| node.matches(log)),
        }
    }
}

impl Term {
    fn matches(&self, log: &Log) -> bool {
        let message = log.reserved(Reserved::Message);
        match (self.field(), &self.value) {
            (Field::Text | Field::Anywhere, Condition::Exists) => true,
            (Field::Text, value) => message.is_some_and(|message| value.is_in(message)),
            (Field::Anywhere, value) => {
                message.is_some_and(|message| value.is_in(message))
                    || log
                        .attributes()
                        .values()
                        .any(|found| value.is_within(found))
            }
            (Field::Attribute(path), Condition::Exists) => log.has(path),
            (Field::Attribute(path), value) => log.any(path, |found| value.is(found)),
            (Field::Reserved(Reserved::Message), value) => {
                message.is_some_and(|message| value.is_in(message))
            }
            (Field::Reserved(key), value) => {
                log.reserved(*key).is_some_and(|found| value.is_text(found))
            }
            // Tags that are no pair are asked for as `tags:name`.
            (Field::Tag(key), value) => log.tags().any(|tag| match tag.split_once(':') {
                Some((name, found)) => name == key && value.is_text(found),
                None => key == "tags" && value.is_text(tag),
            }),
        }
    }
}

impl Condition {
    /// Of free text: whole words of it.
    fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Exists => true,
            Self::Like(pattern) => pattern.is_in(text),
            Self::Range { .. } | Self::Networks(_) => false,
        }
    }

    /// Of an attribute, and of all that is in it.
    fn is_within(&self, value: &Value) -> bool {
        match value {
            Value::Object(object) => object.values().any(|value| self.is_within(value)),
            Value::Array(items) => items.iter().any(|value| self.is_within(value)),
            Value::Null => false,
            leaf => self.is_in(&plain(leaf)),
        }
    }

    /// Of an attribute: the whole of its value, letter by letter.
    fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Like(pattern), Value::String(text)) => pattern.is(text),
            (Self::Like(pattern), Value::Number(number)) => {
                pattern.is(&number.to_string())
                    || pattern.exact().is_some_and(|exact| {
                        exact.parse().ok() == number.as_f64() && number.as_f64().is_some()
                    })
            }
            (Self::Like(pattern), other) => pattern.is(&plain(other)),
            _ => self.is_text(&plain(value)),
        }
    }

    /// Of a tag or a reserved attribute: the case of its letters doesn't matter.
    fn is_text(&self, text: &str) -> bool {
        match self {
            Self::Exists => true,
            Self::Like(pattern) => pattern.is_in_any_case(text),
            Self::Range { from, to } => from.is_below(text) && to.is_above(text),
            Self::Networks(networks) => text
                .parse()
                .is_ok_and(|address| networks.iter().any(|network| network.has(address))),
        }
    }
}

impl Bound {
    fn is_below(&self, text: &str) -> bool {
        self.holds(text, Ordering::Greater)
    }

    fn is_above(&self, text: &str) -> bool {
        self.holds(text, Ordering::Less)
    }

    /// Numbers are compared as numbers, anything else as text.
    fn holds(&self, text: &str, wanted: Ordering) -> bool {
        let Some(bound) = &self.value else {
            return true;
        };
        let order = match (text.parse::<f64>(), bound.parse::<f64>()) {
            (Ok(number), Ok(bound)) => number.partial_cmp(&bound),
            (Err(_), Ok(_)) => None,
            _ => Some(text.cmp(bound)),
        };
        order.is_some_and(|order| order == wanted || self.inclusive && order == Ordering::Equal)
    }
}

impl Network {
    fn has(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let differ = bits(self.address) ^ bits(address);
        self.address.is_ipv4() == address.is_ipv4()
            && differ.leading_zeros() >= u32::from(self.length)
    }
}
