use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use futures_util::future::{BoxFuture, FutureExt as _, poll_fn};
use onepassword_events::{Error, EventSource, Feed, Page, Position, Timestamp};
use serde::Deserialize;

use super::budget::{Budget, Share};
use super::clock::Clock;
use super::gate::Gate;

/// Reads a feed, and takes note of what its server says besides: what time it is, and that it wants to
/// be left alone.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) source: Arc<dyn EventSource>,
    pub(super) feed: Feed,
    pub(super) account: Gate,
    pub(super) clock: Clock,
    pub(super) budget: Budget,
}

/// A page in memory, with its share of the room for pages.
pub(super) struct Held {
    pub(super) page: Page,
    _share: Share,
}

/// The page behind the one that is being delivered, read meanwhile.
pub(super) enum Ahead {
    Reading(BoxFuture<'static, Result<Answer, Error>>),
    Read(Result<Answer, Error>),
}

/// What came of reading a page.
pub(super) enum Answer {
    Page(Held),
    /// A page of this size, which was let go of, since there was no room for it.
    NoRoom(usize),
}

impl Reader {
    /// How much longer the account is to be left alone.
    pub(super) fn paused_for(&self) -> Option<Duration> {
        self.account.closed_for()
    }

    /// Room for a page of about this size, as soon as there is some.
    pub(super) async fn room(&self, expected: usize) -> Share {
        self.budget.share(expected).await
    }

    /// Reads on as soon as there is something to do [meanwhile](Ahead::during), if there is room for
    /// another page of the `expected` size.
    pub(super) fn ahead(&self, position: Position, expected: usize) -> Option<Ahead> {
        let share = self.budget.share_ahead(expected)?;
        let reader = self.clone();
        let answer = async move { reader.read(&position, share).await };
        Some(Ahead::Reading(answer.boxed()))
    }

    /// Reads the page at `position` into this room.
    pub(super) async fn read(
        &self,
        position: &Position,
        mut share: Share,
    ) -> Result<Answer, Error> {
        let page = self.source.page(self.feed, position).await;
        match &page {
            Ok(page) => {
                if let Some(time) = page.server_time() {
                    self.clock.guess(time, || youngest(page));
                }
            }
            Err(error) => {
                if let Some(wait) = error.retry_after() {
                    self.account.close_for(wait);
                }
            }
        }
        page.map(|page| {
            // An empty page is let go of at once.
            if page.events().is_empty() || share.grow_to(page.size()) {
                Answer::Page(Held {
                    page,
                    _share: share,
                })
            } else {
                Answer::NoRoom(page.size())
            }
        })
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
                && let Self::Reading(answer) = self
                && let Poll::Ready(answer) = answer.as_mut().poll(context)
            {
                *self = Self::Read(answer);
            }
            done
        })
        .await
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Read(Err(_)))
    }

    pub(super) async fn page(self) -> Result<Answer, Error> {
        match self {
            Self::Reading(answer) => answer.await,
            Self::Read(answer) => answer,
        }
    }
}

/// When the youngest event of a page happened, as far as its events say.
fn youngest(page: &Page) -> Option<SystemTime> {
    #[derive(Deserialize)]
    struct Dated {
        timestamp: Timestamp,
    }

    let events = page.events().iter();
    let dated = events.filter_map(|event| serde_json::from_str::<Dated>(event.json()).ok());
    dated.map(|dated| dated.timestamp.to_system_time()).max()
}
