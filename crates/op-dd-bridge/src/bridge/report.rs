use std::time::{Duration, SystemTime};

/// What one step did: one page of one stream, delivered and committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepReport {
    /// Events on the page.
    pub read: usize,
    /// Of those, the ones that the intake accepted, in this step or in an earlier try at it.
    pub sent: usize,
    /// Of those, the ones that are dead letters.
    pub refused: usize,
    /// Of those, the ones whose logs are not dated by their own time.
    pub late: usize,
    /// Keys of events that had to make way for the log's own.
    pub collisions: usize,
    /// Whether the server had more right then.
    pub more: bool,
    /// Whether the cursor moved.
    pub moved: bool,
    /// The id of the page's first event, if it has one of at most 200 bytes.
    pub first_uuid: Option<String>,
    /// The id of the page's last event, if it has one of at most 200 bytes.
    pub last_uuid: Option<String>,
    /// When the page's last event happened, by its own time.
    pub last_at: Option<SystemTime>,
    /// How old the page's last event was, by its own time, when it was accepted.
    pub lag: Option<Duration>,
    /// Bytes of JSON that went to the intake, before compression.
    pub bytes: usize,
    /// Bytes that went over the wire.
    pub bytes_sent: usize,
}
