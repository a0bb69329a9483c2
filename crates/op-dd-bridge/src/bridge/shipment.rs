use std::collections::HashSet;
use std::time::SystemTime;

use datadog_logs::batch::Limits;
use datadog_logs::{LogEntry, Receipt, RefusalReason, Refused};
use onepassword_events::{Event, Page};

use super::accepted::Accepted;
use super::{StepError, StepReport};
use crate::{Context, DeadLetter, Mapped, Mapper};

/// What the log says that asks whether the intake takes an envelope.
const ENVELOPE_MESSAGE: &str = "op-dd: an event was refused; this log of the same source, host, \
     service, status and tags, without the event, finds out whether the fault is the event's own";

/// Real ids have 26 characters. One may be as long as an event, and a report is to be small.
const LONGEST_UUID: usize = 200;

/// A page made ready to be sent, and what became of it.
pub(super) struct Shipment<'a> {
    page: &'a Page,
    entries: Vec<LogEntry>,
    /// For each entry, where its event stands on the page.
    indices: Vec<usize>,
    letters: Vec<DeadLetter>,
    /// What the intake said against entries that it refused.
    refused: Vec<Refused>,
    report: StepReport,
    newest: Option<SystemTime>,
}

impl<'a> Shipment<'a> {
    /// Maps the page's events; those that were accepted before need not be sent.
    pub(super) fn pack(
        page: &'a Page,
        mapper: &dyn Mapper,
        context: &Context,
        accepted: &Accepted,
    ) -> Self {
        let events = page.events();
        let accepted = accepted.mark(events);
        let mut shipment = Self {
            page,
            entries: Vec::with_capacity(events.len()),
            indices: Vec::with_capacity(events.len()),
            letters: Vec::new(),
            refused: Vec::new(),
            report: StepReport {
                read: events.len(),
                ..StepReport::default()
            },
            newest: None,
        };
        for (index, (event, accepted)) in events.iter().zip(accepted).enumerate() {
            if !event.is_object() {
                let reason = "the event is not a JSON object";
                shipment.give_up(DeadLetter::new(event, context.now(), reason, None));
                continue;
            }
            let Mapped {
                entry,
                event_time,
                late,
                collisions,
                fault,
            } = mapper.map(event, context);
            if let Some(reason) = fault {
                shipment.give_up(DeadLetter::new(event, context.now(), reason, None));
                continue;
            }
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

    /// What is to be sent.
    pub(super) fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// What can't be.
    pub(super) fn letters(&self) -> &[DeadLetter] {
        &self.letters
    }

    /// The event that an entry is of.
    pub(super) fn event(&self, entry: usize) -> Option<&'a Event> {
        let &index = self.indices.get(entry)?;
        self.page.events().get(index)
    }

    /// The events that were sent and accepted, once it is delivered.
    pub(super) fn accepted(&self) -> impl Iterator<Item = &'a Event> {
        let refused: HashSet<_> = self.refused.iter().map(|refusal| refusal.index).collect();
        let accepted = (0..self.entries.len()).filter(move |entry| !refused.contains(entry));
        accepted.filter_map(|entry| self.event(entry))
    }

    /// Takes in what the intake said of each entry.
    pub(super) fn delivered(&mut self, receipt: &Receipt) {
        self.report.sent += receipt.accepted;
        self.report.bytes = receipt.bytes;
        self.report.bytes_sent = receipt.bytes_sent;
        self.refused.clone_from(&receipt.refused);
    }

    /// How many entries the intake refused that may not be at fault by themselves.
    pub(super) fn doubtful(&self) -> usize {
        let refused = self.refused.iter();
        refused.filter(|refusal| !is_its_own_fault(refusal)).count()
    }

    /// Where nothing else was accepted beside it: what a refused entry was sent in, without its event.
    /// If the intake takes that, the fault is the event's own.
    pub(super) fn doubtful_envelope(&self) -> Option<LogEntry> {
        if self.refused.len() < self.entries.len() {
            return None;
        }
        let doubtful = self
            .refused
            .iter()
            .find(|refusal| !is_its_own_fault(refusal))?;
        let entry = self.entries.get(doubtful.index)?;
        Some(entry.envelope(ENVELOPE_MESSAGE))
    }

    /// That the intake has refused everything, and the envelope, too.
    pub(super) fn all_refused(&self) -> StepError {
        StepError::AllRefused {
            entries: self.refused.len(),
            status: self.refused.first().and_then(status),
        }
    }

    /// Gives up what the intake has refused.
    pub(super) fn give_up_refused(&mut self, now: SystemTime) {
        let letter = |refusal: &Refused| {
            let event = self.event(refusal.index)?;
            let letter = DeadLetter::new(event, now, reason(refusal), status(refusal));
            Some(letter)
        };
        let letters: Vec<_> = self.refused.iter().filter_map(letter).collect();
        for letter in letters {
            self.give_up(letter);
        }
    }

    /// What there is to say of it once it is committed.
    pub(super) fn report(&self, now: SystemTime) -> StepReport {
        let lag = self.newest.and_then(|time| now.duration_since(time).ok());
        let events = self.page.events();
        StepReport {
            more: self.page.has_more(),
            moved: true,
            first_uuid: events.first().and_then(uuid),
            last_uuid: events.last().and_then(uuid),
            last_at: self.newest,
            lag,
            ..self.report.clone()
        }
    }

    fn give_up(&mut self, letter: DeadLetter) {
        self.letters.push(letter);
        self.report.refused += 1;
    }
}

fn uuid(event: &Event) -> Option<String> {
    let uuid = event.uuid().filter(|uuid| uuid.len() <= LONGEST_UUID)?;
    Some(uuid.into_owned())
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
