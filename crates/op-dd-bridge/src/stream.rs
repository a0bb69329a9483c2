use std::fmt;

use onepassword_events::Feed;

use crate::Name;

/// One way that events take: from one feed of one account to one destination.
///
/// Each has a cursor of its own, so none waits for another: 1Password keeps 120 days, and every
/// stream reads them at its own pace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// The account that the events are of.
    pub account: Name,
    /// The feed that they come from.
    pub feed: Feed,
    /// Where they go.
    pub destination: Name,
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            account,
            feed,
            destination,
        } = self;
        write!(f, "{account}/{feed}/{destination}")
    }
}
