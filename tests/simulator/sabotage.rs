use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use datadog_logs::{LogEntry, LogSink, Receipt, SendError, SendErrorKind};
use onepassword_events::{Error, EventSource, Feed, Page, Position, Reset, Timestamp};
use op_dd_bridge::{
    Context, DeadLetter, DeadLetters, DefaultMapper, Mapped, Mapper, StoreError, StreamId,
};

use super::property::Property;

/// A defect that is put in on purpose, to see that a property notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Whatever becomes of the logs, they count as accepted.
    CommitBefore202,
    /// An empty page has nothing behind it.
    StopOnEmptyPage,
    /// Reads on at the newest time that was seen instead of at the cursor.
    ResumeByTimestamp,
    /// What is answered with 403 counts as accepted.
    DropOn403,
    /// A refused log is sent again for ever.
    Retry400ForEver,
    /// Dead letters are not kept.
    LostDeadLetter,
    /// After a failure the same is sent at once, again and again.
    UnboundedRetryStorm,
    /// A log has a key twice.
    DuplicateJsonKey,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::CommitBefore202,
        Self::StopOnEmptyPage,
        Self::ResumeByTimestamp,
        Self::DropOn403,
        Self::Retry400ForEver,
        Self::LostDeadLetter,
        Self::UnboundedRetryStorm,
        Self::DuplicateJsonKey,
    ];

    /// The property that must notice.
    #[must_use]
    pub fn caught_by(self) -> Property {
        match self {
            Self::CommitBefore202 | Self::LostDeadLetter => Property::CursorNeverAhead,
            Self::StopOnEmptyPage | Self::ResumeByTimestamp | Self::DropOn403 => {
                Property::NothingLost
            }
            Self::Retry400ForEver => Property::Recovers,
            Self::UnboundedRetryStorm => Property::ProtocolKept,
            Self::DuplicateJsonKey => Property::LogIsWellFormed,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::CommitBefore202 => "commit-before-202",
            Self::StopOnEmptyPage => "stop-on-empty-page",
            Self::ResumeByTimestamp => "resume-by-timestamp",
            Self::DropOn403 => "drop-on-403",
            Self::Retry400ForEver => "retry-400-for-ever",
            Self::LostDeadLetter => "lost-dead-letter",
            Self::UnboundedRetryStorm => "unbounded-retry-storm",
            Self::DuplicateJsonKey => "duplicate-json-key",
        }
    }
}

impl fmt::Display for Sabotage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Sabotage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = Self::ALL.into_iter();
        all.find(|sabotage| sabotage.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("unknown sabotage `{text}`: write one of {names}")
        })
    }
}

/// A sink, broken if it is to be.
pub(crate) struct Sink {
    pub(crate) sink: Arc<dyn LogSink>,
    pub(crate) sabotage: Option<Sabotage>,
}

/// A source, broken if it is to be.
pub(crate) struct Source {
    pub(crate) source: Arc<dyn EventSource>,
    pub(crate) sabotage: Option<Sabotage>,
    pub(crate) newest: Mutex<HashMap<Feed, Timestamp>>,
}

/// A dead letter office, broken if it is to be.
pub(crate) struct Letters {
    pub(crate) letters: Arc<dyn DeadLetters>,
    pub(crate) sabotage: Option<Sabotage>,
}

/// The mapper, broken if it is to be.
pub(crate) struct Mapping {
    pub(crate) sabotage: Option<Sabotage>,
}

#[async_trait]
impl LogSink for Sink {
    async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, SendError> {
        let sent = self.sink.send(entries).await;
        match (self.sabotage, sent) {
            (Some(Sabotage::CommitBefore202), _) => Ok(Receipt::of(entries.len())),
            (Some(Sabotage::DropOn403), Err(error))
                if error.kind() == SendErrorKind::Unauthorized =>
            {
                Ok(Receipt::of(entries.len()))
            }
            (Some(Sabotage::Retry400ForEver), Ok(receipt)) if !receipt.refused.is_empty() => {
                let refused = |index: &usize| receipt.refused.iter().any(|r| r.index == *index);
                let accepted = (0..entries.len()).filter(|index| !refused(index));
                let error = SendError::new(SendErrorKind::Server).with_status(400);
                Err(error.with_accepted(accepted.collect()))
            }
            (Some(Sabotage::UnboundedRetryStorm), Err(mut error)) => {
                // Without an end a run would have none.
                for _ in 0..100 {
                    match self.sink.send(entries).await {
                        Ok(receipt) => return Ok(receipt),
                        Err(again) => error = again,
                    }
                }
                Err(error)
            }
            (_, sent) => sent,
        }
    }
}

#[async_trait]
impl EventSource for Source {
    async fn page(&self, feed: Feed, position: &Position) -> Result<Page, Error> {
        match self.sabotage {
            Some(Sabotage::StopOnEmptyPage) => {
                let page = self.source.page(feed, position).await?;
                if !page.events().is_empty() {
                    return Ok(page);
                }
                let time = page.server_time();
                Ok(Page::new(Vec::new(), page.cursor().clone(), false).given_at(time))
            }
            Some(Sabotage::ResumeByTimestamp) => {
                let newest = self.newest.lock().unwrap().get(&feed).cloned();
                let position = match (position, newest) {
                    (Position::After(_), Some(newest)) => Reset::new(newest).into(),
                    _ => position.clone(),
                };
                let page = self.source.page(feed, &position).await?;
                let times = page.events().iter().filter_map(|event| {
                    let event: serde_json::Value = serde_json::from_str(event.json()).ok()?;
                    event["timestamp"].as_str()?.parse::<Timestamp>().ok()
                });
                let mut known = self.newest.lock().unwrap();
                for time in times {
                    let newer = |known: &Timestamp| known.to_system_time() < time.to_system_time();
                    if known.get(&feed).is_none_or(newer) {
                        known.insert(feed, time);
                    }
                }
                Ok(page)
            }
            _ => self.source.page(feed, position).await,
        }
    }

    fn feeds(&self) -> Vec<Feed> {
        self.source.feeds()
    }

    fn host(&self) -> &str {
        self.source.host()
    }
}

#[async_trait]
impl DeadLetters for Letters {
    async fn keep(&self, stream: &StreamId, letters: &[DeadLetter]) -> Result<(), StoreError> {
        if self.sabotage == Some(Sabotage::LostDeadLetter) {
            return Ok(());
        }
        self.letters.keep(stream, letters).await
    }
}

impl Mapper for Mapping {
    fn map(&self, event: &onepassword_events::Event, context: &Context) -> Mapped {
        let mut mapped = DefaultMapper::new().map(event, context);
        if self.sabotage == Some(Sabotage::DuplicateJsonKey)
            && let Ok(entry) = mapped.entry.clone().attribute("service", &"1password")
        {
            mapped.entry = entry;
        }
        mapped
    }
}
