use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind};

/// One of the three streams of events that the Events API offers.
///
/// The API has no stream of "all events": each feed has its own endpoint, its own cursor and its own
/// feature on the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Feed {
    /// Who tried to sign in, from where, and how it ended.
    SignInAttempts,
    /// Who used which item of a shared vault, and how.
    ItemUsages,
    /// What members of the account changed.
    AuditEvents,
}

impl Feed {
    /// All feeds, in the order in which 1Password documents them.
    pub const ALL: [Self; 3] = [Self::SignInAttempts, Self::ItemUsages, Self::AuditEvents];

    /// The feed's name on the wire: the last part of its endpoint's path and the token's feature.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignInAttempts => "signinattempts",
            Self::ItemUsages => "itemusages",
            Self::AuditEvents => "auditevents",
        }
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Feed {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|feed| feed.as_str() == text)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Config,
                    format!(
                        "unknown feed `{text}`: write signinattempts, itemusages or auditevents"
                    ),
                )
            })
    }
}
