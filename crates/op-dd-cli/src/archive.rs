use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datadog_logs::{LogEntry, LogSink, Receipt, SendError, SendErrorKind};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;

/// How long a folder may take to be opened, before that is an outage as well.
const PATIENCE: Duration = Duration::from_secs(30);

/// An archive whose folder is opened once there is something to keep: what is wrong with it then is an
/// outage of the archive, and stops nothing else.
pub(crate) struct Archive {
    folder: PathBuf,
    open: OnceCell<datadog_logs::Archive>,
    /// Whose turn it is to open it: a disk that hangs keeps one thread, however often it is tried.
    turn: Arc<Semaphore>,
}

impl Archive {
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            open: OnceCell::new(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    async fn open(&self) -> Result<datadog_logs::Archive, SendError> {
        let folder = self.folder.clone();
        let opening = timeout(PATIENCE, async {
            let turn = Arc::clone(&self.turn).acquire_owned().await;
            let open = || (datadog_logs::Archive::open(folder), turn);
            let opened = tokio::task::spawn_blocking(open).await;
            opened.map_err(|error| SendError::new(SendErrorKind::Sink).with_source(error))
        });
        match opening.await {
            Ok(opened) => opened?.0,
            Err(_) => {
                let name = format!("the archive {}", self.folder.display());
                Err(SendError::new(SendErrorKind::Timeout).with_host(name))
            }
        }
    }
}

#[async_trait]
impl LogSink for Archive {
    async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, SendError> {
        let archive = self.open.get_or_try_init(|| self.open()).await?;
        archive.send(entries).await
    }
}
