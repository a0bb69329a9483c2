#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// What is sent.
mod entry;
mod json_string;
mod object;
mod status;
mod tags;

pub use entry::LogEntry;
pub use object::{JsonError, JsonObject};
pub use status::Status;
pub use tags::{Tags, TagsError};

// Where it is sent, and as whom.
mod api_key;
mod site;

pub use api_key::{ApiKey, ApiKeyError};
pub use site::{Site, SiteError};

// What is said about it: pure, without I/O.
mod answer;
pub mod batch;
mod compression;
mod delivery;
mod error;
mod intake;
mod receipt;
mod retry;

pub use answer::Answer;
pub use compression::{Compression, CompressionError};
pub use delivery::{Batch, Delivery};
pub use error::{SendError, SendErrorKind};
pub use intake::Intake;
pub use receipt::{Receipt, RefusalReason, Refused};
pub use retry::Retry;

// Who sends it.
mod sink;

pub use sink::LogSink;

#[cfg(feature = "archive")]
mod archive;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod transport;

#[cfg(feature = "archive")]
pub use archive::Archive;
#[cfg(feature = "client")]
pub use client::{BuildError, Client, ClientBuilder};
#[cfg(feature = "reqwest")]
pub use transport::{ReqwestTransport, ReqwestTransportBuilder};
#[cfg(feature = "client")]
pub use transport::{Transport, TransportError, TransportErrorKind};
