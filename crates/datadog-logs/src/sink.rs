use async_trait::async_trait;

use crate::{LogEntry, Receipt, SendError};

/// Something that takes logs and says what became of each.
///
/// [`Client`](crate::Client) is the one that speaks to Datadog. Others may write a file, or collect
/// in a test.
#[async_trait]
pub trait LogSink: Send + Sync {
    /// Sends `entries` in their order, in one attempt: repairs that the protocol allows belong to
    /// it, waiting doesn't.
    ///
    /// `Ok` means that every entry was accepted, or is named in the receipt as refused. No entries
    /// is `Ok` without a request. When the future is dropped before it ends, nothing is known about
    /// the entries.
    ///
    /// # Errors
    ///
    /// [`SendError`] if something other than the entries stands in the way. It names those that
    /// were accepted before, and those that were refused; all others are still to be sent.
    async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, SendError>;
}

#[async_trait]
impl<S: LogSink + ?Sized> LogSink for std::sync::Arc<S> {
    async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, SendError> {
        (**self).send(entries).await
    }
}
