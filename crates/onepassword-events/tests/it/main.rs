//! What a user sees of the crate, in one binary.

#![expect(
    clippy::unwrap_used,
    reason = "clippy lets tests unwrap, but not what they share"
)]

mod properties;
mod recorded;
mod typed;

#[cfg(feature = "client")]
mod errors;
#[cfg(feature = "client")]
mod pacing;
#[cfg(feature = "client")]
mod request;
#[cfg(feature = "client")]
mod reserve;
#[cfg(feature = "client")]
mod retry;
#[cfg(feature = "client")]
mod server;
#[cfg(feature = "client")]
mod stream;
#[cfg(feature = "client")]
mod token;

#[cfg(feature = "reqwest")]
mod http;
#[cfg(all(
    feature = "reqwest",
    any(feature = "rustls", feature = "rustls-no-provider")
))]
mod proxy;
