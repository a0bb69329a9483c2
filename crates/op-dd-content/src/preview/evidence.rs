use jiff::Timestamp;

use super::index::Index;
use super::{INVENTED, Refusal, Signals};
use crate::{Dashboard, Log};

/// What a page is drawn from.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    dashboard: &'a Dashboard,
    logs: Index<'a>,
    signals: Index<'a>,
    pub(super) span: Span,
}

/// From the first log to the last, in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) first: i64,
    pub(super) last: i64,
}

/// What dashboards look into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Logs,
    Signals,
}

impl<'a> Evidence<'a> {
    pub(super) fn new(dashboard: &'a Dashboard, logs: &'a [Log], signals: &'a Signals) -> Self {
        let logs = Index::new(logs);
        let ends = (logs.logs().first(), logs.logs().last());
        let span = match ends {
            (Some(first), Some(last)) => Span {
                first: first.millis(),
                last: last.millis(),
            },
            _ => Span { first: 0, last: 0 },
        };
        Self {
            dashboard,
            logs,
            signals: Index::new(signals.logs()),
            span,
        }
    }

    pub(super) fn index(&mut self, source: Source) -> &mut Index<'a> {
        match source {
            Source::Logs => &mut self.logs,
            Source::Signals => &mut self.signals,
        }
    }

    /// A query with the template variables as they are at first.
    pub(super) fn filled(&self, query: &str) -> String {
        self.dashboard.with_defaults(query).trim().to_owned()
    }

    /// How many of the logs bear a tag.
    pub(super) fn tagged(&self, tag: &str) -> usize {
        let logs = self.logs.logs().iter();
        logs.filter(|log| log.tags().any(|own| own == tag)).count()
    }
}

impl Source {
    pub(super) fn named(name: &str) -> Result<Self, Refusal> {
        match name {
            "logs" | "logs_stream" => Ok(Self::Logs),
            "security_signals" | "security_signals_stream" => Ok(Self::Signals),
            other => Err(Refusal(format!("the data source `{other}` isn't known"))),
        }
    }

    /// One of what is in it.
    pub(super) fn thing(self) -> &'static str {
        match self {
            Self::Logs => "log",
            Self::Signals => "signal",
        }
    }
}

pub(super) fn is_invented(log: &Log) -> bool {
    log.tags().any(|tag| tag == INVENTED)
}

/// A date as the page has it, to the minute.
pub(super) fn minute(millis: i64) -> String {
    let time = Timestamp::from_millisecond(millis).unwrap_or_default();
    time.strftime("%Y-%m-%d %H:%M").to_string()
}
