use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _, poll_fn};
use onepassword_events::{Error, EventSource, Feed, Page, Position};

use super::clock::Clock;
use super::gate::Gate;

/// Reads a feed, and takes note of what its server says besides: what time it is, and that it wants to
/// be left alone.
#[derive(Clone)]
pub(super) struct Reader {
    source: Arc<dyn EventSource>,
    feed: Feed,
    account: Arc<Gate>,
    clock: Clock,
}

/// The page behind the one that is being delivered, read meanwhile.
pub(super) enum Ahead {
    Reading(BoxFuture<'static, Result<Page, Error>>),
    Read(Result<Page, Error>),
}

impl Reader {
    pub(super) fn new(
        source: Arc<dyn EventSource>,
        feed: Feed,
        account: Arc<Gate>,
        clock: Clock,
    ) -> Self {
        Self {
            source,
            feed,
            account,
            clock,
        }
    }

    /// How much longer the account is to be left alone.
    pub(super) fn paused_for(&self) -> Option<Duration> {
        self.account.closed_for()
    }

    pub(super) async fn read(&self, position: &Position) -> Result<Page, Error> {
        let page = self.source.page(self.feed, position).await;
        match &page {
            Ok(page) => {
                if let Some(time) = page.server_time() {
                    self.clock.guess(time);
                }
            }
            Err(error) => {
                if let Some(wait) = error.retry_after() {
                    self.account.close_for(wait);
                }
            }
        }
        page
    }

    /// Reads on as soon as there is something to do [meanwhile](Ahead::during).
    pub(super) fn ahead(&self, position: Position) -> Ahead {
        let reader = self.clone();
        Ahead::Reading(async move { reader.read(&position).await }.boxed())
    }
}

impl Ahead {
    /// Does `work`, and reads meanwhile. The work isn't held up by the reading, which goes on with
    /// [`page`](Self::page) if it takes longer.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let done = work.as_mut().poll(context);
            if done.is_pending()
                && let Self::Reading(page) = self
                && let Poll::Ready(page) = page.as_mut().poll(context)
            {
                *self = Self::Read(page);
            }
            done
        })
        .await
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Read(Err(_)))
    }

    pub(super) async fn page(self) -> Result<Page, Error> {
        match self {
            Self::Reading(page) => page.await,
            Self::Read(page) => page,
        }
    }
}
