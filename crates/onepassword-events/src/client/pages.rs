use futures_core::Stream;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::Client;
use crate::{Error, Feed, FeedEvent, Page, Position, Typed};

impl Client {
    /// The feed's pages from `position` on, until there is nothing more at present.
    ///
    /// Each page carries the [`cursor`](Page::cursor) behind it. Keep it once you are done with the
    /// page, and go on from there the next time: a feed has no end, only a place reached.
    ///
    /// Ends when the server says that there is no more, or gives the same place again with nothing
    /// in it; and after an error that the client's [`RetryPolicy`](super::RetryPolicy) didn't mend.
    pub fn pages(
        &self,
        feed: Feed,
        position: Position,
    ) -> impl Stream<Item = Result<Page, Error>> + Send + use<> {
        let start = Some((self.clone(), position));
        stream::try_unfold(start, move |next| async move {
            let Some((client, position)) = next else {
                return Ok(None);
            };
            let page = client.fetch(feed, &position).await?;
            let next = Position::After(page.cursor().clone());
            let stuck = page.events().is_empty() && next == position;
            let next = (page.has_more() && !stuck).then_some((client, next));
            Ok(Some((page, next)))
        })
    }

    /// The feed's events from `position` on, until there is nothing more at present, for those who
    /// need no cursor.
    ///
    /// An event that is not as documented is an error of its own; the stream goes on behind it.
    pub fn events<T: FeedEvent>(
        &self,
        position: Position,
    ) -> impl Stream<Item = Result<Typed<T>, Error>> + Send + use<T> {
        self.pages(T::FEED, position)
            .map_ok(|page| stream::iter(page.into_events()).map(|event| event.typed()))
            .try_flatten()
    }
}
