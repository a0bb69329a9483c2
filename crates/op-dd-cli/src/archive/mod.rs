//! Where events are kept besides Datadog.

use async_trait::async_trait;
use datadog_logs::{LogEntry, LogSink, Receipt, SendError, SendErrorKind};
use tokio::sync::OnceCell;

mod bucket;
mod connector;
mod place;

pub(crate) use bucket::Bucket;
pub(crate) use connector::Connector;
pub(crate) use place::Place;

/// An archive that is opened once there is something to keep: what is wrong with it then is an outage of
/// the archive, and stops nothing else.
pub(crate) struct Archive {
    place: Place,
    connector: Connector,
    open: OnceCell<datadog_logs::Archive>,
}

impl Archive {
    pub(crate) fn at(place: Place, connector: Connector) -> Self {
        Self {
            place,
            connector,
            open: OnceCell::new(),
        }
    }

    async fn open(&self) -> Result<datadog_logs::Archive, SendError> {
        let (place, connector) = (self.place.clone(), self.connector.clone());
        // Folders and files of credentials are on disks.
        let opening = tokio::task::spawn_blocking(move || match place {
            Place::Folder(folder) => datadog_logs::Archive::open(folder),
            Place::Bucket(bucket) => bucket.open(&connector),
        });
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
