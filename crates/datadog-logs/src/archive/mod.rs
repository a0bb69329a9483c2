//! Logs on a disk or in an object store, as Datadog's own archives keep them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::{LogEntry, LogSink, Receipt, Retry, SendError};

mod disk;
mod folders;
mod line;
mod lock;
mod object;
mod page;
#[cfg(feature = "object-store")]
mod store;
mod writers;

use disk::Disk;
use page::Page;
#[cfg(feature = "object-store")]
use store::Store;

/// A folder or a bucket of logs in the layout of Datadog's
/// [archives](https://docs.datadoghq.com/logs/log_configuration/archives/), from which Datadog
/// [rehydrates](https://docs.datadoghq.com/logs/log_configuration/rehydrating/) logs of any age: a folder
/// once it is copied into a bucket.
///
/// `dt=YYYYMMDD/hour=HH/<name>.json.gz` holds logs of one hour in UTC, by their own date: the
/// `timestamp` at the root of their attributes, in RFC 3339; a log without one that can be read is dated
/// by the time of writing. An object is gzip of a JSON object a line, with `_id`, `date`, `host`,
/// `service`, `source`, `status`, `message`, `tags` and `attributes`, of which the fields that a log
/// hasn't are left out. Attributes stay as they were written, but for line ends between them.
///
/// Each [`send`](LogSink::send) makes one object an hour, named by a hash of its content; `_id` is a hash
/// of the log's content and date. So the same entries, sent again in one piece, come out under the same names
/// with the same bytes. A log that is sent again among others is in two objects, under the same `_id`: who
/// counts, counts those. One without a date of its own is another log each time, of the hour when it was
/// written.
///
/// In a folder, an object is written aside, forced to the disk and renamed, so that a crash leaves the
/// whole of it or nothing. What is being written lies in `.unfinished` and never looks like an object; what a crash left
/// there is removed when the folder is opened again. All is for its owner alone. A folder is for one
/// process at a time, which holds a lock in `.unfinished`; clones share it.
///
/// A disk that hangs keeps four threads of the runtime at the most, each with the entries that it writes.
///
/// A folder that disappears while it is in use is missed, not made anew: what looks empty may be the place
/// where its disk was mounted.
///
/// In an object store (feature `object-store`), objects are put side by side, each by one request; one of
/// the same name is replaced.
///
/// ```no_run
/// use datadog_logs::{Archive, LogEntry, LogSink as _};
///
/// # async fn archive() -> Result<(), datadog_logs::SendError> {
/// let archive = Archive::open("/var/lib/logs")?;
/// archive.send(&[LogEntry::new("order 7 was paid")]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Archive(Place);

#[derive(Clone)]
enum Place {
    Disk(Arc<Disk>),
    #[cfg(feature = "object-store")]
    Store(Arc<Store>),
}

impl Archive {
    /// Takes the folder, makes it if it isn't there, and finds out whether it can be written.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::Storage`](crate::SendErrorKind::Storage) if it can't be made or written, naming the
    /// folder, or if another process has it, or this one has it already, naming the process.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, SendError> {
        let folder = folder.into();
        match Disk::open(&folder) {
            Ok(disk) => Ok(Self(Place::Disk(Arc::new(disk)))),
            Err(error) => Err(error.with_retry(Retry::Never)),
        }
    }

    /// Takes an object store, with objects below `prefix`. Nothing is asked of it yet.
    ///
    /// Errors call it by `address`, such as `s3://bucket/prefix`, which must have no credentials in it.
    /// The store is better built without retries of its own where whoever sends repeats what failed.
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn in_store(
        store: Arc<dyn object_store::ObjectStore>,
        prefix: object_store::path::Path,
        address: impl Into<String>,
    ) -> Self {
        let store = Store::new(store, prefix, address.into());
        Self(Place::Store(Arc::new(store)))
    }

    /// Asks an object store for an object that isn't there, which tells whether it can be reached, whether
    /// it knows the bucket, and whether it takes the credentials; a folder was tried when it was opened.
    /// Nothing is written.
    ///
    /// `Ok(false)` means that the store forbids the question, as it does to whoever may only write.
    ///
    /// # Errors
    ///
    /// As those of [`send`](LogSink::send).
    #[cfg(feature = "object-store")]
    pub async fn reach(&self) -> Result<bool, SendError> {
        match &self.0 {
            Place::Disk(_) => Ok(true),
            Place::Store(store) => store.reach().await,
        }
    }

    /// What errors call it.
    fn name(&self) -> String {
        match &self.0 {
            Place::Disk(disk) => disk::name(disk.path()),
            #[cfg(feature = "object-store")]
            Place::Store(store) => store.name(),
        }
    }
}

#[async_trait]
impl LogSink for Archive {
    /// Keeps `entries`. `Ok` means that they are all on the disk, or accepted by the store; none is ever
    /// refused.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::Storage`](crate::SendErrorKind::Storage) if something is wrong with the folder or
    /// its disk; [`SendErrorKind::Timeout`](crate::SendErrorKind::Timeout) if the disk doesn't answer for
    /// half a minute: the entries may come to be on it later. A store fails as servers do:
    /// [`SendErrorKind::Unauthorized`](crate::SendErrorKind::Unauthorized) if it refuses the credentials,
    /// `Storage` if the bucket isn't there or there are no credentials. Accepted are the entries of the
    /// hours that were written before.
    async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, SendError> {
        if entries.is_empty() {
            return Ok(Receipt::default());
        }
        let entries = entries.to_vec();
        match &self.0 {
            Place::Disk(disk) => {
                let keeping = Arc::clone(disk);
                let kept = disk.writers.write(move || keep(&keeping, &entries)).await;
                kept.map_err(|error| error.with_host(self.name()))?
            }
            #[cfg(feature = "object-store")]
            Place::Store(store) => store.keep(store.packed(entries).await?).await,
        }
    }
}

fn keep(disk: &Disk, entries: &[LogEntry]) -> Result<Receipt, SendError> {
    let page = Page::write(entries, SystemTime::now());
    let mut receipt = Receipt::default();
    let mut accepted = Vec::new();
    for object in page.objects() {
        let packed = object.pack();
        let kept = packed.and_then(|packed| {
            disk.put(object.path().as_ref(), &packed)?;
            Ok(packed.len())
        });
        match kept {
            Ok(bytes) => receipt.bytes_sent += bytes,
            Err(error) => return Err(disk::failure(disk.path(), error).with_accepted(accepted)),
        }
        receipt.requests += 1;
        receipt.bytes += object.bytes();
        accepted.extend(object.entries());
    }
    receipt.accepted = accepted.len();
    Ok(receipt)
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Archive").field(&self.name()).finish()
    }
}
