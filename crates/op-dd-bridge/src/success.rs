use std::time::{Duration, SystemTime};

/// When a stream was last well, which a quiet one is without a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Success {
    /// When a step of it last went well.
    pub at: SystemTime,
    /// How old the last event was when it was accepted, by its own time: how far the stream was behind.
    /// It is as it was noted last, which may be half a minute before a commit that counts for `at`.
    pub lag: Option<Duration>,
}
