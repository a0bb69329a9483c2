//! The fakes over real sockets, asked as a client would that has read the documentation and nothing else.
#![expect(
    clippy::unwrap_used,
    reason = "the functions that the tests share are test code too"
)]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod dashboards;
mod events;
mod events_access;
mod events_faults;
mod intake;
mod intake_batches;
mod intake_faults;
mod management;
mod monitors;
mod pages;
mod pipelines;
mod program;
mod recorded;
mod rules;
mod search;
mod shared;
mod socket_faults;
mod wire;
