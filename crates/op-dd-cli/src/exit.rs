use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use datadog_logs::SendErrorKind;
use onepassword_events::ErrorKind;
use op_dd_bridge::{StoreError, StoreErrorKind};

/// What the program's exit code says. The numbers are a promise to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Clean = 0,
    Defect = 1,
    Configuration = 2,
    Token = 3,
    ApiKey = 4,
    Unreachable = 5,
    StateFolder = 6,
    Checkpoint = 7,
    Held = 8,
    Partial = 9,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Token | ErrorKind::Unauthorized => Self::Token,
            ErrorKind::Timeout
            | ErrorKind::Connect
            | ErrorKind::Certificate
            | ErrorKind::Network
            | ErrorKind::Server
            | ErrorKind::RateLimited
            | ErrorKind::NotFound
            | ErrorKind::Unexpected => Self::Unreachable,
            _ => Self::Partial,
        }
    }
}

impl From<SendErrorKind> for Exit {
    fn from(kind: SendErrorKind) -> Self {
        match kind {
            SendErrorKind::Unauthorized => Self::ApiKey,
            SendErrorKind::Storage(_) => Self::StateFolder,
            SendErrorKind::Timeout
            | SendErrorKind::Connect
            | SendErrorKind::Certificate
            | SendErrorKind::Network
            | SendErrorKind::Server
            | SendErrorKind::RateLimited
            | SendErrorKind::Unexpected(_) => Self::Unreachable,
            _ => Self::Partial,
        }
    }
}

/// Why the program ends otherwise than clean: a line that names the cause and the remedy, or several
/// if there are several causes at once.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    exit: Exit,
    line: String,
    more: Vec<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, line: impl Into<String>) -> Self {
        Self {
            exit,
            line: line.into(),
            more: Vec::new(),
        }
    }

    /// All that is wrong, in order.
    pub(crate) fn several(exit: Exit, lines: impl IntoIterator<Item = String>) -> Self {
        let mut lines = lines.into_iter();
        Self {
            exit,
            line: lines.next().unwrap_or_default(),
            more: lines.collect(),
        }
    }

    pub(crate) fn configuration(line: impl Into<String>) -> Self {
        Self::new(Exit::Configuration, line)
    }

    /// Adds what lies at the bottom of `error`, unless the line says it already.
    pub(crate) fn because(mut self, error: &dyn Error) -> Self {
        let mut bottom = error;
        while let Some(cause) = bottom.source() {
            bottom = cause;
        }
        let cause = bottom.to_string();
        if !self.line.contains(&cause) {
            self.line = format!("{} ({cause})", self.line);
        }
        self
    }

    /// Line by line, each cause with its own.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.line)
            .chain(&self.more)
            .map(String::as_str)
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

impl From<StoreErrorKind> for Exit {
    fn from(kind: StoreErrorKind) -> Self {
        match kind {
            StoreErrorKind::Unreadable => Self::Checkpoint,
            StoreErrorKind::Held => Self::Held,
            _ => Self::StateFolder,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(error.kind().into(), error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)?;
        self.more.iter().try_for_each(|line| write!(f, "; {line}"))
    }
}
