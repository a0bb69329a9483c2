//! What a user sees of the crate, in one binary.

#![expect(
    clippy::unwrap_used,
    reason = "clippy lets tests unwrap, but not what they share"
)]

#[cfg(feature = "archive")]
mod archive;
#[cfg(feature = "object-store")]
mod bucket;
mod delivery;
mod http;
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
mod proxy;
mod secrecy;
mod send;
mod submit;
mod transport;

use datadog_logs::LogEntry;
use serde_json::Value;

fn entries(count: usize) -> Vec<LogEntry> {
    (0..count).map(|n| LogEntry::new(n.to_string())).collect()
}

/// The numbers of the entries in an uncompressed body.
fn numbers(body: &[u8]) -> Vec<usize> {
    serde_json::from_slice::<Vec<Value>>(body)
        .unwrap()
        .iter()
        .map(|entry| entry["message"].as_str().unwrap().parse().unwrap())
        .collect()
}
