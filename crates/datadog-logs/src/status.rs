use std::fmt;

/// How severe a log is: the eight syslog severities in the spellings that Datadog shows.
///
/// A log without a status counts as `info`
/// (<https://docs.datadoghq.com/logs/log_configuration/processors/log_status_remapper/>).
/// Ordered from the most severe to the least, as syslog numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// `emerg`: the system is unusable.
    Emergency,
    /// `alert`: act at once.
    Alert,
    /// `critical`
    Critical,
    /// `error`
    Error,
    /// `warn`
    Warn,
    /// `notice`: normal, but worth a look.
    Notice,
    /// `info`
    Info,
    /// `debug`
    Debug,
}

impl Status {
    /// The word that is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emerg",
            Self::Alert => "alert",
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
