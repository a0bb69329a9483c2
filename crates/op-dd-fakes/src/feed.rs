use std::fmt;

/// One of the three event streams of the Events API.
///
/// Its [name](Feed::name) is at once the last part of the endpoint's path, the feature that a token must have, and the
/// folder of recorded pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    /// Sign-in attempts, successful or not.
    SignInAttempts,
    /// Uses of items in shared vaults. The only feed whose events arrive late: an app reports when it next syncs.
    ItemUsages,
    /// What administrators and members changed.
    AuditEvents,
}

impl Feed {
    /// All three.
    pub const ALL: [Self; 3] = [Self::SignInAttempts, Self::ItemUsages, Self::AuditEvents];

    /// The name on the wire: `signinattempts`, `itemusages` or `auditevents`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignInAttempts => "signinattempts",
            Self::ItemUsages => "itemusages",
            Self::AuditEvents => "auditevents",
        }
    }

    /// The feed of that name on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feed| feed.name() == name)
    }

    /// The path of the endpoint, version 2: `/api/v2/signinattempts` and so on.
    pub const fn path(self) -> &'static str {
        match self {
            Self::SignInAttempts => "/api/v2/signinattempts",
            Self::ItemUsages => "/api/v2/itemusages",
            Self::AuditEvents => "/api/v2/auditevents",
        }
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
