use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use datadog_logs::batch::Limits;
use datadog_logs::{LogEntry, Receipt, RefusalReason, Refused};
use onepassword_events::{Page, Position, Reset};

use super::accepted::Accepted;
use super::reader::{Ahead, Reader};
use super::{Bridge, FIRST_START, StepError, StepReport};
use crate::{Checkpoint, Context, DeadLetter, Mapped, PageDigest, Place, StreamId};

/// A stream at work: the way of one page, again and again.
pub(super) struct Lane {
    stream: StreamId,
    reader: Reader,
    start: Option<SystemTime>,
    context: Context,
    checkpoint: Option<Checkpoint>,
    ahead: Option<Ahead>,
    accepted: Accepted,
}

/// A page made ready to be sent.
struct Shipment {
    entries: Vec<LogEntry>,
    /// For each entry, where its event stands on the page.
    indices: Vec<usize>,
    letters: Vec<DeadLetter>,
    report: StepReport,
    newest: Option<SystemTime>,
}

impl Lane {
    pub(super) fn new(
        stream: StreamId,
        reader: Reader,
        start: Option<SystemTime>,
        context: Context,
    ) -> Self {
        Self {
            stream,
            reader,
            start,
            context,
            checkpoint: None,
            ahead: None,
            accepted: Accepted::default(),
        }
    }

    pub(super) async fn step(&mut self, bridge: &Bridge) -> Result<StepReport, StepError> {
        let (checkpoint, place) = self.checkpoint(bridge).await?;
        let ahead = self.ahead.take();
        // A failure is told. A page isn't kept over a pause: it is read again.
        if !ahead.as_ref().is_some_and(Ahead::has_failed) {
            go_on_unless(self.reader.paused_for().max(bridge.intake.closed_for()))?;
        }
        let page = match ahead {
            Some(ahead) => ahead.page().await,
            None => self.reader.read(&place.position).await,
        };
        let page = page.map_err(StepError::Source)?;
        self.look_at_start(&place.position, &page);

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

        // While this page was being read, the intake may have asked another stream to leave it alone.
        if !page.events().is_empty() {
            go_on_unless(bridge.intake.closed_for())?;
        }
        self.accepted.turn_to(&place.position);
        let read_on = page.has_more() && self.reader.paused_for().is_none();
        let mut ahead = read_on.then(|| self.reader.ahead(next.position.clone()));
        let delivery = self.deliver(bridge, &checkpoint, &page, next);
        // Should the delivery fail, the page behind is of no use.
        let report = match &mut ahead {
            Some(ahead) => ahead.during(delivery).await?,
            None => delivery.await?,
        };
        self.ahead = ahead;
        Ok(report)
    }

    /// Brings one page from the source to the store: mapped, sent, accepted, committed.
    async fn deliver(
        &mut self,
        bridge: &Bridge,
        checkpoint: &Checkpoint,
        page: &Page,
        next: Place,
    ) -> Result<StepReport, StepError> {
        let mut shipment = self.load(page, bridge);
        if !shipment.entries.is_empty() {
            let receipt = self.send(bridge, &shipment, page).await?;
            self.unload(&receipt, &mut shipment, page, bridge)?;
        }
        if !shipment.letters.is_empty() {
            let kept = bridge.dead_letters.keep(&self.stream, &shipment.letters);
            kept.await.map_err(StepError::Store)?;
        }
        self.commit(bridge, checkpoint, next).await?;

        let mut report = shipment.report;
        report.more = page.has_more();
        report.moved = true;
        report.lag = shipment
            .newest
            .and_then(|time| bridge.clock.now().duration_since(time).ok());
        Ok(report)
    }

    /// The stream's checkpoint. The first one is where to start, and is committed before anything is
    /// read, so that a restart doesn't move it.
    async fn checkpoint(&mut self, bridge: &Bridge) -> Result<(Checkpoint, Place), StepError> {
        let checkpoint = match self.checkpoint.take() {
            Some(checkpoint) => checkpoint,
            None => bridge
                .store
                .load(&self.stream)
                .await
                .map_err(StepError::Store)?,
        };
        let place = if let Some(place) = checkpoint.place.clone() {
            self.checkpoint = Some(checkpoint.clone());
            place
        } else {
            let now = bridge.clock.now();
            let start = self
                .start
                .unwrap_or_else(|| now.checked_sub(FIRST_START).unwrap_or(now));
            let place = Place {
                position: Reset::new(start.into()).into(),
                last_page: None,
            };
            self.commit(bridge, &checkpoint, place.clone()).await?;
            place
        };
        let checkpoint = self.checkpoint.clone().unwrap_or(checkpoint);
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

    /// Maps the page's events, but for those that were accepted before.
    fn load(&self, page: &Page, bridge: &Bridge) -> Shipment {
        let events = page.events();
        let context = self.context.at(bridge.clock.now());
        let accepted = self.accepted.mark(events);
        let mut shipment = Shipment {
            entries: Vec::with_capacity(events.len()),
            indices: Vec::with_capacity(events.len()),
            letters: Vec::new(),
            report: StepReport {
                read: events.len(),
                ..StepReport::default()
            },
            newest: None,
        };
        for (index, (event, accepted)) in events.iter().zip(accepted).enumerate() {
            if !event.is_object() {
                let reason = "the event is not a JSON object";
                shipment
                    .letters
                    .push(DeadLetter::new(event, context.now(), reason, None));
                shipment.report.refused += 1;
                continue;
            }
            let Mapped {
                entry,
                event_time,
                late,
                collisions,
            } = bridge.mapper.map(event, &context);
            shipment.report.late += usize::from(late);
            shipment.report.collisions += collisions;
            shipment.newest = event_time.or(shipment.newest);
            if accepted {
                shipment.report.sent += 1;
            } else {
                shipment.entries.push(entry);
                shipment.indices.push(index);
            }
        }
        shipment
    }

    async fn send(
        &mut self,
        bridge: &Bridge,
        shipment: &Shipment,
        page: &Page,
    ) -> Result<Receipt, StepError> {
        match bridge.sink.send(&shipment.entries).await {
            Ok(receipt) => {
                // Only what has accepted is the intake: an error may be a gateway's, which has a clock
                // of its own.
                if let Some(time) = receipt.server_time {
                    bridge.clock.learn(time);
                }
                Ok(receipt)
            }
            Err(error) => {
                for &entry in error.accepted() {
                    self.accept(page, shipment, entry);
                }
                let error = StepError::Sink(error);
                if let Some(wait) = error.asked_wait() {
                    bridge.intake.close_for(wait);
                }
                Err(error)
            }
        }
    }

    /// Takes in what the intake said of each entry.
    fn unload(
        &mut self,
        receipt: &Receipt,
        shipment: &mut Shipment,
        page: &Page,
        bridge: &Bridge,
    ) -> Result<(), StepError> {
        let refused = &receipt.refused;
        let indices: HashSet<_> = refused.iter().map(|refusal| refusal.index).collect();
        for entry in 0..shipment.entries.len() {
            if !indices.contains(&entry) {
                self.accept(page, shipment, entry);
            }
        }
        shipment.report.sent += receipt.accepted;
        shipment.report.bytes = receipt.bytes;
        shipment.report.bytes_sent = receipt.bytes_sent;

        let some_accepted = shipment.report.sent > 0;
        if !some_accepted && !refused.iter().all(is_its_own_fault) {
            return Err(StepError::AllRefused {
                entries: refused.len(),
                status: refused.first().and_then(status),
            });
        }
        let now = bridge.clock.now();
        for refusal in refused {
            let Some(event) = shipment
                .indices
                .get(refusal.index)
                .and_then(|&index| page.events().get(index))
            else {
                continue;
            };
            let letter = DeadLetter::new(event, now, reason(refusal), status(refusal));
            shipment.letters.push(letter);
            shipment.report.refused += 1;
        }
        Ok(())
    }

    fn accept(&mut self, page: &Page, shipment: &Shipment, entry: usize) {
        let event = shipment
            .indices
            .get(entry)
            .and_then(|&index| page.events().get(index));
        if let Some(event) = event {
            self.accepted.add(event);
        }
    }

    async fn commit(
        &mut self,
        bridge: &Bridge,
        from: &Checkpoint,
        next: Place,
    ) -> Result<(), StepError> {
        let committed = bridge.store.commit(from, next).await;
        // After a failure it may have happened all the same: the store will know.
        self.checkpoint = committed.as_ref().ok().cloned();
        committed.map(drop).map_err(StepError::Store)
    }
}

fn go_on_unless(closed_for: Option<Duration>) -> Result<(), StepError> {
    closed_for.map_or(Ok(()), |wait| Err(StepError::Paused { wait }))
}

/// An entry over the intake's documented size is at fault by itself, whatever became of the others.
fn is_its_own_fault(refusal: &Refused) -> bool {
    let most = Limits::default().entry_bytes;
    matches!(refusal.reason, RefusalReason::TooLarge { bytes } if bytes > most)
}

fn status(refusal: &Refused) -> Option<u16> {
    match refusal.reason {
        RefusalReason::Rejected { status } => Some(status),
        _ => None,
    }
}

fn reason(refusal: &Refused) -> String {
    match refusal.reason {
        RefusalReason::TooLarge { bytes } => {
            format!("the log is too large for the intake ({bytes} bytes)")
        }
        RefusalReason::Rejected { status } => format!("the intake refused the log ({status})"),
        _ => "the intake refused the log".to_owned(),
    }
}
