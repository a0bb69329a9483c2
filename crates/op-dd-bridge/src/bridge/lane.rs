use onepassword_events::{Page, Position, Reset};

use super::accepted::Accepted;
use super::reader::{Ahead, Answer, Held, Reader};
use super::refusals::Refusals;
use super::shipment::Shipment;
use super::{Bridge, Pause, Scope, StepError, StepReport};
use crate::account::Window;
use crate::{Checkpoint, Context, PageDigest, Place, StreamId};

/// A stream at work: the way of one page, again and again.
pub(super) struct Lane {
    stream: StreamId,
    reader: Reader,
    window: Window,
    context: Context,
    checkpoint: Option<Checkpoint>,
    /// A place of which it isn't known whether it was committed, and what to report if it was.
    unsettled: Option<(Place, StepReport)>,
    ahead: Option<Ahead>,
    /// How large the next page is likely to be: as large as the last, if that had more behind it.
    expected: usize,
    accepted: Accepted,
    refusals: Refusals,
}

impl Lane {
    pub(super) fn new(stream: StreamId, reader: Reader, window: Window, context: Context) -> Self {
        Self {
            stream,
            reader,
            window,
            context,
            checkpoint: None,
            unsettled: None,
            ahead: None,
            expected: 0,
            accepted: Accepted::default(),
            refusals: Refusals::default(),
        }
    }

    /// Lets go of a page that was read ahead: it may be old, and is not what there is at present.
    pub(super) fn begin_anew(&mut self) {
        self.ahead = None;
    }

    pub(super) async fn step(&mut self, bridge: &Bridge) -> Result<StepReport, StepError> {
        let (checkpoint, place) = self.checkpoint(bridge).await?;
        tracing::Span::current().record("page", checkpoint.revision);
        if let Some((committed, report)) = self.unsettled.take()
            && committed == place
        {
            return Ok(report);
        }
        let ahead = self.ahead.take();
        // A failure is told. A page isn't kept over a pause: it is read again.
        if !ahead.as_ref().is_some_and(Ahead::has_failed) {
            self.go_on(bridge)?;
        }
        let held = self.read(bridge, ahead, &place.position).await?;
        let page = &held.page;
        self.look_at_start(&place.position, page);

        let next = Place {
            position: Position::After(page.cursor().clone()),
            last_page: match page.events() {
                [] => place.last_page.clone(),
                events => Some(PageDigest::of(events)),
            },
        };
        if next == place {
            if !page.events().is_empty() {
                tracing::warn!(
                    stream = %self.stream,
                    "the server gave the last page again at the same place: it is not sent again"
                );
            }
            return Ok(StepReport::default());
        }

        self.accepted.turn_to(&place.position);
        let mut ahead = self.read_on(page, &next.position);
        let delivery = self.deliver(bridge, &checkpoint, page, next);
        // Should the delivery fail, the page behind is of no use.
        let delivered = match &mut ahead {
            Some(ahead) => ahead.during(delivery).await,
            None => delivery.await,
        };
        match &delivered {
            Ok(_) => self.ahead = ahead,
            Err(_) => self.accepted.condense(),
        }
        delivered
    }

    /// Fails while a server is to be left alone.
    fn go_on(&self, bridge: &Bridge) -> Result<(), StepError> {
        let account = self.reader.paused_for().map(|wait| StepError::Paused {
            by: Scope::Account(self.stream.account.clone()),
            why: Pause::Asked,
            wait,
        });
        account.map_or_else(|| bridge.intake.go_on(), Err)
    }

    /// The page at this place: the one that was read ahead, if there is one.
    async fn read(
        &mut self,
        bridge: &Bridge,
        ahead: Option<Ahead>,
        position: &Position,
    ) -> Result<Held, StepError> {
        let mut expected = std::mem::take(&mut self.expected);
        let mut read = None;
        if let Some(ahead) = ahead {
            match ahead.page().await.map_err(StepError::Source)? {
                Answer::Page(held) if !self.reader.clock.has_jumped() => read = Some(held),
                // What time it is can't be told from a page that came before the clock was set.
                Answer::Page(held) => expected = held.page.size(),
                Answer::NoRoom(size) => expected = size,
            }
        }
        let held = loop {
            if let Some(held) = read {
                break held;
            }
            let room = self.reader.room(expected).await;
            // That may have taken a while.
            self.go_on(bridge)?;
            let answer = self.reader.read(position, room).await;
            match answer.map_err(StepError::Source)? {
                Answer::Page(held) => read = Some(held),
                Answer::NoRoom(size) => expected = size,
            }
        };
        if held.page.has_more() {
            self.expected = held.page.size();
        }
        Ok(held)
    }

    /// Begins to read what is behind this page, if there is more.
    fn read_on(&self, page: &Page, next: &Position) -> Option<Ahead> {
        let more = page.has_more() && self.reader.paused_for().is_none();
        more.then(|| self.reader.ahead(next.clone(), self.expected))
            .flatten()
    }

    /// Brings one page from the source to the store: mapped, sent, accepted, committed.
    async fn deliver(
        &mut self,
        bridge: &Bridge,
        checkpoint: &Checkpoint,
        page: &Page,
        next: Place,
    ) -> Result<StepReport, StepError> {
        let context = self.context.at(bridge.settings.clock.now());
        let mut shipment = Shipment::pack(page, &*bridge.settings.mapper, &context, &self.accepted);
        if !shipment.entries().is_empty() {
            self.send(bridge, &mut shipment).await?;
        }
        let letters = self.accepted.not_kept(shipment.letters());
        if !letters.is_empty() {
            let kept = bridge.settings.dead_letters.keep(&self.stream, &letters);
            kept.await.map_err(StepError::Store)?;
            self.accepted.add_kept(&letters);
        }
        let report = shipment.report(bridge.settings.clock.now());
        if let Err(error) = self.commit(bridge, checkpoint, next.clone()).await {
            self.unsettled = Some((next, report));
            return Err(error);
        }
        self.refusals.add(shipment.doubtful());
        Ok(report)
    }

    /// The stream's checkpoint. The first one is where to start, and is committed before anything is
    /// read, so that a restart doesn't move it.
    async fn checkpoint(&mut self, bridge: &Bridge) -> Result<(Checkpoint, Place), StepError> {
        let checkpoint = match self.checkpoint.clone() {
            Some(checkpoint) => checkpoint,
            None => bridge
                .settings
                .store
                .load(&self.stream)
                .await
                .map_err(StepError::Store)?,
        };
        if let Some(place) = checkpoint.place.clone() {
            self.checkpoint = Some(checkpoint.clone());
            return Ok((checkpoint, place));
        }
        let now = bridge.settings.clock.now();
        let back = bridge.settings.first_start;
        let start = self.window.start.or_else(|| now.checked_sub(back));
        let mut reset = Reset::new(start.unwrap_or(now).into());
        reset.end = self.window.end.map(Into::into);
        let place = Place {
            position: reset.into(),
            last_page: None,
        };
        let checkpoint = self.commit(bridge, &checkpoint, place.clone()).await?;
        Ok((checkpoint, place))
    }

    /// The start is this machine's idea of the time. What happens before it is never read, so one that
    /// is yet to come by the server's clock is worth a word.
    fn look_at_start(&self, position: &Position, page: &Page) {
        if let (Position::Reset(reset), Some(now)) = (position, page.server_time())
            && reset.start.to_system_time() > now
        {
            tracing::warn!(
                stream = %self.stream,
                start = %reset.start,
                "the stream starts in the future by 1Password's clock, and nothing before that is \
                 read: look at this machine's clock and at the account's start"
            );
        }
    }

    /// Sends the shipment, and remembers what the intake has accepted until the page is committed.
    async fn send(
        &mut self,
        bridge: &Bridge,
        shipment: &mut Shipment<'_>,
    ) -> Result<(), StepError> {
        match bridge.intake.send(shipment.entries()).await {
            Ok(receipt) => {
                // Only what has accepted is the intake: an error may be a gateway's, which has a clock
                // of its own.
                if let Some(time) = receipt.server_time {
                    bridge.settings.clock.learn(time);
                }
                shipment.delivered(&receipt);
                self.accepted.add(shipment.accepted());
                self.give_up_refused(bridge, shipment).await
            }
            Err(StepError::Sink { destination, error }) => {
                let accepted = error.accepted().iter();
                let accepted = accepted.filter_map(|&entry| shipment.event(entry));
                self.accepted.add(accepted);
                Err(StepError::Sink { destination, error })
            }
            Err(error) => Err(error),
        }
    }

    /// Gives up what the intake has refused, if the fault is the events' own and there are few.
    async fn give_up_refused(
        &mut self,
        bridge: &Bridge,
        shipment: &mut Shipment<'_>,
    ) -> Result<(), StepError> {
        self.refusals.allow(shipment.doubtful())?;
        if let Some(envelope) = shipment.doubtful_envelope()
            && !self.accepted.envelope()
        {
            let receipt = bridge.intake.send(&[envelope]).await?;
            if receipt.accepted == 0 {
                return Err(shipment.all_refused());
            }
            self.accepted.add_envelope();
        }
        shipment.give_up_refused(bridge.settings.clock.now());
        Ok(())
    }

    async fn commit(
        &mut self,
        bridge: &Bridge,
        from: &Checkpoint,
        next: Place,
    ) -> Result<Checkpoint, StepError> {
        let committed = bridge.settings.store.commit(from, next).await;
        // After a failure it may have happened all the same: the store will know.
        self.checkpoint = committed.as_ref().ok().cloned();
        if committed.is_ok() {
            self.accepted.forget();
        }
        committed.map_err(StepError::Store)
    }
}
