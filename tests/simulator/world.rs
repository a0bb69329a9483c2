use std::time::Duration;

use bytes::Bytes;
use http::Request;
use op_dd_bridge::{Name, StreamId};
use tokio::time::sleep_until;

use super::cursors::Cursors;
use super::dice::Dice;
use super::fault::{Fault, Place};
use super::ledger::Ledger;
use super::plan::Plan;

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
            .count(|figures| figures.fault(&format!("{side} {fault}")));
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

    /// Whether a request shows what is in every secret of this kind.
    pub(crate) fn shows(request: &Request<Bytes>, body: &[u8], mark: &str) -> bool {
        let headers = request.headers().values();
        let mut texts = headers.map(http::HeaderValue::as_bytes).chain([body]);
        let in_uri = request.uri().to_string().contains(mark);
        in_uri || texts.any(|text| contains(text, mark))
    }

    /// A body as it may be shown.
    pub(crate) fn veil(body: &[u8]) -> String {
        String::from_utf8_lossy(body).chars().take(200).collect()
    }
}

pub(crate) fn contains(text: &[u8], piece: &str) -> bool {
    String::from_utf8_lossy(text).contains(piece)
}
