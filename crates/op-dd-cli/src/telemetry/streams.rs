use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use op_dd_bridge::{Name, StateFolder, StepReport, StreamId};
use prometheus_client::encoding::DescriptorEncoder;

use super::destination;
use super::exposition::{counter, gauge};

/// What has come of each stream.
#[derive(Default)]
pub(super) struct Streams {
    figures: Mutex<BTreeMap<StreamId, Figures>>,
    /// The dead letters of streams that are not shown yet: their account may come back.
    letters: Mutex<BTreeMap<StreamId, u64>>,
}

struct Figures {
    fetched: u64,
    sent: u64,
    late: u64,
    refused: u64,
    collisions: u64,
    pages: u64,
    bytes: u64,
    bytes_sent: u64,
    retries: u64,
    /// In the state folder, of earlier processes, too.
    dead_letters: u64,
    event_lag: Option<Duration>,
    /// Whether it goes on for ever: a job's stream comes to its end.
    is_live: bool,
    /// When a step last went well; before the first, when the stream was begun.
    succeeded: Instant,
}

type Counter = (&'static str, &'static str, fn(&Figures) -> u64);

const COUNTERS: [Counter; 9] = [
    (
        "op_dd_events_fetched_total",
        "Events on the pages that were committed.",
        |figures| figures.fetched,
    ),
    (
        "op_dd_events_sent_total",
        "Of those, the ones that the destination accepted.",
        |figures| figures.sent,
    ),
    (
        "op_dd_events_late_total",
        "Of those, the ones whose logs are not dated by their own time.",
        |figures| figures.late,
    ),
    (
        "op_dd_events_refused_total",
        "Of those, the ones that are dead letters now.",
        |figures| figures.refused,
    ),
    (
        "op_dd_attribute_collisions_total",
        "Keys of events that had to make way for the log's own.",
        |figures| figures.collisions,
    ),
    (
        "op_dd_pages_total",
        "Pages that were committed, empty ones too.",
        |figures| figures.pages,
    ),
    (
        "op_dd_payload_bytes_total",
        "Bytes of logs on those pages, before compression.",
        |figures| figures.bytes,
    ),
    (
        "op_dd_payload_compressed_bytes_total",
        "Bytes of logs on those pages, as they went over the wire.",
        |figures| figures.bytes_sent,
    ),
    (
        "op_dd_retries_total",
        "Steps that failed, after each of which there is another.",
        |figures| figures.retries,
    ),
];

impl Streams {
    pub(super) fn show<'a>(&self, streams: impl IntoIterator<Item = &'a StreamId>) {
        let mut all = self.lock();
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in streams {
            let figures = all.entry(stream.clone()).or_default();
            figures.is_live = true;
            figures.dead_letters += letters.remove(stream).unwrap_or_default();
        }
    }

    /// Takes note of the dead letters that earlier processes have left.
    pub(super) fn show_dead_letters(&self, state: &StateFolder) {
        let mut all = self.lock();
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        for kept in &state.streams {
            let Ok(file) = &kept.dead_letters else {
                continue;
            };
            if let Some(figures) = all.get_mut(&kept.stream) {
                figures.dead_letters += file.letters;
            } else if file.letters > 0 {
                letters.insert(kept.stream.clone(), file.letters);
            }
        }
    }

    pub(super) fn add(&self, stream: &StreamId, report: &StepReport) {
        let mut all = self.lock();
        let figures = all.entry(shown(stream)).or_default();
        figures.fetched += report.read as u64;
        figures.sent += report.sent as u64;
        figures.late += report.late as u64;
        figures.refused += report.refused as u64;
        figures.dead_letters += report.refused as u64;
        figures.collisions += report.collisions as u64;
        figures.pages += u64::from(report.moved);
        figures.bytes += report.bytes as u64;
        figures.bytes_sent += report.bytes_sent as u64;
        // How old history is says nothing.
        if figures.is_live {
            figures.event_lag = report.lag.or(figures.event_lag);
        }
        figures.succeeded = Instant::now();
    }

    pub(super) fn add_failure(&self, stream: &StreamId) {
        self.lock().entry(shown(stream)).or_default().retries += 1;
    }

    /// Events that live polling has brought to Datadog, and dead letters of all.
    pub(super) fn totals(&self) -> (u64, u64) {
        let all = self.lock();
        let to_datadog = all
            .iter()
            .filter(|(stream, _)| stream.destination == Name::DATADOG);
        let fetched = to_datadog.map(|(_, figures)| figures.fetched).sum();
        let refused = all.values().map(|figures| figures.refused).sum();
        (fetched, refused)
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let all = self.lock();
        for (name, help, figure) in COUNTERS {
            let samples = all
                .iter()
                .map(|(stream, figures)| (labels(stream), figure(figures)));
            counter(encoder, name, help, samples)?;
        }
        let dead_letters = all.iter().map(|(stream, figures)| {
            let letters = u32::try_from(figures.dead_letters).unwrap_or(u32::MAX);
            (labels(stream), f64::from(letters))
        });
        gauge(
            encoder,
            "op_dd_dead_letters",
            "Events that are kept in the state folder since they can't be delivered.",
            dead_letters,
        )?;
        let lags = all.iter().filter_map(|(stream, figures)| {
            let lag = figures.event_lag?;
            Some((labels(stream), seconds(lag)))
        });
        gauge(
            encoder,
            "op_dd_event_lag_seconds",
            "How old the last event was when it was accepted, by its own time.",
            lags,
        )?;
        let live = all.iter().filter(|(_, figures)| figures.is_live);
        let since = live.map(|(stream, figures)| {
            let since = figures.succeeded.elapsed();
            (labels(stream), seconds(since))
        });
        gauge(
            encoder,
            "op_dd_success_lag_seconds",
            "How long ago a step last went well, or the stream was begun.",
            since,
        )
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<StreamId, Figures>> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shown(stream: &StreamId) -> StreamId {
    StreamId {
        destination: destination(&stream.destination),
        ..stream.clone()
    }
}

/// To the millisecond: more is noise, and makes the page longer.
fn seconds(length: Duration) -> f64 {
    (length.as_secs_f64() * 1000.0).round() / 1000.0
}

fn labels(stream: &StreamId) -> [(&'static str, &str); 3] {
    [
        ("account", stream.account.as_str()),
        ("feed", stream.feed.as_str()),
        ("destination", stream.destination.as_str()),
    ]
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            fetched: 0,
            sent: 0,
            late: 0,
            refused: 0,
            collisions: 0,
            pages: 0,
            bytes: 0,
            bytes_sent: 0,
            retries: 0,
            dead_letters: 0,
            event_lag: None,
            is_live: false,
            succeeded: Instant::now(),
        }
    }
}
