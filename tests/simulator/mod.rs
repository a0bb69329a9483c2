//! The bridge, with both real clients, in a world that is made of one number.
//!
//! A seed draws accounts and feeds, events of every oddness, what goes wrong and when, and where the
//! process dies. All of it happens in virtual time and in one thread: the same seed gives the same run.
//! For a while there are faults; then they stop, and the rest has to be carried without help. What must
//! hold meanwhile and in the end is a [`Property`].
//!
//! Both servers speak the wire with plain JSON, and share no type with the clients.

#![expect(
    clippy::unwrap_used,
    reason = "a simulation that can't go on should fail its test"
)]

mod crash;
mod cursors;
mod dice;
mod disk;
mod ear;
mod fault;
mod figures;
mod intake;
mod item;
mod journal;
mod ledger;
mod log;
mod members;
mod onepassword;
mod plan;
mod process;
mod property;
mod run;
mod sabotage;
mod temper;
mod time;
mod world;

pub use figures::Figures;
pub use property::{Property, Violation};
pub use run::{Run, simulate};
pub use sabotage::Sabotage;
