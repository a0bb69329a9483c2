use std::sync::Arc;
use std::time::{Duration, SystemTime};

use datadog_logs::{LogEntry, Receipt, RefusalReason, Refused};
use onepassword_events::{Error as SourceError, EventSource, Page, Position, Reset};

use super::accepted::Accepted;
use super::gate::Gate;
use super::{Bridge, FIRST_START, StepError, StepReport};
use crate::{Checkpoint, Context, DeadLetter, Mapped, PageDigest, Place, StreamId};

/// A stream at work: the way of one page, again and again.
pub(super) struct Lane {
    stream: StreamId,
    source: Arc<dyn EventSource>,
    start: Option<SystemTime>,
    context: Context,
    checkpoint: Option<Checkpoint>,
    /// The page behind the last one, read while that was being sent.
    ahead: Option<Result<Page, SourceError>>,
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
        source: Arc<dyn EventSource>,
        start: Option<SystemTime>,
        context: Context,
    ) -> Self {
        Self {
            stream,
            source,
            start,
            context,
            checkpoint: None,
            ahead: None,
            accepted: Accepted::default(),
        }
    }

    pub(super) async fn step(
        &mut self,
        bridge: &Bridge,
        account: &Gate,
    ) -> Result<StepReport, StepError> {
        let (checkpoint, place) = self.checkpoint(bridge).await?;
        // A page isn't kept over a pause: it is read again.
        let ahead = self.ahead.take();
        go_on_unless(account.closed_for().max(bridge.intake.closed_for()))?;
        let page = match ahead {
            Some(page) => page,
            None => self.source.page(self.stream.feed, &place.position).await,
        };
        let page = page.map_err(StepError::Source)?;
        if let Some(time) = page.server_time() {
            bridge.clock.guess(time);
        }

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
        let source = Arc::clone(&self.source);
        let feed = self.stream.feed;
        let read_on = page.has_more() && account.closed_for().is_none();
        let behind = read_on.then(|| next.position.clone());
        let ahead = async {
            match behind {
                Some(position) => Ok(Some(source.page(feed, &position).await)),
                None => Ok(None),
            }
        };
        // Should the delivery fail, the page behind is of no use and isn't waited for.
        let delivery = self.deliver(bridge, &checkpoint, &page, next);
        let (report, ahead) = tokio::try_join!(delivery, ahead)?;
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
        let sent = bridge.sink.send(&shipment.entries).await;
        let server_time = match &sent {
            Ok(receipt) => receipt.server_time,
            Err(error) => error.server_time(),
        };
        if let Some(time) = server_time {
            bridge.clock.learn(time);
        }
        sent.map_err(|error| {
            for &entry in error.accepted() {
                self.accept(page, shipment, entry);
            }
            StepError::Sink(error)
        })
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
        let mut refusals = refused.iter().peekable();
        for entry in 0..shipment.entries.len() {
            if refusals.next_if(|refusal| refusal.index == entry).is_none() {
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
    matches!(refusal.reason, RefusalReason::TooLarge { bytes } if bytes > 1_000_000)
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
