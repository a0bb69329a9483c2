//! Logs on a disk, as Datadog's own archives keep them.

use std::fmt;
use std::path::{Path, PathBuf};
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
mod writers;

use disk::Disk;
use page::Page;

/// A folder of logs in the layout of Datadog's
/// [archives](https://docs.datadoghq.com/logs/log_configuration/archives/), from which Datadog
/// [rehydrates](https://docs.datadoghq.com/logs/log_configuration/rehydrating/) logs of any age once it
/// is copied into a bucket.
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
/// An object is written aside, forced to the disk and renamed, so that a crash leaves the whole of it or
/// nothing. What is being written lies in `.unfinished` and never looks like an object; what a crash left
/// there is removed when the folder is opened again. All is for its owner alone. A folder is for one
/// process at a time, which holds a lock in `.unfinished`; clones share it.
///
/// A disk that hangs keeps four threads of the runtime at the most, each with the entries that it writes.
///
/// A folder that disappears while it is in use is missed, not made anew: what looks empty may be the place
/// where its disk was mounted.
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
pub struct Archive(Arc<Disk>);

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
            Ok(disk) => Ok(Self(Arc::new(disk))),
            Err(error) => Err(error.with_retry(Retry::Never)),
        }
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

#[async_trait]
impl LogSink for Archive {
    /// Keeps `entries`. `Ok` means that they are all on the disk; none is ever refused.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::Storage`](crate::SendErrorKind::Storage) if something is wrong with the folder or its disk. Accepted are the
    /// entries of the hours that were written before. [`SendErrorKind::Timeout`](crate::SendErrorKind::Timeout) if the disk doesn't answer
    /// for half a minute: the entries may come to be on it later.
    async fn send(&self, entries: &[LogEntry]) -> Result<Receipt, SendError> {
        if entries.is_empty() {
            return Ok(Receipt::default());
        }
        let disk = Arc::clone(&self.0);
        let entries = entries.to_vec();
        let kept = self.0.writers.write(move || keep(&disk, &entries)).await;
        kept.map_err(|error| error.with_host(disk::name(self.path())))?
    }
}

fn keep(disk: &Disk, entries: &[LogEntry]) -> Result<Receipt, SendError> {
    let page = Page::write(entries, SystemTime::now());
    let mut receipt = Receipt::default();
    let mut accepted = Vec::new();
    for object in page.objects() {
        let packed = object.pack();
        let kept = packed.and_then(|packed| {
            disk.put(&object.path(), &packed)?;
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
        f.debug_tuple("Archive").field(&self.path()).finish()
    }
}
