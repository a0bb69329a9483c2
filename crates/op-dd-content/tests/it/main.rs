//! The files of this crate, and what checks and shows them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "the functions that the tests share are test code too"
)]

mod check;
mod dashboards;
#[cfg(feature = "install")]
mod install;
mod monitors;
mod openapi;
mod pipeline;
#[cfg(feature = "rustls")]
mod proxy;
mod readme;
mod rules;
mod search;
mod shared;
