use std::error::Error;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::{AccessToken, Endpoint, Region};

type Reading =
    Pin<Box<dyn Future<Output = Result<AccessToken, Box<dyn Error + Send + Sync>>> + Send>>;

/// Reads the token from where it is kept.
pub(super) type Reread = Box<dyn Fn() -> Reading + Send + Sync>;

/// The token in use, and where to read the next one once the server refuses it.
pub(super) struct Rotation {
    state: Mutex<State>,
    /// Held while the token is read: one reading does for all who wait, and none overtakes another.
    reading: tokio::sync::Mutex<()>,
    source: Option<Reread>,
}

struct State {
    token: AccessToken,
    /// Whether it was refused since it was last read.
    refused: bool,
    /// How often somebody asked for the token to be read again, and how many of these it was read for.
    asked: u32,
    answered: u32,
    /// What is known to keep it from being read: told once, not at every attempt.
    told: Option<String>,
}

impl Rotation {
    pub(super) fn new(token: AccessToken, source: Option<Reread>) -> Self {
        Self {
            state: Mutex::new(State {
                token,
                refused: false,
                asked: 0,
                answered: 0,
                told: None,
            }),
            reading: tokio::sync::Mutex::default(),
            source,
        }
    }

    pub(super) fn can_be_reread(&self) -> bool {
        self.source.is_some()
    }

    pub(super) fn current(&self) -> AccessToken {
        self.lock().token.clone()
    }

    /// The token to make the next request with: read anew if the last one was refused, or if somebody
    /// asked for that.
    ///
    /// If that fails, takes longer than `limit`, or gives a token for another server, the old one is
    /// used again: somebody may have mended it over there. If not, the server will say once more that
    /// it is refused, and it is read again before the attempt after that.
    pub(super) async fn fresh(&self, endpoint: &Endpoint, limit: Duration) -> AccessToken {
        let Some(source) = &self.source else {
            return self.current();
        };
        if !self.lock().is_stale() {
            return self.current();
        }
        // One that is given up midway leaves the reading to the next.
        let _reading = self.reading.lock().await;
        let asked = {
            let state = self.lock();
            if !state.is_stale() {
                return state.token.clone();
            }
            state.asked
        };
        let read = tokio::time::timeout(limit, source()).await;
        let read = read.unwrap_or_else(|_| Err(format!("it took longer than {limit:?}").into()));

        let mut state = self.lock();
        state.answered = asked;
        state.refused = false;
        let next = read.and_then(|next| {
            let fits = is_for(&next, endpoint, &state.token);
            fits.then_some(next)
                .ok_or_else(|| "what was read is for another server or account".into())
        });
        match next {
            Ok(next) => {
                state.token = next;
                state.told = None;
            }
            Err(error) => {
                let text = Some(error.to_string());
                if state.told != text {
                    tracing::warn!(
                        host = endpoint.host(),
                        error,
                        "the token can't be read again: the old one stays in use"
                    );
                }
                state.told = text;
            }
        }
        state.token.clone()
    }

    /// Has the token read again for the next request, as if it had been refused.
    pub(super) fn ask_to_reread(&self) {
        let mut state = self.lock();
        state.asked = state.asked.wrapping_add(1);
    }

    pub(super) fn refused(&self, token: &AccessToken) {
        let mut state = self.lock();
        // Another request may have read a new one meanwhile.
        if state.token.expose_secret() == token.expose_secret() {
            state.refused = true;
        }
    }

    /// Takes note that the token in use does its work: if it can't be read another time, that is news.
    pub(super) fn accepted(&self) {
        self.lock().told = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_stale(&self) -> bool {
        self.refused || self.asked != self.answered
    }
}

/// Another account's token would be answered with another account's events. And a server of
/// 1Password's takes only tokens that name it. Any other was chosen by a person, and
/// takes the tokens that he gives, as long as they name the same server as before.
fn is_for(next: &AccessToken, endpoint: &Endpoint, before: &AccessToken) -> bool {
    let accounts = (next.claims().account_uuid(), before.claims().account_uuid());
    if matches!(accounts, (Some(next), Some(before)) if next != before) {
        return false;
    }
    match (Region::from_host(endpoint.host()), next.claims().host()) {
        (Some(region), Some(host)) => Region::from_host(host) == Some(region),
        (Some(_), None) => before.claims().host().is_none(),
        (None, host) => host == before.claims().host(),
    }
}
