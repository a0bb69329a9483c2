use std::sync::Arc;
use std::time::SystemTime;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use object_store::path::Path;
use object_store::{Attribute, ObjectStore, ObjectStoreExt as _, PutOptions, PutPayload};

use super::page::Page;
use crate::{LogEntry, Receipt, SendError, SendErrorKind};

mod failure;

use failure::{failure, forbids, is_absent};

/// How many objects are put at a time.
const SIDE_BY_SIDE: usize = 4;

/// The name of an object that nobody writes.
const NOTHING: &str = ".nothing";

/// A bucket of an object store, or what is below a prefix of it.
pub(super) struct Store {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    address: String,
}

/// An object that is ready to be put.
pub(super) struct Packed {
    path: String,
    packed: Vec<u8>,
    bytes: usize,
    entries: Vec<usize>,
}

impl Store {
    pub(super) fn new(store: Arc<dyn ObjectStore>, prefix: Path, address: String) -> Self {
        Self {
            store,
            prefix,
            address,
        }
    }

    /// What errors call it.
    pub(super) fn name(&self) -> String {
        format!("the archive {}", self.address)
    }

    /// Packs objects where it keeps nothing else from going on.
    pub(super) async fn packed(
        self: &Arc<Self>,
        entries: Vec<LogEntry>,
    ) -> Result<Vec<Packed>, SendError> {
        let store = Arc::clone(self);
        let packing = tokio::task::spawn_blocking(move || store.pack(&entries));
        packing.await.map_err(|error| {
            SendError::new(SendErrorKind::Sink)
                .with_host(self.name())
                .with_source(error)
        })?
    }

    fn pack(&self, entries: &[LogEntry]) -> Result<Vec<Packed>, SendError> {
        let page = Page::write(entries, SystemTime::now());
        let objects = page.objects().map(|object| {
            let packed = object.pack().map_err(|error| {
                SendError::new(SendErrorKind::Compression)
                    .with_host(self.name())
                    .with_source(error)
            })?;
            Ok(Packed {
                path: object.path(),
                packed,
                bytes: object.bytes(),
                entries: object.entries().collect(),
            })
        });
        objects.collect()
    }

    /// Puts objects side by side. Once one can't be put, no other is begun.
    pub(super) async fn keep(&self, objects: Vec<Packed>) -> Result<Receipt, SendError> {
        let mut receipt = Receipt::default();
        let (mut accepted, mut failed) = (Vec::new(), None);
        let mut waiting = objects.into_iter();
        let first = waiting.by_ref().take(SIDE_BY_SIDE);
        let mut puts: FuturesUnordered<_> = first.map(|object| self.put(object)).collect();
        while let Some(put) = puts.next().await {
            match put {
                Ok(Kept {
                    bytes,
                    bytes_sent,
                    entries,
                }) => {
                    receipt.requests += 1;
                    receipt.bytes += bytes;
                    receipt.bytes_sent += bytes_sent;
                    accepted.extend(entries);
                }
                Err(error) => failed = failed.or(Some(error)),
            }
            if failed.is_none()
                && let Some(object) = waiting.next()
            {
                puts.push(self.put(object));
            }
        }
        if let Some(error) = failed {
            return Err(failure(self.name(), &error).with_accepted(accepted));
        }
        receipt.accepted = accepted.len();
        Ok(receipt)
    }

    async fn put(&self, object: Packed) -> object_store::Result<Kept> {
        let Packed {
            path,
            packed,
            bytes,
            entries,
        } = object;
        let bytes_sent = packed.len();
        let options = PutOptions {
            // No `Content-Encoding`: some stores would unpack what they hand out.
            attributes: [(Attribute::ContentType, "application/gzip")]
                .into_iter()
                .collect(),
            ..PutOptions::default()
        };
        let place = self.below(&path);
        self.store
            .put_opts(&place, PutPayload::from(packed), options)
            .await?;
        Ok(Kept {
            bytes,
            bytes_sent,
            entries,
        })
    }

    pub(super) async fn reach(&self) -> Result<bool, SendError> {
        match self.store.get(&self.below(NOTHING)).await {
            Ok(_) => Ok(true),
            Err(error) if is_absent(&error) => Ok(true),
            Err(error) if forbids(&error) => Ok(false),
            Err(error) => Err(failure(self.name(), &error)),
        }
    }

    fn below(&self, path: &str) -> Path {
        let parts = self.prefix.parts();
        parts.chain(path.split('/').map(Into::into)).collect()
    }
}

/// What came of an object that was put.
struct Kept {
    bytes: usize,
    bytes_sent: usize,
    entries: Vec<usize>,
}
