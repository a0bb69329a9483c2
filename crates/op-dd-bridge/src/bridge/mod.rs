use std::fmt;
use std::sync::Arc;

use datadog_logs::LogSink;
use tokio::sync::Mutex;
use tracing::Instrument as _;

use crate::{CursorStore, DeadLetters, StreamId};

mod accepted;
mod alarms;
mod budget;
mod builder;
mod clock;
mod error;
mod gate;
mod heartbeat;
mod intake;
mod lane;
mod pulse;
mod reader;
mod refusals;
mod report;
mod run;
mod settings;
mod shipment;
mod successes;
mod trouble;

pub use builder::BridgeBuilder;
pub use error::{BridgeError, Pause, Scope, StepError};
pub use gate::Gate;
use heartbeat::Heartbeat;
use intake::Intake;
use lane::Lane;
use pulse::Pulse;
pub use report::StepReport;
pub use run::{Drained, Outcome, Progress};
use settings::Settings;

/// Carries events from accounts to a sink, page by page, and loses none.
///
/// A page goes this way: the stream's checkpoint, one page from the source, each event through the
/// mapper, all of them to the sink, and when the sink has accepted them, the new place to the store.
/// Nothing is queued in between: while Datadog is down, the events stay with 1Password.
///
/// [`step`](Self::step) does this once for one stream; [`drain`](Self::drain) does it until there is
/// nothing more at present; [`run`](Self::run) goes on for ever. Nothing is spawned: drop the future,
/// at any time, and the work stops; what was accepted but not yet committed is then sent once more
/// after the next start.
pub struct Bridge {
    settings: Settings,
    /// Where pages go.
    intake: Arc<Intake>,
    /// Where heartbeats go.
    listener: Arc<Intake>,
    heartbeat: Option<Heartbeat>,
    streams: Vec<Stream>,
}

/// One stream: what it is, and how far it is.
struct Stream {
    id: StreamId,
    lane: Mutex<Lane>,
    pulse: Pulse,
}

impl Bridge {
    /// A bridge that keeps its place in `store`, and the events that it can't deliver in
    /// `dead_letters`, which may be the same.
    pub fn builder(
        sink: Arc<dyn LogSink>,
        store: Arc<dyn CursorStore>,
        dead_letters: Arc<dyn DeadLetters>,
    ) -> BridgeBuilder {
        BridgeBuilder::new(sink, store, dead_letters)
    }

    /// Settings of another bridge that is to be driven at the same time as this one: of other accounts, or
    /// of the same ones to another destination.
    ///
    /// They have one store, one room for pages unless another is [set](BridgeBuilder::page_memory), one idea
    /// of the time, and one line for each cause that stops them. Clones of one [`Account`](crate::Account) share its pause. The sink is shared, too, and
    /// how long it is to be left alone, until another is [set](BridgeBuilder::sink); heartbeats go where
    /// this bridge's go all the same. The mapper, the tags, the destination, the poll interval, the first
    /// start and the observer are the same until they are set. No account and no heartbeat is taken over.
    ///
    /// No stream may be in both: the second would find its cursor moved.
    pub fn beside(&self) -> BridgeBuilder {
        BridgeBuilder::beside(self)
    }

    /// The streams, in the order of their accounts.
    pub fn streams(&self) -> impl Iterator<Item = &StreamId> {
        self.streams.iter().map(|stream| &stream.id)
    }

    /// Carries one page of a stream, in one attempt at each of its parts: the wait before another is
    /// the caller's.
    ///
    /// Returns none if there is no such stream. Steps of one stream wait for one another; those of
    /// different streams may go on at the same time.
    ///
    /// # Errors
    ///
    /// [`StepError`] says what failed. The cursor has not moved, and the next step begins anew. If a
    /// server asked to be left alone, the next steps of all streams that it concerns fail with
    /// [`StepError::Paused`] until that time is over. So they do while the intake fails, but for one
    /// at a time, ever more rarely, that finds out whether it is back.
    pub async fn step(&self, stream: &StreamId) -> Option<Result<StepReport, StepError>> {
        let stream = self.streams.iter().find(|known| known.id == *stream)?;
        Some(self.step_of(stream).await)
    }

    /// Lets the streams look within a second that wait since they failed, of this bridge and of all
    /// [beside](Self::beside) it: for when somebody has done what was to be done, such as putting a new
    /// token where the old one was.
    ///
    /// The wait that a server asked for is kept all the same. While this bridge's sink fails, one stream
    /// looks for all, as always; but it needn't wait any longer for that.
    pub fn look_again(&self) {
        self.intake.look_again();
        self.settings.look_again.send_replace(());
    }

    async fn step_of(&self, stream: &Stream) -> Result<StepReport, StepError> {
        let StreamId {
            account,
            feed,
            destination,
        } = &stream.id;
        let page = tracing::field::Empty;
        let span = tracing::info_span!("step", %account, %feed, %destination, page);
        async {
            let mut lane = stream.lane.lock().await;
            if stream.pulse.is_new() {
                self.recall(stream).await;
            }
            let step = lane.step(self).await;
            stream.pulse.take_note(&step);
            step
        }
        .instrument(span)
        .await
    }
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bridge")
            .field("streams", &self.streams().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
