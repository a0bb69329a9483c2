use std::time::Duration;

use bytes::Bytes;
use http::Request;
use op_dd_bridge::{Name, StreamId};
use tokio::time::sleep_until;

use super::cursors::Cursors;
use super::dice::Dice;
use super::fault::{Fault, Place};
use super::ledger::Ledger;
use super::plan::{Plan, Secret};

/// Everything that outlives a process.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) ledger: Ledger,
    pub(crate) cursors: Cursors,
}

impl World {
    /// Whether it is the time of faults.
    pub(crate) fn is_faulty(&self) -> bool {
        self.ledger.time.now() < self.plan.faults_end
    }

    /// The fault that strikes at one of these places now.
    pub(crate) fn strike(&self, places: &[Place], dice: &mut Dice) -> Option<Fault> {
        let mut spells = self.plan.spells.iter().chain(&self.plan.siege);
        let fault = spells
            .find(|spell| spell.strikes(places, self.ledger.time, dice))
            .map(|spell| spell.fault.clone())?;
        let side = if places.contains(&Place::Intake) {
            "DD"
        } else {
            "1P"
        };
        self.ledger
            .count(|figures| figures.fault(format!("{side} {fault}")));
        Some(fault)
    }

    pub(crate) fn id(&self, stream: usize) -> StreamId {
        let plan = &self.plan.streams[stream];
        StreamId {
            account: Name::new(&*self.plan.accounts[plan.account].name).unwrap(),
            feed: plan.feed,
            destination: Name::DATADOG,
        }
    }

    pub(crate) fn stream(&self, id: &StreamId) -> usize {
        let mut streams = 0..self.plan.streams.len();
        streams.find(|stream| self.id(*stream) == *id).unwrap()
    }

    /// Where faults can strike at a stream.
    pub(crate) fn places_of(&self, stream: usize) -> [Place; 2] {
        let account = self.plan.streams[stream].account;
        [Place::Account(account), Place::Stream(stream)]
    }

    /// Waits for a moment; for ever if there is none.
    pub(crate) async fn reach(&self, moment: Option<Duration>) {
        match moment {
            Some(moment) => sleep_until(self.ledger.time.at(moment)).await,
            None => std::future::pending().await,
        }
    }

    /// The first item of a stream that was inserted until then and is not behind the cursor.
    pub(crate) fn left(&self, stream: usize, inserted: Duration) -> Option<usize> {
        self.ledger
            .left(stream, &self.plan.streams[stream], inserted)
    }

    /// Whether everything that a stream has is behind its cursor.
    pub(crate) fn is_at_rest(&self, stream: usize) -> bool {
        self.ledger.start(stream).is_some() && self.left(stream, Duration::MAX).is_none()
    }

    /// What is secret in every secret: pieces that stand in no other text.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        let tokens = self.plan.accounts.iter().map(|account| &account.token);
        tokens.chain([&self.plan.key]).flat_map(pieces).collect()
    }

    /// Whether a request to 1Password shows the API key.
    pub(crate) fn mentions_key(&self, request: &Request<Bytes>) -> bool {
        pieces(&self.plan.key)
            .iter()
            .any(|piece| shows(request, request.body(), piece))
    }

    /// Whether a request to the intake shows a token.
    pub(crate) fn mentions_token(&self, request: &Request<Bytes>, body: &[u8]) -> bool {
        let mut accounts = self.plan.accounts.iter();
        accounts.any(|account| {
            let pieces = pieces(&account.token);
            pieces.iter().any(|piece| shows(request, body, piece))
        })
    }

    /// A body as it may be shown.
    pub(crate) fn veil(&self, body: &[u8]) -> String {
        String::from_utf8_lossy(body).chars().take(200).collect()
    }
}

/// The last piece of each: of a token, a part of its signature.
fn pieces(secret: &Secret) -> [&str; 2] {
    [&secret.old, &secret.new].map(|text| &text[text.len() - 24..])
}

fn shows(request: &Request<Bytes>, body: &[u8], piece: &str) -> bool {
    let headers = request.headers().values();
    let mut texts = headers.map(http::HeaderValue::as_bytes).chain([body]);
    let in_uri = request.uri().to_string().contains(piece);
    in_uri || texts.any(|text| contains(text, piece))
}

pub(crate) fn contains(text: &[u8], piece: &str) -> bool {
    let piece = piece.as_bytes();
    let first = piece[0];
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == first) {
        rest = &rest[at..];
        if rest.starts_with(piece) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}
