use std::error::Error;
use std::ops::Range;
use std::time::SystemTime;

use bytes::Bytes;

use crate::batch::{self, Fill, Limits};
use crate::{
    Answer, Compression, Intake, LogEntry, Receipt, RefusalReason, Refused, Retry, SendError,
    SendErrorKind,
};

/// So many entries refused by status may be their own fault. One more, and it is something that all
/// have in common.
const MOST_REJECTED: usize = 10;

/// The protocol of one delivery, without the I/O: says which bytes to post next, is told what came
/// of it, and ends with a [`Receipt`].
///
/// Entries go out strictly in order. What the intake refuses is repaired as far as the protocol
/// allows:
///
/// - 413: the batch is split in two; an entry alone that is too large is refused.
/// - 415, and 400 to a zstd body where zstd was never accepted: the same entries are sent in
///   another compression.
/// - 400: the batch is bisected, in order, down to the entries that are refused; the eleventh ends
///   it.
///
/// Every other answer than 202 is an error. The delivery stands where it stood, so that it may be
/// taken up again after a while: what was not accepted comes next.
///
/// ```
/// use datadog_logs::{Answer, Compression, Intake, LogEntry, Site};
///
/// let intake = Intake::new(&Site::EU1, Compression::None);
/// let entries = [LogEntry::new("one"), LogEntry::new("two")];
/// let mut delivery = intake.deliver(&entries);
/// while let Some(batch) = delivery.next_batch()? {
///     assert_eq!(&batch.body[..], br#"[{"message":"one"},{"message":"two"}]"#);
///     // post it to `intake.url()` with any HTTP client, then:
///     delivery.answered(&Answer::new(202))?;
/// }
/// assert_eq!(delivery.into_receipt().accepted, 2);
/// # Ok::<_, datadog_logs::SendError>(())
/// ```
#[derive(Debug)]
pub struct Delivery<'a> {
    intake: &'a Intake,
    entries: &'a [LogEntry],
    /// A stack of adjacent ranges: the last one comes first.
    pending: Vec<Pending>,
    in_flight: Option<InFlight>,
    accepted: Vec<Range<usize>>,
    rejected: usize,
    answered_at: Option<SystemTime>,
    receipt: Receipt,
}

/// One request body, with what its headers must say.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Batch {
    /// The body, to be posted as `application/json`.
    pub body: Bytes,
    /// What it is compressed with: the `Content-Encoding`.
    pub compression: Compression,
    /// The entries in it, as indices into the slice that is delivered.
    pub entries: Range<usize>,
    /// Its size before compression.
    pub bytes: usize,
}

#[derive(Debug)]
struct Pending {
    entries: Range<usize>,
    /// Set where these very entries are sent once more because the intake may not have understood
    /// the first body.
    second_choice: Option<Compression>,
}

#[derive(Debug)]
struct InFlight {
    pending: Pending,
    compression: Compression,
    bytes: usize,
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(intake: &'a Intake, entries: &'a [LogEntry]) -> Self {
        let mut delivery = Self {
            intake,
            entries,
            pending: Vec::new(),
            in_flight: None,
            accepted: Vec::new(),
            rejected: 0,
            answered_at: None,
            receipt: Receipt::default(),
        };
        delivery.push(0..entries.len(), None);
        delivery
    }

    /// What to post next; `None` when there is nothing left. A batch of which nothing was told
    /// comes again.
    ///
    /// # Errors
    ///
    /// [`SendError`] of kind [`Compression`](SendErrorKind::Compression) if the body can't be
    /// compressed.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, SendError> {
        self.take_back();
        while let Some(pending) = self.pending.pop() {
            let Range { start, end } = pending.entries;
            let mut body = Vec::new();
            match batch::fill(&mut body, &self.entries[start..end], &Limits::default()) {
                Fill::Entries(count) => {
                    let middle = start + count;
                    self.push(middle..end, None);
                    return self
                        .pack(start..middle, pending.second_choice, body)
                        .map(Some);
                }
                Fill::TooLarge { bytes } => {
                    self.push(start + 1..end, None);
                    self.refuse(start, RefusalReason::TooLarge { bytes });
                }
            }
        }
        Ok(None)
    }

    /// Takes the intake's answer to the batch that was posted last.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the answer says neither that the batch was accepted nor what is to be done
    /// about it.
    pub fn answered(&mut self, answer: &Answer<'_>) -> Result<(), SendError> {
        let Some(InFlight {
            pending,
            compression,
            bytes,
        }) = self.in_flight.take()
        else {
            return Ok(());
        };
        let Range { start, end } = pending.entries;
        self.answered_at = answer.server_time().or(self.answered_at);
        let status = answer.status;
        if status == 202 {
            self.receipt.server_time = self.answered_at;
            self.intake.accepted(compression);
            self.receipt.accepted += end - start;
            self.accepted.push(start..end);
            return Ok(());
        }
        // A second choice isn't followed by a third, except that gzip gives way to no compression
        // at all.
        if let Some(second_choice) = self.intake.second_choice(compression, status) {
            self.push(start..end, Some(second_choice));
            return Ok(());
        }
        match status {
            400 | 413 if end - start > 1 => {
                let entries = end - start;
                tracing::debug!(
                    host = self.intake.host(),
                    status,
                    entries,
                    "splitting a batch"
                );
                let middle = start + entries / 2;
                self.push(middle..end, None);
                self.push(start..middle, None);
                Ok(())
            }
            413 => {
                // The brackets are not the entry's.
                let bytes = bytes - 2;
                self.refuse(start, RefusalReason::TooLarge { bytes });
                Ok(())
            }
            400 => {
                self.refuse(start, RefusalReason::Rejected { status });
                self.rejected += 1;
                if self.rejected <= MOST_REJECTED {
                    return Ok(());
                }
                Err(self.error(SendError::new(SendErrorKind::Rejected).with_status(status)))
            }
            _ => {
                self.push(start..end, pending.second_choice);
                let retry = Retry::after_answer(status, answer.retry_after, answer.server_time());
                let error = SendError::new(SendErrorKind::of_status(status));
                Err(self.error(error.with_status(status).with_retry(retry)))
            }
        }
    }

    /// Takes note that there was no answer to the batch that was posted last, or that it could not
    /// be posted. Returns the error to end with, which names what was accepted before.
    #[must_use]
    pub fn failed(
        &mut self,
        kind: SendErrorKind,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> SendError {
        self.take_back();
        self.error(SendError::new(kind).with_source(source))
    }

    /// What became of the entries so far: of all of them, once [`next_batch`](Self::next_batch) has
    /// returned `None`.
    #[must_use]
    pub fn into_receipt(self) -> Receipt {
        self.receipt
    }

    fn pack(
        &mut self,
        entries: Range<usize>,
        second_choice: Option<Compression>,
        body: Vec<u8>,
    ) -> Result<Batch, SendError> {
        let compression = second_choice.unwrap_or_else(|| self.intake.compression());
        let bytes = body.len();
        self.in_flight = Some(InFlight {
            pending: Pending {
                entries: entries.clone(),
                second_choice,
            },
            compression,
            bytes,
        });
        let body = compression
            .compress(body)
            .map_err(|error| self.failed(SendErrorKind::Compression, error))?;
        self.receipt.requests += 1;
        self.receipt.bytes += bytes;
        self.receipt.bytes_sent += body.len();
        Ok(Batch {
            body: body.into(),
            compression,
            entries,
            bytes,
        })
    }

    fn take_back(&mut self) {
        self.pending
            .extend(self.in_flight.take().map(|batch| batch.pending));
    }

    fn push(&mut self, entries: Range<usize>, second_choice: Option<Compression>) {
        if !entries.is_empty() {
            self.pending.push(Pending {
                entries,
                second_choice,
            });
        }
    }

    fn refuse(&mut self, index: usize, reason: RefusalReason) {
        tracing::debug!(
            host = self.intake.host(),
            index,
            ?reason,
            "an entry is refused"
        );
        self.receipt.refused.push(Refused::new(index, reason));
    }

    fn error(&self, error: SendError) -> SendError {
        let error = error
            .with_host(self.intake.host())
            .with_accepted(self.accepted.iter().cloned().flatten().collect())
            .with_refused(self.receipt.refused.clone());
        match self.answered_at {
            Some(time) => error.with_server_time(time),
            None => error,
        }
    }
}
