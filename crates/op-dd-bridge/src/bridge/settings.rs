use std::sync::Arc;
use std::time::{Duration, SystemTime};

use datadog_logs::Tags;
use tokio::sync::watch;

use super::Progress;
use super::alarms::Alarms;
use super::budget::Budget;
use super::clock::Clock;
use crate::{CursorStore, DeadLetters, DefaultMapper, Mapper, Name};

/// What a bridge has in common with those that are [beside](super::Bridge::beside) it.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) store: Arc<dyn CursorStore>,
    pub(super) dead_letters: Arc<dyn DeadLetters>,
    pub(super) mapper: Arc<dyn Mapper>,
    pub(super) tags: Tags,
    pub(super) destination: Name,
    pub(super) poll_interval: Duration,
    pub(super) first_start: Duration,
    pub(super) budget: Budget,
    pub(super) clock: Clock,
    pub(super) alarms: Arc<Alarms>,
    /// Tells those that wait since they failed to look again.
    pub(super) look_again: watch::Sender<()>,
    pub(super) observer: Option<Observer>,
}

pub(super) type Observer = Arc<dyn Fn(&Progress<'_>) + Send + Sync>;

impl Settings {
    pub(super) fn new(store: Arc<dyn CursorStore>, dead_letters: Arc<dyn DeadLetters>) -> Self {
        Self {
            store,
            dead_letters,
            mapper: Arc::new(DefaultMapper::new()),
            tags: Tags::default(),
            destination: Name::DATADOG,
            poll_interval: Duration::from_secs(10),
            // Less than the window of late events, so that nothing of a first start is late.
            first_start: Duration::from_secs(17 * 3600),
            budget: Budget::new(24 * 1024 * 1024),
            clock: Clock::new(Arc::new(SystemTime::now)),
            alarms: Arc::default(),
            look_again: watch::Sender::default(),
            observer: None,
        }
    }
}
