use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::{SendError, SendErrorKind};

/// Who waits for a disk: few at a time, and nobody without end.
///
/// A disk that hangs, as one that is mounted over a network does, gives no thread back, and the threads of
/// a runtime are counted: without this it would stop what has nothing to do with the disk.
pub(super) struct Writers(Arc<Semaphore>);

impl Writers {
    /// How many threads may be at the disk at a time.
    pub(super) const MOST: usize = 4;

    /// How long somebody waits for his turn and for the disk.
    pub(super) const PATIENCE: Duration = Duration::from_secs(30);

    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(Self::MOST)))
    }

    /// Does work where it keeps nothing else from going on.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::Timeout`] if it isn't done in time: then the work may still go on, and keeps its
    /// thread as long as it does.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, SendError> {
        let failed = |error| SendError::new(SendErrorKind::Sink).with_source(error);
        let done = timeout(Self::PATIENCE, async {
            let turn = Arc::clone(&self.0).acquire_owned().await;
            let working = tokio::task::spawn_blocking(move || {
                let done = work();
                drop(turn);
                done
            });
            working.await.map_err(failed)
        });
        done.await
            .unwrap_or_else(|_| Err(SendError::new(SendErrorKind::Timeout)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, mpsc};

    use tokio::task::{JoinSet, yield_now};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_hangs_keeps_few_threads_and_nobody_who_waits() {
        let writers = Arc::new(Writers::new());
        let (revive, hung) = mpsc::channel::<()>();
        let hung = Arc::new(Mutex::new(hung));
        let begun = Arc::new(AtomicUsize::new(0));
        let mut waiting = JoinSet::new();
        for _ in 0..5 * Writers::MOST {
            let (writers, hung, begun) = (writers.clone(), hung.clone(), begun.clone());
            waiting.spawn(async move {
                let work = move || {
                    begun.fetch_add(1, Ordering::Relaxed);
                    hung.lock().unwrap().recv().is_ok()
                };
                writers.write(work).await
            });
        }
        while begun.load(Ordering::Relaxed) < Writers::MOST {
            yield_now().await;
        }
        tokio::time::advance(Writers::PATIENCE).await;
        for ended in waiting.join_all().await {
            assert_eq!(ended.unwrap_err().kind(), SendErrorKind::Timeout);
        }
        assert_eq!(begun.load(Ordering::Relaxed), Writers::MOST);

        drop(revive);
        assert!(writers.write(|| true).await.unwrap(), "it is back");
    }
}
