//! What holds for any input, one function for each place where the outside comes in.
//!
//! Each takes bytes, and panics if what must hold doesn't. The fuzz targets in `fuzz/` call them on
//! what libFuzzer finds, the property tests on mutations of the same seeds.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how an oracle says that something is wrong"
)]

mod answer;
mod json;
mod mapping;
mod page;
mod refusal;
mod search;
mod tags;
mod token;

pub use answer::answer;
pub use mapping::mapping;
pub use page::page;
pub use refusal::refusal;
pub use search::search;
pub use tags::tags;
pub use token::token;
