use std::sync::Arc;
use std::time::SystemTime;

use datadog_logs::{LogEntry, Tags, TagsError};
use onepassword_events::{Event, Feed};

use crate::Name;

/// Turns an event into a log.
///
/// Pure: the same event in the same [`Context`] gives the same log. A closure is one, if its
/// arguments' types are written out.
///
/// Datadog drops a log that is dated over 18 hours back and says nothing. An event has its date at its
/// root, so a mapper that copies it there must look at its age, as
/// [`DefaultMapper`](crate::DefaultMapper) does: build on that, or ask [`Lateness`](crate::Lateness).
///
/// ```
/// use datadog_logs::LogEntry;
/// use onepassword_events::Event;
/// use op_dd_bridge::{Context, Mapper};
///
/// // Dated by the time of receipt, with just the id of what happened.
/// let mapper = |event: &Event, context: &Context| {
///     let id = event.uuid().unwrap_or_default();
///     LogEntry::new(format!("{} happened to {}", id, context.account()))
///         .source("1password")
///         .tags(context.tags().clone())
/// };
/// # fn check(_: impl Mapper) {}
/// # check(mapper);
/// ```
pub trait Mapper: Send + Sync {
    /// The log for an event, which is always a JSON object.
    fn map(&self, event: &Event, context: &Context) -> Mapped;
}

impl<F, M> Mapper for F
where
    F: Fn(&Event, &Context) -> M + Send + Sync,
    M: Into<Mapped>,
{
    fn map(&self, event: &Event, context: &Context) -> Mapped {
        self(event, context).into()
    }
}

/// A log, and what there is to say of how it came about.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Mapped {
    /// The log.
    pub entry: LogEntry,
    /// When the event happened, if the mapper found out.
    pub event_time: Option<SystemTime>,
    /// Whether the log is not dated by its event's time.
    pub late: bool,
    /// How many of the event's own keys had to make way for the log's.
    pub collisions: usize,
    /// Why the log isn't to be sent, if it isn't: the event becomes a dead letter.
    pub fault: Option<&'static str>,
}

impl From<LogEntry> for Mapped {
    fn from(entry: LogEntry) -> Self {
        Self {
            entry,
            event_time: None,
            late: false,
            collisions: 0,
            fault: None,
        }
    }
}

/// What a mapper knows besides the event.
#[derive(Clone, Debug)]
pub struct Context {
    account: Name,
    host: Arc<str>,
    tags: Tags,
    late_tags: Tags,
    now: SystemTime,
}

impl Context {
    /// The context of events that `account` got from `feed` at `host`, mapped at the time `now`;
    /// `tags` come after those that every log gets: `account:` and `feed:`.
    ///
    /// # Errors
    ///
    /// If that makes more tags than Datadog takes.
    pub fn new(
        account: Name,
        feed: Feed,
        host: impl Into<Arc<str>>,
        tags: &Tags,
        now: SystemTime,
    ) -> Result<Self, TagsError> {
        let own = Tags::new([format!("account:{account}"), format!("feed:{feed}")])?;
        let tags = own.join(tags)?;
        let late_tags = tags.with("late:true")?;
        Ok(Self {
            account,
            host: host.into(),
            tags,
            late_tags,
            now,
        })
    }

    /// The name of the account that the event is of.
    #[must_use]
    pub fn account(&self) -> &Name {
        &self.account
    }

    /// The host that the event came from.
    #[must_use]
    pub fn host(&self) -> &Arc<str> {
        &self.host
    }

    /// The tags for a log.
    #[must_use]
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The tags for a log that is not dated by its event's time.
    #[must_use]
    pub fn late_tags(&self) -> &Tags {
        &self.late_tags
    }

    /// The time, by the intake's clock as far as it is known.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.now
    }

    /// The same at another time.
    #[must_use]
    pub fn at(&self, now: SystemTime) -> Self {
        Self {
            now,
            ..self.clone()
        }
    }
}
