//! The kinds of logs that op-dd sends, by which it is known what a query may ask for.

use super::values;
use crate::search::{Field, Term};
use crate::{Attribute, Origin, Reserved};

/// Logs that op-dd sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logs {
    SignIns,
    LateSignIns,
    Usages,
    Audits,
    Heartbeats,
}

impl Logs {
    pub(super) const ALL: [Self; 5] = [
        Self::SignIns,
        Self::LateSignIns,
        Self::Usages,
        Self::Audits,
        Self::Heartbeats,
    ];

    /// Their `@evt.type`; heartbeats have none.
    pub(super) fn kind(self) -> Option<&'static str> {
        Some(match self {
            Self::SignIns => "1password-sign-in-attempts",
            Self::LateSignIns => "1password-sign-in-attempts-late",
            Self::Usages => "1password-item-usages",
            Self::Audits => "1password-audit-events",
            Self::Heartbeats => return None,
        })
    }

    pub(super) fn source(self) -> &'static str {
        match self {
            Self::Heartbeats => "op-dd",
            _ => "1password",
        }
    }

    /// The feed that they come from; heartbeats are about any.
    fn feed(self) -> Option<&'static str> {
        Some(match self {
            Self::SignIns | Self::LateSignIns => "signinattempts",
            Self::Usages => "itemusages",
            Self::Audits => "auditevents",
            Self::Heartbeats => return None,
        })
    }

    /// Whether one of them can have the attribute.
    pub(super) fn have(self, attribute: &Attribute) -> bool {
        match attribute.origin {
            Origin::Event(feeds) | Origin::OpDd(feeds) => match self.feed() {
                Some(feed) => feeds.contains(&feed),
                None => ["evt.name", "onepassword.account", "onepassword.feed"]
                    .contains(&attribute.path),
            },
            Origin::Heartbeat => self == Self::Heartbeats,
            Origin::Datadog => self != Self::Heartbeats,
            Origin::Signal => false,
        }
    }

    /// Whether a condition holds of all of them or of none, as far as what they are decides.
    pub(super) fn are(self, term: &Term) -> Option<bool> {
        match term.field() {
            Field::Reserved(Reserved::Source) => term.takes_in_any_case(self.source()),
            Field::Attribute(path) if path == "evt.type" => match self.kind() {
                // A pipeline may be asked for those that haven't got theirs yet.
                Some(kind) => term.takes(kind).filter(|_| term.is_text()),
                None => Some(false),
            },
            Field::Attribute(path) if path == "onepassword.feed" => term.takes(self.feed()?),
            Field::Attribute(path) if path == "evt.name" && self == Self::Heartbeats => {
                term.takes(values::HEARTBEAT)
            }
            _ => None,
        }
    }

    /// The same, if it is also counted that a condition on an attribute doesn't hold where there is none.
    pub(super) fn may_be(self, term: &Term) -> Option<bool> {
        self.are(term).or_else(|| match term.field() {
            Field::Attribute(path) => {
                Attribute::at(path).and_then(|attribute| (!self.have(attribute)).then_some(false))
            }
            _ => None,
        })
    }
}
