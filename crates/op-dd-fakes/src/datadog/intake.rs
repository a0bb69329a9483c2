use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::json;

use super::index::Index;
use super::keys::{Key, Keys};
use crate::fault::FaultQueue;
use crate::server::{Ending, Reply};
use crate::{Clock, Error, FaultKind};

mod batch;
mod body;
mod compact;
mod poison;
mod record;
mod window;

pub(crate) use poison::Poison;
pub use record::IntakeCounts;
pub(crate) use record::Record;
pub(crate) use window::date;

/// What takes in logs.
#[derive(Debug)]
pub(crate) struct Intake {
    zstd_refusal: Option<StatusCode>,
    poison: Vec<Poison>,
    record: Record,
    faults: FaultQueue,
}

/// Why a request is refused as a whole.
#[derive(Debug)]
pub(crate) struct Rejection {
    pub(crate) status: StatusCode,
    pub(crate) detail: &'static str,
}

impl Intake {
    pub(crate) fn open(
        zstd_refusal: Option<StatusCode>,
        poison: Vec<Poison>,
        in_memory: bool,
        folder: Option<&Path>,
        index: Index,
        faults: FaultQueue,
    ) -> Result<Self, Error> {
        Ok(Self {
            zstd_refusal,
            poison,
            record: Record::open(in_memory, folder, index)?,
            faults,
        })
    }

    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    pub(crate) fn faults(&self) -> &FaultQueue {
        &self.faults
    }

    /// Takes in logs, or does what the script has instead.
    pub(crate) async fn logs(&self, request: &Request<Bytes>, keys: &Keys, clock: &Clock) -> Reply {
        let fault = self.faults.next();
        match fault {
            FaultKind::Status { code, retry_after } => {
                let rejection = Rejection {
                    status: code,
                    detail: "Scripted",
                };
                return rejection.into_reply().scripted(code, retry_after);
            }
            FaultKind::Slow(delay) => tokio::time::sleep(delay).await,
            _ => {}
        }
        if let Some(ending) = Ending::instead(fault) {
            return Reply::End(ending);
        }

        if let Err(rejection) = self.take(request, keys, clock.now()) {
            return rejection.into_reply();
        }
        let reply = match fault {
            FaultKind::Garbage => {
                Reply::text(StatusCode::ACCEPTED, "<html>accepted, perhaps</html>")
            }
            _ => Reply::json(StatusCode::ACCEPTED, "{}"),
        };
        reply.spoilt(fault)
    }

    fn take(
        &self,
        request: &Request<Bytes>,
        keys: &Keys,
        now: SystemTime,
    ) -> Result<(), Rejection> {
        // A key that is missing gets 403 like one that is wrong: so it was observed, though the contract has 401.
        if keys.api(request.headers()) != Key::Accepted {
            return Err(Rejection {
                status: StatusCode::FORBIDDEN,
                detail: "Invalid API key",
            });
        }
        let body = body::decode(request, self.zstd_refusal)?;
        let fates = batch::judge(&body, &self.poison, now)?;
        self.record
            .keep(fates, request.body().len(), body.len(), now)
            .map_err(|_| Rejection {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                detail: "The fake cannot write its files",
            })
    }
}

impl Rejection {
    fn into_reply(self) -> Reply {
        let error = json!({
            "status": self.status.as_u16().to_string(),
            "title": self.status.canonical_reason().unwrap_or("Unknown"),
            "detail": self.detail,
        });
        Reply::json(self.status, json!({ "errors": [error] }).to_string())
    }
}
