use std::time::{Duration, SystemTime};

use super::finding::{Check, Finding, Subject};

/// What a server's clock said, and how far this machine's is from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) host: String,
    difference: Duration,
    /// Whether this machine's is the one that is ahead.
    ahead: bool,
}

/// An answer's date counts whole seconds and is a little old when it is read: less is no difference.
const TOLERANCE: Duration = Duration::from_secs(5);

impl Reading {
    /// Holds a server's time against this machine's, of when it was asked.
    pub(super) fn new(host: impl Into<String>, server: SystemTime, asked: SystemTime) -> Self {
        let (difference, ahead) = match asked.duration_since(server) {
            Ok(ahead) => (ahead, true),
            Err(behind) => (behind.duration(), false),
        };
        Self {
            host: host.into(),
            difference,
            ahead,
        }
    }
}

/// The clock of this machine against those of a side's servers. A wrong one fails nothing: events are dated by the
/// intake's clock as soon as it has answered.
pub(super) fn check(check: Check, readings: Vec<Reading>) -> Finding {
    let widest = readings
        .into_iter()
        .max_by_key(|reading| reading.difference);
    let Some(Reading {
        host,
        difference,
        ahead,
    }) = widest
    else {
        return check.skipped("no server has said what time it is");
    };
    if difference < TOLERANCE {
        return check.ok(format!("as {host} has it"));
    }
    let which = if ahead { "ahead of" } else { "behind" };
    check.warn(
        format!("this machine's is {} {which} {host}'s", length(difference)),
        "set this machine's clock, by NTP for instance; until the intake has answered, events are judged late or not by it",
    )
}

pub(super) fn begin(subject: Subject) -> Check {
    Check::begin("clock", subject)
}

fn length(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(readings: &[(&str, i64)]) -> String {
        let asked = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let readings = readings.iter().map(|(host, ahead)| {
            let by = Duration::from_secs(ahead.unsigned_abs());
            let server = if *ahead < 0 { asked + by } else { asked - by };
            Reading::new(*host, server, asked)
        });
        let finding = check(begin(Subject::Machine), readings.collect());
        format!("{} {}", finding.outcome.word(), finding.detail)
    }

    #[test]
    fn the_widest_difference_counts() {
        assert_eq!(said(&[]), "skipped no server has said what time it is");
        assert_eq!(said(&[("a", 4)]), "ok as a has it");
        assert_eq!(
            said(&[("a", 1), ("b", -90)]),
            "warn this machine's is 90 s behind b's"
        );
        assert_eq!(
            said(&[("a", 3 * 3600)]),
            "warn this machine's is 3 h ahead of a's"
        );
    }
}
