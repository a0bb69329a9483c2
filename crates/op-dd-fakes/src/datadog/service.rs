use std::collections::HashSet;
use std::sync::Mutex;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::json;

use super::batch;
use super::body;
use super::poison::Poison;
use super::record::Record;
use crate::fault::FaultQueue;
use crate::lock::lock;
use crate::server::{Answer, Ending, Reply};
use crate::traffic::Traffic;
use crate::{Clock, Counts, Exchange, FaultKind};

const LOGS: &str = "/api/v2/logs";
const VALIDATE: &str = "/api/v1/validate";

#[derive(Debug)]
pub(crate) struct Service {
    clock: Clock,
    api_keys: Mutex<HashSet<String>>,
    zstd_refusal: Option<StatusCode>,
    poison: Vec<Poison>,
    record: Record,
    faults: FaultQueue,
    traffic: Traffic,
}

/// Why a request for the intake is refused as a whole.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) detail: &'static str,
}

impl Service {
    pub(crate) fn new(
        clock: Clock,
        api_keys: Mutex<HashSet<String>>,
        zstd_refusal: Option<StatusCode>,
        poison: Vec<Poison>,
        record: Record,
        faults: FaultQueue,
    ) -> Self {
        Self {
            clock,
            api_keys,
            zstd_refusal,
            poison,
            record,
            faults,
            traffic: Traffic::default(),
        }
    }

    pub(crate) fn api_keys(&self) -> &Mutex<HashSet<String>> {
        &self.api_keys
    }

    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    pub(crate) fn faults(&self) -> &FaultQueue {
        &self.faults
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.traffic.exchanges()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.traffic.counts()
    }

    /// Takes in logs, or does what the script has instead.
    async fn logs(&self, request: &Request<Bytes>) -> Reply {
        let fault = self.faults.next();
        match fault {
            FaultKind::Status { code, retry_after } => {
                let refusal = Refusal {
                    status: code,
                    detail: "Scripted",
                };
                return refusal.into_reply().scripted(code, retry_after);
            }
            FaultKind::Slow(delay) => tokio::time::sleep(delay).await,
            _ => {}
        }
        if let Some(ending) = Ending::instead(fault) {
            return Reply::End(ending);
        }

        if let Err(refusal) = self.take(request) {
            return refusal.into_reply();
        }
        let reply = match fault {
            FaultKind::Garbage => {
                Reply::text(StatusCode::ACCEPTED, "<html>accepted, perhaps</html>")
            }
            _ => Reply::json(StatusCode::ACCEPTED, "{}"),
        };
        reply.spoilt(fault)
    }

    fn take(&self, request: &Request<Bytes>) -> Result<(), Refusal> {
        // A key that is missing gets 403 like one that is wrong: so it was observed, though the contract has 401.
        if self.authorise(request.headers()) != Key::Accepted {
            return Err(Refusal {
                status: StatusCode::FORBIDDEN,
                detail: "Invalid API key",
            });
        }
        let body = body::decode(request, self.zstd_refusal)?;
        let fates = batch::judge(&body, &self.poison, self.clock.now())?;
        self.record
            .keep(fates, request.body().len(), body.len())
            .map_err(|_| Refusal {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                detail: "The fake cannot write its files",
            })
    }

    fn validate(&self, headers: &HeaderMap) -> Reply {
        let forbidden = |error: &str| {
            Reply::json(
                StatusCode::FORBIDDEN,
                json!({ "errors": [error] }).to_string(),
            )
        };
        match self.authorise(headers) {
            Key::Accepted => Reply::json(StatusCode::OK, r#"{"valid":true}"#),
            Key::Missing => forbidden("API key required"),
            Key::Unknown => forbidden("Forbidden"),
        }
    }

    fn authorise(&self, headers: &HeaderMap) -> Key {
        match headers.get("dd-api-key").map(|key| key.to_str()) {
            None => Key::Missing,
            Some(Ok(key)) if lock(&self.api_keys).contains(key) => Key::Accepted,
            Some(_) => Key::Unknown,
        }
    }
}

/// What a request says who it is from.
#[derive(Debug, PartialEq, Eq)]
enum Key {
    Accepted,
    Missing,
    Unknown,
}

impl Refusal {
    fn into_reply(self) -> Reply {
        let error = json!({
            "status": self.status.as_u16().to_string(),
            "title": self.status.canonical_reason().unwrap_or("Unknown"),
            "detail": self.detail,
        });
        Reply::json(self.status, json!({ "errors": [error] }).to_string())
    }
}

impl Answer for Service {
    const KEEPS_BODIES: bool = false;

    async fn answer(&self, request: Request<Bytes>) -> Reply {
        match (request.method(), request.uri().path()) {
            (&Method::POST, LOGS) => self.logs(&request).await,
            (&Method::GET, VALIDATE) => self.validate(request.headers()),
            (_, LOGS | VALIDATE) => {
                let body = json!({ "errors": ["Method Not Allowed"] });
                Reply::json(StatusCode::METHOD_NOT_ALLOWED, body.to_string())
            }
            _ => Reply::json(
                StatusCode::NOT_FOUND,
                json!({ "errors": ["Not found"] }).to_string(),
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
