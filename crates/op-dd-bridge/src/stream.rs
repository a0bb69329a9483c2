use std::fmt;
use std::str::FromStr;

use onepassword_events::Feed;
use serde::{Deserialize, Serialize};

use crate::Name;

/// One way that events take: from one feed of one account to one destination.
///
/// Each has a cursor of its own, so none waits for another: 1Password keeps 120 days, and every
/// stream reads them at its own pace.
///
/// It is written as `acme/auditevents/datadog`, in JSON, too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

/// The text is no [`StreamId`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no stream: write ACCOUNT/FEED/DESTINATION, such as acme/auditevents/datadog")]
pub struct StreamIdError(String);

impl FromStr for StreamId {
    type Err = StreamIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '/');
        let mut next = || parts.next().unwrap_or_default();
        let (account, feed, destination) = (next(), next(), next());
        match (account.parse(), feed.parse(), destination.parse()) {
            (Ok(account), Ok(feed), Ok(destination)) => Ok(Self {
                account,
                feed,
                destination,
            }),
            _ => Err(StreamIdError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for StreamId {
    type Error = StreamIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<StreamId> for String {
    fn from(stream: StreamId) -> Self {
        stream.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_as_it_is_written() {
        let stream: StreamId = "acme/itemusages/archive".parse().unwrap();
        assert_eq!(stream.feed, Feed::ItemUsages);
        assert_eq!(stream.to_string(), "acme/itemusages/archive");
        for bad in [
            "",
            "acme",
            "acme/itemusages",
            "acme/everything/datadog",
            "acme/itemusages/datadog/",
            "../itemusages/datadog",
        ] {
            assert!(bad.parse::<StreamId>().is_err(), "{bad}");
        }
    }
}
