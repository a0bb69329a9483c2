use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use onepassword_events::Feed;
use op_dd_bridge::Name;

use crate::exit::{Exit, Failure};

/// What came of a check.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) subject: Subject,
    pub(super) outcome: Outcome,
    pub(super) detail: String,
    pub(super) took: Duration,
}

/// What a check is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Machine,
    OnePassword,
    Account(Name),
    Feed(Name, Feed),
    Datadog,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Ok,
    /// It works, for now.
    Warn {
        remedy: String,
    },
    Fail {
        remedy: String,
        exit: Exit,
    },
    Skipped,
}

/// A check that is under way.
#[derive(Debug)]
pub(super) struct Check {
    name: &'static str,
    subject: Subject,
    begun: Instant,
}

impl Check {
    pub(super) fn begin(name: &'static str, subject: Subject) -> Self {
        Self {
            name,
            subject,
            begun: Instant::now(),
        }
    }

    pub(super) fn ok(self, detail: impl Into<String>) -> Finding {
        self.end(Outcome::Ok, detail)
    }

    pub(super) fn warn(self, detail: impl Into<String>, remedy: impl Into<String>) -> Finding {
        let remedy = remedy.into();
        self.end(Outcome::Warn { remedy }, detail)
    }

    pub(super) fn fail(
        self,
        exit: Exit,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        let remedy = remedy.into();
        self.end(Outcome::Fail { remedy, exit }, detail)
    }

    pub(super) fn skipped(self, why: impl Into<String>) -> Finding {
        self.end(Outcome::Skipped, why)
    }

    /// What would end `op-dd run`.
    pub(super) fn failed(self, failure: &Failure) -> Finding {
        let (detail, remedy) = parted(&failure.to_string());
        self.fail(failure.exit(), detail, remedy)
    }

    /// The same, a finding for each of its causes. Each says itself what is to be written instead.
    pub(super) fn failed_for_each(self, failure: &Failure) -> Vec<Finding> {
        let causes = failure.lines().map(|line| {
            Self {
                name: self.name,
                subject: self.subject.clone(),
                begun: self.begun,
            }
            .fail(failure.exit(), line, "mend it there")
        });
        causes.collect()
    }

    fn end(self, outcome: Outcome, detail: impl Into<String>) -> Finding {
        Finding {
            check: self.name,
            subject: self.subject,
            outcome,
            detail: detail.into(),
            took: self.begun.elapsed(),
        }
    }
}

impl Finding {
    /// Adds what of this program's commands helps.
    pub(super) fn add_to_remedy(&mut self, more: Option<&str>) {
        if let Outcome::Warn { remedy } | Outcome::Fail { remedy, .. } = &mut self.outcome {
            remedy.push_str(more.unwrap_or_default());
        }
    }
}

impl Subject {
    /// The account that it is of or about.
    pub(super) fn account(&self) -> Option<&Name> {
        match self {
            Self::Account(name) | Self::Feed(name, _) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine => f.write_str("machine"),
            Self::OnePassword => f.write_str("1password"),
            Self::Account(name) => write!(f, "1password/{name}"),
            Self::Feed(name, feed) => write!(f, "1password/{name}/{feed}"),
            Self::Datadog => f.write_str("datadog"),
        }
    }
}

impl Outcome {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn { .. } => "warn",
            Self::Fail { .. } => "FAIL",
            Self::Skipped => "skipped",
        }
    }

    pub(super) fn remedy(&self) -> Option<&str> {
        match self {
            Self::Warn { remedy } | Self::Fail { remedy, .. } => Some(remedy),
            Self::Ok | Self::Skipped => None,
        }
    }

    pub(super) fn exit(&self) -> Option<Exit> {
        match self {
            Self::Fail { exit, .. } => Some(*exit),
            _ => None,
        }
    }
}

/// Our errors say what happened, and behind the last colon what to do.
pub(super) fn parted(error: &str) -> (String, String) {
    match error.rsplit_once(": ") {
        Some((what, remedy)) => (what.to_owned(), remedy.to_owned()),
        None => (error.to_owned(), "see what it says".to_owned()),
    }
}

/// What lies at the bottom of an error, in brackets, if there is something.
pub(super) fn cause(error: &dyn Error) -> String {
    let mut bottom = error;
    while let Some(cause) = bottom.source() {
        bottom = cause;
    }
    if std::ptr::eq(bottom, error) {
        return String::new();
    }
    format!(" ({bottom})")
}
