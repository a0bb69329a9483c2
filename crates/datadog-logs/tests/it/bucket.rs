//! An archive in an object store.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use datadog_logs::{Archive, LogEntry, LogSink as _, Retry, SendErrorKind};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    Attribute, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result,
};

use super::archive::{dated, files};

/// A store that takes nothing of one hour, as long as it is told so.
#[derive(Debug, Default)]
struct Choosy {
    store: InMemory,
    refuses: AtomicBool,
}

const REFUSED: &str = "hour=05";

impl fmt::Display for Choosy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("choosy")
    }
}

#[async_trait]
impl ObjectStore for Choosy {
    async fn put_opts(&self, at: &Path, payload: PutPayload, how: PutOptions) -> Result<PutResult> {
        if self.refuses.load(Ordering::Relaxed) && at.as_ref().contains(REFUSED) {
            return Err(Error::PermissionDenied {
                path: at.to_string(),
                source: "Server returned non-2xx status code: 403 Forbidden".into(),
            });
        }
        self.store.put_opts(at, payload, how).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        how: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(at, how).await
    }

    async fn get_opts(&self, at: &Path, how: GetOptions) -> Result<GetResult> {
        self.store.get_opts(at, how).await
    }

    fn delete_stream(
        &self,
        all: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(all)
    }

    fn list(&self, below: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.store.list(below)
    }

    async fn list_with_delimiter(&self, below: Option<&Path>) -> Result<ListResult> {
        self.store.list_with_delimiter(below).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, how).await
    }
}

fn archive(store: &Arc<Choosy>) -> Archive {
    let store: Arc<dyn ObjectStore> = store.clone();
    Archive::in_store(store, Path::from("logs/op-dd"), "s3://bucket/logs/op-dd")
}

/// Ten entries of ten hours, and one more of the first.
fn entries() -> Vec<LogEntry> {
    let hours = (0..10).chain([0]).enumerate();
    let entries = hours
        .map(|(number, hour)| dated(&number.to_string(), &format!("2026-01-02T{hour:02}:30:00Z")));
    entries.collect()
}

async fn objects(store: &Choosy) -> BTreeMap<String, Vec<u8>> {
    let mut objects = BTreeMap::new();
    let mut all = store.list(None);
    while let Some(object) = all.next().await {
        let object = store.get(&object.unwrap().location).await.unwrap();
        let kind = object.attributes.get(&Attribute::ContentType).unwrap();
        assert_eq!(kind.as_ref(), "application/gzip");
        let path = object.meta.location.to_string();
        objects.insert(path, object.bytes().await.unwrap().to_vec());
    }
    objects
}

#[tokio::test]
async fn holds_what_a_folder_does_and_nothing_twice() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Arc::new(Choosy::default()));
    let on_disk = Archive::open(folder.path()).unwrap();
    let in_store = archive(&store);
    assert_eq!(in_store.send(&[]).await.unwrap().accepted, 0);
    for _ in 0..2 {
        let expected = on_disk.send(&entries()).await.unwrap();
        let receipt = in_store.send(&entries()).await.unwrap();
        assert_eq!((receipt.accepted, receipt.requests), (11, 10));
        assert_eq!(
            (receipt.bytes, receipt.bytes_sent),
            (expected.bytes, expected.bytes_sent)
        );
    }
    let expected = files(folder.path())
        .into_iter()
        .map(|(path, bytes)| (format!("logs/op-dd/{}", path.to_str().unwrap()), bytes));
    let found = objects(&store).await;
    assert_eq!(found, expected.collect());
    assert_eq!(found.len(), 10);
    assert!(in_store.reach().await.unwrap());
}

#[tokio::test]
async fn what_could_not_be_put_is_told_and_the_rest_is_not_sent_again() {
    let store = Arc::new(Choosy::default());
    store.refuses.store(true, Ordering::Relaxed);
    let (archive, entries) = (archive(&store), entries());
    let error = archive.send(&entries).await.unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::Unauthorized);
    assert_eq!((error.status(), error.retry()), (Some(403), Retry::Never));
    let text = error.to_string();
    assert!(
        text.starts_with("the archive s3://bucket/logs/op-dd refuses the credentials (status 403)"),
        "{text}"
    );
    let kept = objects(&store).await.len();
    assert!((1..10).contains(&kept), "{kept}");
    // The first hour has two entries.
    let accepted = error.accepted().to_vec();
    assert_eq!(accepted.len(), kept + 1);
    assert!(!accepted.contains(&5));

    store.refuses.store(false, Ordering::Relaxed);
    let rest = (0..entries.len()).filter(|index| !accepted.contains(index));
    let rest: Vec<_> = rest.map(|index| entries[index].clone()).collect();
    assert_eq!(archive.send(&rest).await.unwrap().accepted, rest.len());
    assert_eq!(objects(&store).await.len(), 10);
}
