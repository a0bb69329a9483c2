//! Input that nobody should send.
//!
//! [`oracle`] says what holds of any bytes, for fuzz targets and property tests alike; [`Case`]s are
//! what a server that means ill, or is ill, may answer over a real socket, and what memory that takes.

mod answer;
mod case;
mod events;
mod intake;
mod memory;
pub mod oracle;
mod server;
mod wire;

pub use case::{Case, Finding};
