//! Datadog's log search syntax: what dashboards, rules, monitors and pipelines ask for.
//!
//! ```
//! use op_dd_content::{Log, search::Query};
//!
//! let query: Query = "source:1password @evt.name:(reveal OR secure-copy) -@usr.email:*.example".parse()?;
//! let log = Log::sent(r#"{"ddsource":"1password","evt":{"name":"reveal"},
//!     "usr":{"email":"ada@example.com"},"timestamp":"2026-05-01T12:00:00Z"}"#)?;
//! assert!(query.matches(&log));
//!
//! let error = "source:1password (@evt.name:reveal".parse::<Query>().unwrap_err();
//! assert_eq!(error.at(), 17);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It is ours, written after Datadog's documentation and held against the queries that Datadog ships:
//! it isn't Datadog's.

mod error;
mod evaluate;
mod lexer;
mod parser;
mod pattern;
mod query;
mod surroundings;

pub use error::SearchError;
pub use query::{Field, Query, Term};
pub(crate) use surroundings::Surrounded;
