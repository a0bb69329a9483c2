#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod checkpoint;
mod dead_letter;
mod late;
mod mapper;
mod mapping;
mod name;
mod privacy;
mod store;
mod stream;
mod success;

#[cfg(feature = "client")]
mod bridge;

pub use account::{Account, AccountError};
pub use checkpoint::{Checkpoint, PageDigest, Place};
pub use dead_letter::{DeadLetter, DeadLetters};
pub use late::{Lateness, WINDOW_AHEAD, WINDOW_BEHIND};
pub use mapper::{Context, Mapped, Mapper};
pub use mapping::DefaultMapper;
pub use name::{Name, NameError};
pub use privacy::{HashKey, HashKeyError, Privacy, PrivacyError, PrivateMapper};
#[cfg(feature = "client")]
pub use store::{
    Amendment, DeadLetterFile, FileStore, Holder, KeptCheckpoint, Note, StateFolder, StreamState,
};
pub use store::{CursorStore, MemoryStore, StoreError, StoreErrorKind};
pub use stream::{StreamId, StreamIdError};
pub use success::Success;

#[cfg(feature = "client")]
pub use bridge::{
    Bridge, BridgeBuilder, BridgeError, Drained, Gate, Outcome, Pause, Progress, Scope, StepError,
    StepReport,
};
