#![doc = include_str!("../README.md")]

mod asset;
mod attributes;
mod bundled;
mod check;
mod content;
mod coverage;
mod cursor;
mod dashboard;
#[cfg(feature = "install")]
pub mod install;
mod log;
mod log_file;
mod own_widgets;
mod pipeline;
mod place;
#[cfg(feature = "preview")]
pub mod preview;
mod rule;
pub mod search;
mod trial;

pub use asset::{Asset, AssetError, Kind, Samples};
pub use attributes::{Attribute, Origin};
pub use check::{Finding, Level};
pub use content::{Content, ContentError};
pub use coverage::{Coverage, Sight};
pub use dashboard::{Dashboard, DashboardError, Search, Widget};
pub use log::{Log, LogError, Reserved};
pub use log_file::{Complaint, LogFile};
pub use pipeline::{Pipeline, PipelineError};
pub use place::Place;
pub use rule::{Rule, RuleError, RuleQuery, Severity, Signal, WatchLists};
pub use trial::Trial;
