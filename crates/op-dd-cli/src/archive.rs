use std::path::PathBuf;

use async_trait::async_trait;
use datadog_logs::{LogEntry, LogSink, Receipt, SendError, SendErrorKind};
use tokio::sync::OnceCell;

/// An archive whose folder is opened once there is something to keep: what is wrong with it then is an
/// outage of the archive, and stops nothing else.
pub(crate) struct Archive {
    folder: PathBuf,
    open: OnceCell<datadog_logs::Archive>,
}

impl Archive {
    pub(crate) fn at(folder: PathBuf) -> Self {
        let open = OnceCell::new();
        Self { folder, open }
    }

    async fn open(&self) -> Result<datadog_logs::Archive, SendError> {
        let folder = self.folder.clone();
        let opening = tokio::task::spawn_blocking(|| datadog_logs::Archive::open(folder));
        opening
            .await
            .map_err(|error| SendError::new(SendErrorKind::Sink).with_source(error))?
    }
}

#[async_trait]
impl LogSink for Archive {
    async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, SendError> {
        let archive = self.open.get_or_try_init(|| self.open()).await?;
        archive.send(entries).await
    }
}
