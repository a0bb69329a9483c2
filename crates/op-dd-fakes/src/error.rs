use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::Scenario;

/// Why a fake could not be set up, or refused what it was told to hold.
///
/// None of these ever travels over the wire: a client that errs is answered with a status, as by the real service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    #[non_exhaustive]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// A fault is misspelt, or its side has no such fault.
    #[error("`{text}` is no fault: {reason}")]
    #[non_exhaustive]
    Fault {
        /// The fault as written.
        text: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// No scenario is called so.
    #[error("no scenario is called `{text}`; there are: {}", Scenario::ALL.map(Scenario::name).join(", "))]
    #[non_exhaustive]
    Scenario {
        /// What was asked for.
        text: String,
    },
    /// A text that was to be inserted is not JSON, or doesn't say when it happened.
    #[error("not an event: {reason}")]
    #[non_exhaustive]
    Event {
        /// What is wrong with it.
        reason: String,
    },
    /// An event was to be inserted into a fake that serves recorded pages.
    #[error("the fake serves pages from a folder: nothing can be inserted")]
    PagesOnly,
    /// A folder of pages, or a file in it, cannot be read.
    #[error("cannot read {}", path.display())]
    #[non_exhaustive]
    ReadPage {
        /// The folder or file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A folder of pages has none.
    #[error("there are no pages in {}: a page is FEED/*.json, such as auditevents/001.json", path.display())]
    #[non_exhaustive]
    NoPages {
        /// The folder.
        path: PathBuf,
    },
    /// A file in a folder of pages is no response body.
    #[error("{} is no page: {reason}", path.display())]
    #[non_exhaustive]
    BadPage {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file for the kept logs cannot be opened.
    #[error("cannot write {}", path.display())]
    #[non_exhaustive]
    Output {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}
