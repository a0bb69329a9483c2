use std::time::SystemTime;

use async_trait::async_trait;

use crate::{Error, Feed, Page, Position};

/// Somewhere that an account's events come from, page by page.
///
/// `Client` is one; a test's list of pages or an archive can be another.
#[async_trait]
pub trait EventSource: Send + Sync {
    /// Reads one page, in one attempt: what to do after a failure is up to the caller.
    ///
    /// # Errors
    ///
    /// Whatever kept the page from being read; [`Error::retry`] says whether another attempt may
    /// help. Nothing has moved: the same position can be asked for again.
    async fn page(&self, feed: Feed, position: &Position) -> Result<Page, Error>;

    /// The feeds that may be read here.
    fn feeds(&self) -> Vec<Feed>;

    /// The name of the host that the events come from.
    fn host(&self) -> &str;

    /// When this ends, if that is known: somebody has to issue a new token until then.
    fn expires_at(&self) -> Option<SystemTime> {
        None
    }
}
