use std::time::SystemTime;

/// What became of entries that were sent: all of them were either accepted or are named as refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// How many entries the intake has accepted.
    pub accepted: usize,
    /// The entries that the intake will never take as they are, in the order of their indices.
    pub refused: Vec<Refused>,
    /// How many requests were made.
    pub requests: usize,
    /// How many bytes those requests carried before compression.
    pub bytes: usize,
    /// How many bytes of body went over the wire.
    pub bytes_sent: usize,
    /// What the intake's clock said when it last accepted something, to the second.
    pub server_time: Option<SystemTime>,
}

impl Receipt {
    /// So many entries were accepted and none was refused: for sinks of one's own.
    #[must_use]
    pub fn of(accepted: usize) -> Self {
        Self {
            accepted,
            ..Self::default()
        }
    }
}

/// An entry that can't be delivered. It was neither sent in part nor dropped silently: it is the
/// caller's to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// Where it stands in the slice that was to be sent.
    pub index: usize,
    /// Why it was refused.
    pub reason: RefusalReason,
}

impl Refused {
    /// For sinks of one's own.
    #[must_use]
    pub const fn new(index: usize, reason: RefusalReason) -> Self {
        Self { index, reason }
    }
}

/// Why an entry was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalReason {
    /// Over a million bytes as JSON, or answered with 413 when sent alone.
    TooLarge {
        /// Its size as JSON.
        bytes: usize,
    },
    /// Refused by the intake when sent alone, although others may be accepted.
    Rejected {
        /// The HTTP status of the refusal: 400.
        status: u16,
    },
}
