use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use op_dd_fakes::TokenClaims;

/// What is wrong with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Its token is to be in the environment, and isn't.
    NoVariable,
    /// Its token is to be in a file that isn't there.
    NoFile,
    /// Its token is none.
    Garbled,
    /// Its token allows no feed.
    NoFeature,
    /// It is to read a feed that its token doesn't allow.
    OtherFeed,
    /// Its token is another region's.
    OtherRegion,
    /// It is to have more tags than Datadog takes.
    Tags,
    /// Nobody listens at its address.
    Nobody,
    /// Its address has a name that nobody has.
    NoName,
    /// Its server is to speak TLS and doesn't.
    NoTls,
    /// The server has revoked its token: 401.
    Revoked,
    /// Its token expired a year ago: 401.
    Expired,
    /// The server forbids it everything: 403.
    Forbidden,
    /// The server sends it elsewhere.
    Redirected,
    /// The server fails: 500.
    Failing,
    /// The server wants to be left alone for a while, each time: 429.
    Limited,
    /// The server says nothing and keeps the connection.
    Silent,
    /// The server closes the connection without an answer.
    Cut,
    /// The server answers with another thing than a page.
    Garbage,
    /// The server gives pages without a cursor.
    NoCursor,
}

impl Broken {
    /// Each kind once.
    pub const ALL: [Self; 20] = [
        Self::NoVariable,
        Self::NoFile,
        Self::Garbled,
        Self::NoFeature,
        Self::OtherFeed,
        Self::OtherRegion,
        Self::Tags,
        Self::Nobody,
        Self::NoName,
        Self::NoTls,
        Self::Revoked,
        Self::Expired,
        Self::Forbidden,
        Self::Redirected,
        Self::Failing,
        Self::Limited,
        Self::Silent,
        Self::Cut,
        Self::Garbage,
        Self::NoCursor,
    ];

    /// What the account is called.
    #[must_use]
    pub fn name(self) -> String {
        format!("broken-{}", format!("{self:?}").to_lowercase())
    }

    /// The account as the configuration has it, and its token for the environment if there is one.
    pub(super) fn account(self, events: &str) -> (String, Option<String>) {
        let name = self.name();
        let variable = variable(&name);
        let claims = TokenClaims::default().account(name.to_uppercase());
        let (claims, token) = match self {
            Self::NoVariable => (claims, format!("env:{variable}")),
            Self::NoFile => (claims, "file:there-is-no-such-file".to_owned()),
            Self::NoFeature => (claims.features([""; 0]), format!("env:{variable}")),
            Self::OtherFeed => (claims.features(["itemusages"]), format!("env:{variable}")),
            Self::Expired => {
                let year = Duration::from_secs(365 * 86_400);
                let claims = claims.expires_at(SystemTime::now() - year);
                (claims, format!("env:{variable}"))
            }
            _ => (claims, format!("env:{variable}")),
        };
        let url = match self {
            // The discard service's port, which is nobody's on any machine of today.
            Self::Nobody => "http://127.0.0.1:9".to_owned(),
            Self::NoName => "https://events.op-dd.invalid".to_owned(),
            Self::NoTls => format!("https://{events}"),
            _ => format!("http://{events}/{name}"),
        };
        let mut account =
            format!("[[accounts]]\nname = \"{name}\"\ntoken = \"{token}\"\nurl = \"{url}\"\n");
        match self {
            Self::OtherFeed => account.push_str("feeds = [\"auditevents\"]\n"),
            Self::OtherRegion => account.push_str("region = \"eu\"\n"),
            Self::Tags => {
                let tags: Vec<_> = (0..200).map(|number| format!("tag:{number}")).collect();
                let _ = writeln!(account, "tags = {tags:?}");
            }
            _ => {}
        }
        let token = match self {
            Self::NoVariable | Self::NoFile => None,
            Self::Garbled => Some("this-is-no-token".to_owned()),
            _ => Some(claims.mint()),
        };
        (account, token)
    }
}

/// Where an account's token is in the environment.
pub(super) fn variable(account: &str) -> String {
    format!("TRIAL_{}", account.replace('-', "_").to_uppercase())
}
