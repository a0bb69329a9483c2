use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use prometheus_client::encoding::DescriptorEncoder;

use super::Telemetry;
use super::exposition::counter;

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    OnePassword,
    Datadog,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Answered(u16),
    /// Why there is no answer.
    Unanswered(&'static str),
}

/// How often which side was called with which outcome.
#[derive(Default)]
pub(super) struct Calls(Mutex<BTreeMap<(Side, Outcome), u64>>);

impl Calls {
    fn add(&self, side: Side, outcome: Outcome) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry((side, outcome)).or_default() += 1;
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let samples = calls.iter().map(|((side, outcome), count)| {
            let side = Cow::Borrowed(side.as_str());
            ([("side", side), ("status", outcome.label())], *count)
        });
        counter(
            encoder,
            "op_dd_api_requests_total",
            "Requests to either side by the status of the answer, or by why there was none.",
            samples,
        )
    }
}

impl Side {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::OnePassword => "onepassword",
            Self::Datadog => "datadog",
        }
    }
}

impl Outcome {
    /// Whether the side is there, and takes what we show it: it has looked at the request itself.
    pub(super) fn is_good(&self) -> bool {
        match self {
            Self::Answered(status) => matches!(status, 200..300 | 400 | 413 | 415),
            Self::Unanswered(_) => false,
        }
    }

    pub(super) fn label(&self) -> Cow<'static, str> {
        match self {
            Self::Answered(status) => Cow::Owned(status.to_string()),
            Self::Unanswered(why) => Cow::Borrowed(why),
        }
    }
}

/// A transport whose calls are counted.
#[derive(Clone)]
pub(crate) struct Counted<T> {
    telemetry: Telemetry,
    side: Side,
    transport: T,
}

impl<T> Counted<T> {
    pub(super) fn new(telemetry: Telemetry, side: Side, transport: T) -> Self {
        Self {
            telemetry,
            side,
            transport,
        }
    }

    fn call(&self) -> Call<'_> {
        Call {
            telemetry: &self.telemetry,
            side: self.side,
            begun: Instant::now(),
            outcome: None,
        }
    }
}

#[async_trait]
impl<T: onepassword_events::Transport> onepassword_events::Transport for Counted<T> {
    async fn send(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, onepassword_events::TransportError> {
        use onepassword_events::TransportErrorKind as Kind;

        let mut call = self.call();
        let answer = self.transport.send(request).await;
        call.outcome = Some(match &answer {
            Ok(answer) => answered(answer.status()),
            Err(error) => Outcome::Unanswered(match error.kind() {
                Kind::Timeout => "timeout",
                Kind::Connect => "connect",
                Kind::Certificate => "certificate",
                Kind::TooLarge => "too_large",
                _ => "network",
            }),
        });
        answer
    }
}

#[async_trait]
impl<T: datadog_logs::Transport> datadog_logs::Transport for Counted<T> {
    async fn send(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, datadog_logs::TransportError> {
        use datadog_logs::TransportErrorKind as Kind;

        let mut call = self.call();
        let answer = self.transport.send(request).await;
        call.outcome = Some(match &answer {
            Ok(answer) => answered(answer.status()),
            Err(error) => match error.status() {
                Some(status) => answered(status),
                None => Outcome::Unanswered(match error.kind() {
                    Kind::Timeout => "timeout",
                    Kind::Connect => "connect",
                    Kind::Certificate => "certificate",
                    Kind::TooLarge => "too_large",
                    _ => "network",
                }),
            },
        });
        answer
    }
}

fn answered(status: StatusCode) -> Outcome {
    Outcome::Answered(status.as_u16())
}

/// A call under way; counted when it is over.
struct Call<'a> {
    telemetry: &'a Telemetry,
    side: Side,
    begun: Instant,
    /// None if nobody waits for it any longer.
    outcome: Option<Outcome>,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let (side, now) = (self.side, Instant::now());
        let waited = now.saturating_duration_since(self.begun);
        // The clients' time limit lets go of a call. So does whoever has no use for its answer any more,
        // which says nothing of the side.
        let timeout = waited >= self.telemetry.0.timeout;
        let outcome = self.outcome.take();
        let outcome = outcome.or(timeout.then_some(Outcome::Unanswered("timeout")));
        if let Some(outcome) = &outcome {
            self.telemetry
                .readiness(|readiness| readiness.side(side).called(outcome, now));
        }
        let outcome = outcome.unwrap_or(Outcome::Unanswered("given_up"));
        self.telemetry.0.calls.add(side, outcome);
    }
}
