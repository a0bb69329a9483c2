//! Where events are kept besides Datadog.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datadog_logs::{LogEntry, LogSink, Receipt, SendError, SendErrorKind};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;

mod bucket;
mod connector;
mod place;
mod store;

pub(crate) use bucket::Bucket;
pub(crate) use connector::Connector;
pub(crate) use place::Place;

/// How long an archive may take to be opened, before that is an outage as well.
const PATIENCE: Duration = Duration::from_secs(30);

/// An archive that is opened once there is something to keep: what is wrong with it then is an outage of
/// the archive, and stops nothing else.
pub(crate) struct Archive {
    place: Place,
    connector: Connector,
    open: OnceCell<datadog_logs::Archive>,
    /// Whose turn it is to open it: a disk that hangs keeps one thread, however often it is tried.
    turn: Arc<Semaphore>,
}

impl Archive {
    pub(crate) fn at(place: Place, connector: Connector) -> Self {
        Self {
            place,
            connector,
            open: OnceCell::new(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    async fn open(&self) -> Result<datadog_logs::Archive, SendError> {
        let (place, connector) = (self.place.clone(), self.connector.clone());
        // Folders and files of credentials are on disks.
        let open = move || match place {
            Place::Folder(folder) => datadog_logs::Archive::open(folder),
            Place::Bucket(bucket) => bucket.open(&connector),
        };
        let opening = timeout(PATIENCE, async {
            let turn = Arc::clone(&self.turn).acquire_owned().await;
            let opened = tokio::task::spawn_blocking(|| (open(), turn)).await;
            opened.map_err(|error| SendError::new(SendErrorKind::Sink).with_source(error))
        });
        match opening.await {
            Ok(opened) => opened?.0,
            Err(_) => {
                let name = format!("the archive {}", self.place);
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
