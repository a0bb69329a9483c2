//! A dashboard over given logs as one HTML page: what Datadog would show, seen without it.
//!
//! ```
//! use op_dd_content::{Dashboard, Log};
//! use op_dd_content::preview::{Page, Signals};
//!
//! let dashboard = Dashboard::parse(r#"{"title": "Sign-ins", "widgets": [{"layout":
//!     {"x": 0, "y": 0, "width": 3, "height": 2}, "definition": {"type": "query_value",
//!     "title": "Attempts", "requests": [{"queries": [{"name": "query1", "data_source": "logs",
//!     "search": {"query": "source:1password"}, "compute": {"aggregation": "count"}}]}]}}]}"#)?;
//! let logs = [Log::sent(r#"{"ddsource": "1password", "timestamp": "2026-05-01T12:00:00Z"}"#)?];
//! let html = Page::new(&dashboard, &logs, &Signals::none()).html();
//! assert!(html.contains("Attempts"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The page is complete in itself: no script, no font, no picture and no address of anything else. What is in logs is
//! text, whatever is in it. Searches, sums and signals are our own, not Datadog's, and the page says so.

use thiserror::Error;

mod aggregate;
mod answer;
mod colour;
mod evidence;
mod formula;
mod grid;
mod grouping;
mod index;
mod markdown;
mod markup;
mod number;
mod page;
mod request;
mod signals;
mod steps;
mod widget;
mod world;

pub use page::Page;
pub use signals::Signals;

/// The tag of logs that were made up for a picture. The page says of how many that is so, and which widgets show some.
pub const INVENTED: &str = "invented:op-dd";

/// Why a widget isn't drawn.
#[derive(Debug, Error)]
#[error("{0}")]
struct Refusal(String);
