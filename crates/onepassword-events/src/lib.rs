#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod endpoint;
mod error;
mod event;
mod feed;
pub mod model;
mod page;
mod position;
mod region;
mod retry;
mod source;
mod timestamp;
mod token;

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod introspection;
#[cfg(feature = "client")]
mod pacer;
#[cfg(feature = "client")]
mod transport;

pub use endpoint::Endpoint;
pub use error::{Error, ErrorKind};
pub use event::{Event, FeedEvent, Typed};
pub use feed::Feed;
pub use model::{AuditEvent, ItemUsage, SignInAttempt};
pub use page::Page;
pub use position::{Cursor, PageSize, Position, Reset};
pub use region::Region;
pub use retry::Retry;
pub use source::EventSource;
pub use timestamp::Timestamp;
pub use token::{AccessToken, Claims};

#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder, RetryPolicy};
#[cfg(feature = "client")]
pub use introspection::Introspection;
#[cfg(feature = "client")]
pub use pacer::Pacer;
#[cfg(feature = "reqwest")]
pub use transport::{ReqwestTransport, ReqwestTransportBuilder};
#[cfg(feature = "client")]
pub use transport::{Transport, TransportError, TransportErrorKind};
