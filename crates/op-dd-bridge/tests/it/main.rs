//! Everything that can be seen from outside, in one test binary.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's leave for tests does not reach the functions that tests share"
)]

mod account;
mod amendment;
mod beside;
mod collisions;
mod crash;
mod damage;
mod drain;
mod event;
mod file_store;
#[cfg(target_os = "linux")]
mod full_disk;
mod heartbeat;
mod json;
mod lateness;
mod look_again;
mod mapping;
mod page_memory;
mod privacy;
mod read_ahead;
mod refusals;
mod run;
mod script;
mod sentences;
mod state_folder;
mod step;
mod stores;
mod survival;
mod timing;
