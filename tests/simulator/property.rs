use std::fmt;

/// What must hold whatever happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// Every event after the start was kept by the intake, or is a dead letter that it deserves to be,
    /// in its exact text; and a drain that says it is complete has left nothing.
    NothingLost,
    /// An event arrives twice only if an answer was lost or a crash fell between sending and commit, and
    /// no more events than were in flight then; a dead letter only while its page is not committed.
    DuplicatesBounded,
    /// At every commit, and in the file after every crash, all events before the cursor were kept or are
    /// dead letters.
    CursorNeverAhead,
    /// The events of a stream arrive for the first time in the order of their feed.
    OrderKept,
    /// No account gets over 600 requests in any minute or 30,000 in any hour, restarts and all.
    RateKept,
    /// While one stream or account is held, the others come to rest.
    NoStreamStarved,
    /// No token and no key in a log line, an error's text or a file, or at the other side's server.
    NoSecretLeaks,
    /// A log is JSON without a key twice, with the event's own members as they were, and the right tags.
    LogIsWellFormed,
    /// Once the faults have stopped, everything is carried in bounded time, without help.
    Recovers,
    /// No request that a server must never see; and none within a second of one that failed, for the
    /// same stream and by the same process.
    ProtocolKept,
}

impl Property {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NothingLost,
        Self::DuplicatesBounded,
        Self::CursorNeverAhead,
        Self::OrderKept,
        Self::RateKept,
        Self::NoStreamStarved,
        Self::NoSecretLeaks,
        Self::LogIsWellFormed,
        Self::Recovers,
        Self::ProtocolKept,
    ];
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NothingLost => "nothing-lost",
            Self::DuplicatesBounded => "duplicates-bounded",
            Self::CursorNeverAhead => "cursor-never-ahead",
            Self::OrderKept => "order-kept",
            Self::RateKept => "rate-kept",
            Self::NoStreamStarved => "no-stream-starved",
            Self::NoSecretLeaks => "no-secret-leaks",
            Self::LogIsWellFormed => "log-is-well-formed",
            Self::Recovers => "recovers",
            Self::ProtocolKept => "protocol-kept",
        })
    }
}

/// A property that did not hold.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which.
    pub property: Property,
    /// What happened instead.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.property, self.what)
    }
}
