use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use datadog_logs::Tags;
use onepassword_events::{EventSource, Feed};

use crate::Name;
#[cfg(feature = "client")]
use crate::bridge::Gate;

/// A 1Password account to carry events of.
///
/// Its clones are the same account: if 1Password asks to be left alone, the streams of all of them wait.
#[derive(Clone)]
pub struct Account {
    pub(crate) name: Name,
    pub(crate) source: Arc<dyn EventSource>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) tags: Tags,
    pub(crate) feed_tags: BTreeMap<Feed, Tags>,
    pub(crate) window: Window,
    #[cfg(feature = "client")]
    pub(crate) gate: Gate,
}

/// The time that events are read of, by their own time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    pub(crate) start: Option<SystemTime>,
    pub(crate) end: Option<SystemTime>,
}

impl Account {
    /// An account, its name of your choice, and where its events come from. All feeds that the
    /// source allows are read.
    #[must_use]
    pub fn new(name: Name, source: Arc<dyn EventSource>) -> Self {
        Self {
            name,
            feeds: source.feeds(),
            source,
            tags: Tags::default(),
            feed_tags: BTreeMap::new(),
            window: Window::default(),
            #[cfg(feature = "client")]
            gate: Gate::default(),
        }
    }

    /// Reads these feeds and no others.
    ///
    /// # Errors
    ///
    /// [`AccountError`] if the source doesn't allow one of them.
    pub fn feeds(mut self, feeds: impl IntoIterator<Item = Feed>) -> Result<Self, AccountError> {
        let allowed = self.source.feeds();
        let mut chosen = Vec::new();
        for feed in feeds {
            if !allowed.contains(&feed) {
                return Err(AccountError {
                    account: self.name,
                    feed,
                    allowed,
                });
            }
            if !chosen.contains(&feed) {
                chosen.push(feed);
            }
        }
        self.feeds = chosen;
        Ok(self)
    }

    /// Sets these tags on the account's logs, besides those that the bridge sets.
    #[must_use]
    pub fn tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// Sets these tags on the logs of one feed, besides all others.
    #[must_use]
    pub fn feed_tags(mut self, feed: Feed, tags: Tags) -> Self {
        self.feed_tags.insert(feed, tags);
        self
    }

    /// Reads events from this time on, the first time. Later, the stored cursor says where to go on.
    ///
    /// Without it, the [bridge](crate::BridgeBuilder::first_start) says how far back.
    #[must_use]
    pub fn start(mut self, start: SystemTime) -> Self {
        self.window.start = Some(start);
        self
    }

    /// Reads only events from before this time. 1Password keeps it in the cursor: it holds from the first
    /// start on.
    #[must_use]
    pub fn end(mut self, end: SystemTime) -> Self {
        self.window.end = Some(end);
        self
    }

    /// Reads the account's events from here instead, such as from a client that leaves requests to others.
    /// The feeds stay.
    #[must_use]
    pub fn source(mut self, source: Arc<dyn EventSource>) -> Self {
        self.source = source;
        self
    }

    /// Waits at this gate: for accounts of different names that are one of 1Password's.
    #[cfg(feature = "client")]
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// The account's name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("name", &self.name)
            .field("host", &self.source.host())
            .field("feeds", &self.feeds)
            .field("tags", &self.tags)
            .field("feed_tags", &self.feed_tags)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// A feed was asked for that the account's token doesn't allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountError {
    account: Name,
    feed: Feed,
    allowed: Vec<Feed>,
}

impl AccountError {
    /// The feed that isn't allowed.
    #[must_use]
    pub fn feed(&self) -> Feed {
        self.feed
    }
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            account,
            feed,
            allowed,
        } = self;
        let allowed: Vec<_> = allowed.iter().map(|feed| feed.as_str()).collect();
        let allowed = if allowed.is_empty() {
            "no feed".to_owned()
        } else {
            allowed.join(", ")
        };
        write!(
            f,
            "account {account}: the token doesn't allow the feed {feed}, it allows {allowed}: \
             take the feed out, or issue a token that allows it"
        )
    }
}

impl std::error::Error for AccountError {}
