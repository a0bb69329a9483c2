use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;

use super::{Bridge, Stream};

/// How often the store is told when the streams were last well.
const INTERVAL: Duration = Duration::from_secs(30);

impl Bridge {
    /// Does `work`, and tells the store now and then, and at the end, when the streams were last well.
    pub(super) async fn noting_successes<T>(&self, work: impl Future<Output = T>) -> T {
        let done = tokio::select! {
            biased;
            done = work => done,
            never = self.note_for_ever() => match never {},
        };
        self.note_successes().await;
        done
    }

    /// Asks the store when a stream was last well before this bridge was made.
    pub(super) async fn recall(&self, stream: &Stream) {
        match self.settings.store.last_success(&stream.id).await {
            Ok(last) => stream.pulse.recall(last, self.settings.clock.local()),
            // The step will say what is wrong, and the next one asks again.
            Err(error) => tracing::debug!(stream = %stream.id, %error, "no last success"),
        }
    }

    async fn note_for_ever(&self) -> Infallible {
        loop {
            sleep(INTERVAL).await;
            self.note_successes().await;
        }
    }

    async fn note_successes(&self) {
        let now = self.settings.clock.local();
        let streams = self.streams.iter();
        let successes: Vec<_> = streams
            .filter_map(|stream| Some((stream.id.clone(), stream.pulse.success(now)?)))
            .collect();
        if !successes.is_empty()
            && let Err(error) = self.settings.store.note_successes(&successes).await
        {
            tracing::debug!(%error, "when the streams were last well was not noted");
        }
    }
}
