use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use async_trait::async_trait;
use onepassword_events::Position;
use op_dd_bridge::{
    Checkpoint, CursorStore, DeadLetter, DeadLetters, FileStore, Place, StoreError, StoreErrorKind,
    StreamId,
};
use tokio::time::sleep;

use super::dice::Dice;
use super::property::Property;
use super::world::World;

/// The state folder on a disk that takes its time, and fails now and then.
pub(crate) struct Disk {
    store: FileStore,
    world: Arc<World>,
    dice: Arc<Mutex<Dice>>,
}

/// What befalls a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Well,
    /// It fails, and nothing is written.
    Lost,
    /// It fails, and has happened.
    Unknown,
}

impl Disk {
    pub(crate) fn new(store: FileStore, world: Arc<World>, dice: Arc<Mutex<Dice>>) -> Self {
        Self { store, world, dice }
    }

    /// Where a stream stands in its file.
    pub(crate) fn stored(&self, stream: usize) -> Option<Position> {
        let checkpoint = at_once(self.store.load(&self.world.id(stream)));
        checkpoint.ok()?.place.map(|place| place.position)
    }

    fn fate(&self) -> Fate {
        let mut dice = self.dice.lock().unwrap();
        if !self.world.is_faulty() || !dice.chance(self.world.plan.disk_failures) {
            Fate::Well
        } else if dice.chance(50) {
            Fate::Lost
        } else {
            Fate::Unknown
        }
    }

    async fn pause(&self) {
        let pause = {
            let mut dice = self.dice.lock().unwrap();
            dice.chance(30).then(|| dice.millis(1, 50))
        };
        if let Some(pause) = pause {
            sleep(pause).await;
        }
    }

    fn committed(&self, stream: usize, position: &Position) {
        let ledger = &self.world.ledger;
        let index = match position {
            Position::Reset(reset) => {
                ledger.begun(stream, reset.start.to_system_time());
                0
            }
            Position::After(cursor) => match self.world.cursors.place(cursor.as_str()) {
                Some(place) => place.index,
                None => {
                    let what = format!("stream {stream} is at a cursor that nobody gave");
                    return ledger.violated(Property::CursorNeverAhead, what);
                }
            },
        };
        ledger
            .journal
            .note(format_args!("disk {stream} at {index}"));
        ledger.committed(stream, &self.world.plan.streams[stream], index);
    }

    fn failure(&self, what: &str) -> StoreError {
        self.world.ledger.count(|figures| figures.fault(what));
        StoreError::new(
            StoreErrorKind::Unavailable,
            format!("simulated: {what} failed"),
        )
    }
}

#[async_trait]
impl CursorStore for Disk {
    async fn load(&self, stream: &StreamId) -> Result<Checkpoint, StoreError> {
        self.pause().await;
        if self.fate() != Fate::Well {
            return Err(self.failure("disk load"));
        }
        at_once(self.store.load(stream))
    }

    async fn commit(&self, checkpoint: &Checkpoint, next: Place) -> Result<Checkpoint, StoreError> {
        self.pause().await;
        let fate = self.fate();
        let stream = self.world.stream(&checkpoint.stream);
        if fate != Fate::Well {
            self.world
                .ledger
                .count(|figures| figures.failed_commits += 1);
            self.world
                .ledger
                .journal
                .note(format_args!("disk {stream} fails to commit"));
        }
        if fate == Fate::Lost {
            return Err(self.failure("disk commit"));
        }
        let committed = at_once(self.store.commit(checkpoint, next.clone()));
        if committed.is_ok() {
            self.committed(stream, &next.position);
        }
        self.pause().await;
        if fate == Fate::Unknown {
            return Err(self.failure("disk commit"));
        }
        committed
    }
}

#[async_trait]
impl DeadLetters for Disk {
    async fn keep(&self, stream: &StreamId, letters: &[DeadLetter]) -> Result<(), StoreError> {
        self.pause().await;
        let fate = self.fate();
        if fate == Fate::Lost {
            return Err(self.failure("disk letters"));
        }
        let kept = at_once(self.store.keep(stream, letters));
        if kept.is_ok() {
            let stream = self.world.stream(stream);
            let count = letters.len();
            self.world
                .ledger
                .journal
                .note(format_args!("disk {stream} {count} dead letters"));
            let raw: Vec<_> = letters.iter().map(|letter| letter.raw.clone()).collect();
            self.world
                .ledger
                .kept(stream, &self.world.plan.streams[stream], &raw);
        }
        self.pause().await;
        if fate == Fate::Unknown {
            return Err(self.failure("disk letters"));
        }
        kept
    }
}

/// Waits here and now for what another thread does: two that wait at the same time would be told in
/// an order that no seed decides.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut work = pin!(tokio::task::unconstrained(work));
    loop {
        match work.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}
