use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

use op_dd_bridge::StreamId;
use serde::Serialize;

use super::calls::{Outcome, Side};

/// Whether what the program needs is there: the state, and both ends.
pub(super) struct Readiness {
    pub(super) state: State,
    onepassword: End,
    datadog: End,
}

/// Whether checkpoints can be read and moved.
pub(super) struct State {
    /// Streams whose last failure was of the state, and that went on since.
    failing: BTreeSet<StreamId>,
    since: Instant,
    patience: Duration,
}

/// Whether a server answers.
pub(super) struct End {
    /// How long a failure may last: one of many streams may find it mended a little later.
    patience: Duration,
    /// How long it may have been silent: it is asked more often than that.
    silence: Duration,
    /// Whether it is asked at once, so that it isn't ready before.
    is_asked_at_once: bool,
    begun: Instant,
    answered: Option<Instant>,
    /// When the first call failed since the last good answer, and how.
    failing: Option<(Instant, Outcome)>,
}

/// What is said of it.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Verdict {
    pub(super) ready: bool,
    state: Part,
    onepassword: Part,
    datadog: Part,
}

#[derive(Debug, PartialEq, Serialize)]
struct Part {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since_answer_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// What a prober would see come and go is no outage.
const BLINK: Duration = Duration::from_secs(5);

/// What an answer may take, with retries.
const SLOW: Duration = Duration::from_secs(60);

impl Readiness {
    pub(super) fn new(poll_interval: Duration, heartbeat: Duration, now: Instant) -> Self {
        let patience = poll_interval * 2 + BLINK;
        let end = |asked_every: Duration, is_asked_at_once| End {
            patience,
            silence: asked_every * 2 + SLOW,
            is_asked_at_once,
            begun: now,
            answered: None,
            failing: None,
        };
        Self {
            state: State {
                failing: BTreeSet::new(),
                since: now,
                patience,
            },
            onepassword: end(poll_interval, true),
            // There may be nothing to send but heartbeats.
            datadog: end(heartbeat, false),
        }
    }

    pub(super) fn side(&mut self, side: Side) -> &mut End {
        match side {
            Side::OnePassword => &mut self.onepassword,
            Side::Datadog => &mut self.datadog,
        }
    }

    pub(super) fn verdict(&self, now: Instant) -> Verdict {
        let state = self.state.part(now);
        let onepassword = self.onepassword.part(now);
        let datadog = self.datadog.part(now);
        Verdict {
            ready: state.ready && onepassword.ready && datadog.ready,
            state,
            onepassword,
            datadog,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("the state", &self.state),
            ("1Password", &self.onepassword),
            ("Datadog", &self.datadog),
        ];
        let mut separator = "not ready: ";
        for (name, part) in parts {
            if let Some(why) = &part.why {
                write!(f, "{separator}{name}: {why}")?;
                separator = ", ";
            }
        }
        if self.ready {
            f.write_str("ready")?;
        }
        Ok(())
    }
}

impl State {
    pub(super) fn carried(&mut self, stream: &StreamId) {
        self.failing.remove(stream);
    }

    pub(super) fn failed(&mut self, stream: &StreamId, now: Instant) {
        if self.failing.is_empty() {
            self.since = now;
        }
        self.failing.insert(stream.clone());
    }

    fn part(&self, now: Instant) -> Part {
        let since = now.saturating_duration_since(self.since);
        let failing = self
            .failing
            .first()
            .filter(|_| since > self.patience)
            .map(|first| {
                let count = self.failing.len();
                let since = since.as_secs();
                format!("the state of {count} streams can't be used for {since} s, {first} among them: see the log")
            });
        Part::new(None, failing)
    }
}

impl End {
    pub(super) fn called(&mut self, outcome: &Outcome, now: Instant) {
        if outcome.is_good() {
            self.answered = Some(now);
            self.failing = None;
        } else if self.failing.is_none() {
            self.failing = Some((now, outcome.clone()));
        }
    }

    fn part(&self, now: Instant) -> Part {
        let since_answer = self
            .answered
            .map(|answered| now.saturating_duration_since(answered));
        let silent = now.saturating_duration_since(self.answered.unwrap_or(self.begun));
        let failing = self.failing.as_ref().and_then(|(since, outcome)| {
            let since = now.saturating_duration_since(*since);
            let is_over = since <= self.patience && self.answered.is_some();
            (!is_over).then(|| {
                format!(
                    "no good answer for {} s: {}",
                    since.as_secs(),
                    outcome.label()
                )
            })
        });
        let why = failing.or_else(|| {
            let unasked = self.answered.is_none() && self.is_asked_at_once;
            (unasked || silent > self.silence)
                .then(|| format!("no answer for {} s", silent.as_secs()))
        });
        Part::new(since_answer, why)
    }
}

impl Part {
    fn new(since_answer: Option<Duration>, why: Option<String>) -> Self {
        Self {
            ready: why.is_none(),
            since_answer_s: since_answer.map(|since| since.as_secs()),
            why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const OK: Outcome = Outcome::Answered(200);
    const BUSY: Outcome = Outcome::Answered(503);

    fn readiness(now: Instant) -> Readiness {
        Readiness::new(10 * SECOND, 300 * SECOND, now)
    }

    #[test]
    fn it_is_ready_once_1password_has_answered_and_until_it_is_silent_for_long() {
        let begun = Instant::now();
        let mut readiness = readiness(begun);
        let is_ready =
            |readiness: &Readiness, after: u32| readiness.verdict(begun + after * SECOND).ready;
        assert!(!is_ready(&readiness, 0));
        readiness.side(Side::OnePassword).called(&BUSY, begun);
        assert!(!is_ready(&readiness, 1));
        readiness
            .side(Side::OnePassword)
            .called(&OK, begun + SECOND);
        assert!(is_ready(&readiness, 1));
        assert!(is_ready(&readiness, 1 + 80));
        assert!(!is_ready(&readiness, 1 + 81));

        for at in (1..2000).step_by(10) {
            let at = begun + at * SECOND;
            readiness.side(Side::OnePassword).called(&OK, at);
        }
        assert!(is_ready(&readiness, 2 * 300 + 60));
        assert!(!is_ready(&readiness, 2 * 300 + 61), "no heartbeat");
        readiness
            .side(Side::Datadog)
            .called(&Outcome::Answered(202), begun + 661 * SECOND);
        assert!(is_ready(&readiness, 661));
    }

    #[test]
    fn an_outage_shows_after_two_polls_and_is_over_with_the_first_good_answer() {
        for side in [Side::OnePassword, Side::Datadog] {
            for bad in [
                BUSY,
                Outcome::Answered(401),
                Outcome::Answered(429),
                Outcome::Unanswered("connect"),
            ] {
                let now = Instant::now();
                let mut readiness = readiness(now);
                readiness.side(Side::OnePassword).called(&OK, now);
                readiness.side(Side::Datadog).called(&OK, now);
                for after in [0, 1, 3, 7, 15, 26] {
                    readiness.side(side).called(&bad, now + after * SECOND);
                    let verdict = readiness.verdict(now + after * SECOND);
                    assert_eq!(verdict.ready, after <= 25, "{side:?} {bad:?} {after}");
                }
                readiness.side(side).called(&OK, now + 27 * SECOND);
                assert!(readiness.verdict(now + 27 * SECOND).ready);
            }
        }
    }

    #[test]
    fn an_account_that_is_refused_is_no_outage_while_others_are_answered() {
        let now = Instant::now();
        let mut readiness = readiness(now);
        for after in 0..600 {
            let at = now + after * SECOND;
            let outcome = if after % 10 == 0 {
                OK
            } else {
                Outcome::Answered(401)
            };
            readiness.side(Side::OnePassword).called(&outcome, at);
            assert!(readiness.verdict(at).ready, "{after}");
        }
    }

    #[test]
    fn a_state_that_fails_is_named_until_its_stream_goes_on() {
        let now = Instant::now();
        let mut readiness = readiness(now);
        readiness.side(Side::OnePassword).called(&OK, now);
        let stream = |feed| StreamId {
            account: op_dd_bridge::Name::DEFAULT,
            feed,
            destination: op_dd_bridge::Name::DATADOG,
        };
        let [one, other] = [
            stream(onepassword_events::Feed::ItemUsages),
            stream(onepassword_events::Feed::AuditEvents),
        ];
        readiness.state.failed(&one, now);
        readiness.state.carried(&other);
        assert!(readiness.verdict(now + 25 * SECOND).ready);
        let verdict = readiness.verdict(now + 26 * SECOND);
        assert!(!verdict.ready);
        let why = verdict.state.why.unwrap_or_default();
        assert!(why.contains("default/itemusages/datadog"), "{why}");
        assert!(verdict.onepassword.ready && verdict.datadog.ready);
        readiness.state.carried(&one);
        assert!(readiness.verdict(now + 26 * SECOND).ready);
    }
}
