use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many bytes of pages may be held at a time, over all streams.
///
/// One half is for pages that are being delivered, the other for those that are read ahead: what waits
/// behind a page never keeps others from being delivered.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    most: u32,
    pages: Arc<Semaphore>,
    ahead: Arc<Semaphore>,
}

/// A page's part of the budget, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    most: u32,
    of: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        let most = u32::try_from(bytes / 2).unwrap_or(u32::MAX).max(1);
        let half = || Arc::new(Semaphore::new(most as usize));
        Self {
            most,
            pages: half(),
            ahead: half(),
        }
    }

    /// A share for a page of about this size, as soon as there is room.
    pub(super) async fn share(&self, bytes: usize) -> Share {
        let mut share = self.share_of(&self.pages);
        let bytes = share.cost(bytes);
        if bytes > 0 {
            let permit = Arc::clone(&self.pages).acquire_many_owned(bytes).await;
            // It is never closed.
            share.taken = permit.ok();
        }
        share
    }

    /// A share for a page that is read ahead, if there is room.
    pub(super) fn share_ahead(&self, bytes: usize) -> Option<Share> {
        let mut share = self.share_of(&self.ahead);
        share.grow_to(bytes).then_some(share)
    }

    fn share_of(&self, half: &Arc<Semaphore>) -> Share {
        Share {
            most: self.most,
            of: Arc::clone(half),
            taken: None,
        }
    }
}

impl Share {
    /// Takes what is still missing for a page of this size: false if there is no room for it.
    pub(super) fn grow_to(&mut self, bytes: usize) -> bool {
        let taken = self.taken.as_ref();
        let taken = taken.map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = (self.cost(bytes) as usize).saturating_sub(taken);
        let Ok(missing) = u32::try_from(missing) else {
            return false;
        };
        if missing == 0 {
            return true;
        }
        let Ok(more) = Arc::clone(&self.of).try_acquire_many_owned(missing) else {
            return false;
        };
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        true
    }

    /// A page that is larger than all the room there is takes all of it.
    fn cost(&self, bytes: usize) -> u32 {
        u32::try_from(bytes).map_or(self.most, |bytes| bytes.min(self.most))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn has_room(budget: &Budget, bytes: usize) -> bool {
        let soon = Duration::from_millis(1);
        timeout(soon, budget.share(bytes)).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_held_and_what_is_read_ahead_have_a_half_each() {
        let budget = Budget::new(200);
        let held = budget.share(60).await;
        assert!(!has_room(&budget, 41).await);
        assert!(has_room(&budget, 40).await);
        let ahead = budget.share_ahead(100);
        assert!(ahead.is_some());
        assert!(budget.share_ahead(1).is_none());
        drop((held, ahead));
        assert!(has_room(&budget, 100).await);
        assert!(budget.share_ahead(100).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_grows_as_far_as_there_is_room() {
        let budget = Budget::new(200);
        let mut share = budget.share(0).await;
        assert!(share.grow_to(70));
        assert!(share.grow_to(50), "it has more than that");
        let other = budget.share(20).await;
        assert!(!share.grow_to(90));
        drop(other);
        assert!(share.grow_to(90));
        drop(share);
        assert!(has_room(&budget, 100).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_larger_than_the_budget_comes_by_itself() {
        let budget = Budget::new(200);
        let small = budget.share(1).await;
        let mut large = pin!(budget.share(usize::MAX));
        let soon = Duration::from_millis(1);
        assert!(timeout(soon, &mut large).await.is_err());
        drop(small);
        let large = large.await;
        assert!(!has_room(&budget, 1).await);
        drop(large);
        assert!(has_room(&budget, 1).await);
    }
}
