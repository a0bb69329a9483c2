//! Installs the content in an organisation of Datadog's, and takes it away again. Its client also finds logs
//! ([`Client::logs`]), and says what Datadog's own pipeline does to them ([`Client::datadogs_pipeline`]).
//!
//! What is wanted ([`Desired`]) and what is there ([`Installed`]) make a [`Plan`], in which each object is
//! created, replaced, left as it is, removed or skipped; the [`Client`] does a plan's steps one by one.
//!
//! ```no_run
//! use op_dd_content::Content;
//! use op_dd_content::install::{Client, Desired, Key, Keys, Plan, Selection, Settings};
//!
//! # async fn install() -> Result<(), Box<dyn std::error::Error>> {
//! let keys = Keys { api: Key::new("…")?, application: Key::new("…")? };
//! let client = Client::builder("https://api.datadoghq.eu".parse()?, keys).build()?;
//!
//! let content = Content::bundled();
//! let desired = Desired::new(&content, &Settings::default(), &Selection::default())?;
//! let plan = Plan::install(&desired, &client.installed(desired.selection()).await?);
//! for step in plan.steps() {
//!     println!("{step}");
//!     client.apply(step).await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Objects are known by marks: rules, monitors and pipelines by the tags `managed-by:op-dd` and `op-dd-asset:NAME`,
//! dashboards by the last line of their description, `Managed by op-dd: NAME`. A file that lacks its mark gets it on
//! the way. Nothing else is ever touched; nor is a copy that somebody made of what is ours, mark included: of several
//! with one mark, only what is called as the file has it is ours, the oldest of these.

mod apply;
mod client;
mod datadogs_pipeline;
mod desired;
mod difference;
mod error;
mod installed;
mod key;
mod logs;
mod mark;
mod plan;
mod reasons;
mod refusal;
mod resource;
mod selection;
mod settings;
mod transport;

pub use client::{BuildError, Client, ClientBuilder};
pub use datadogs_pipeline::DatadogsPipeline;
pub use desired::Desired;
pub use difference::{Difference, differences};
pub use error::{ApiError, ApiErrorKind, Reason};
pub use installed::Installed;
pub use key::{Key, KeyError, Keys};
pub use plan::{Action, Plan, Skip, Step};
pub use refusal::Complaint;
pub use resource::Permission;
pub use selection::Selection;
pub use settings::{Notifications, Settings, SettingsError};
