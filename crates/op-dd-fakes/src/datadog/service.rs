use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};

use super::intake::Intake;
use super::keys::{Key, Keys};
use super::management::{ApiError, Management};
use crate::Clock;
use crate::server::{Answer, Reply};
use crate::traffic::Traffic;

const LOGS: &str = "/api/v2/logs";
const VALIDATE: &str = "/api/v1/validate";

/// What is behind the socket: the intake and the management API, which are two hosts in reality.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    pub(crate) intake: Intake,
    pub(crate) management: Management,
    /// Whether Datadog's own pipeline for 1Password comes with the first log of it.
    pub(crate) integrates: bool,
    pub(crate) traffic: Traffic,
}

impl Service {
    fn validate(&self, headers: &HeaderMap) -> Reply {
        match self.keys.api(headers) {
            Key::Accepted => Reply::json(StatusCode::OK, r#"{"valid":true}"#),
            Key::Missing => ApiError::new(StatusCode::FORBIDDEN, "API key required").into_reply(),
            Key::Unknown => ApiError::new(StatusCode::FORBIDDEN, "Forbidden").into_reply(),
        }
    }
}

impl Answer for Service {
    const KEEPS_BODIES: bool = false;

    async fn answer(&self, request: Request<Bytes>) -> Reply {
        match (request.method(), request.uri().path()) {
            (&Method::POST, LOGS) => {
                let reply = self.intake.logs(&request, &self.keys, &self.clock).await;
                if self.integrates && self.intake.record().knows_1password() {
                    self.management.integrate_1password();
                }
                reply
            }
            (&Method::GET, VALIDATE) => self.validate(request.headers()),
            (_, LOGS | VALIDATE) => ApiError::method_not_allowed().into_reply(),
            _ => self.management.answer(
                &request,
                &self.keys,
                self.intake.record().index(),
                self.clock.now(),
            ),
        }
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}
