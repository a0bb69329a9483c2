#![doc = include_str!("../README.md")]

mod clock;
mod datadog;
mod error;
mod event;
mod events;
mod fault;
mod feed;
mod generator;
mod identifier;
mod lock;
mod object;
mod scenario;
mod server;
mod token;
mod traffic;

pub use clock::Clock;
pub use datadog::{FakeDatadog, FakeDatadogBuilder, IntakeCounts, Refusal};
pub use error::Error;
pub use event::Event;
pub use events::{ErrorStyle, FakeEvents, FakeEventsBuilder, RateLimits};
pub use fault::{Fault, FaultKind, FaultScript, Side};
pub use feed::Feed;
pub use generator::Generator;
pub use scenario::{Scenario, ScenarioEvents};
pub use token::TokenClaims;
pub use traffic::{Counts, Exchange};
