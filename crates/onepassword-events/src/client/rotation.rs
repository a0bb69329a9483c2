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
    source: Option<Reread>,
}

struct State {
    token: AccessToken,
    refused: bool,
    /// How often somebody asked for the token to be read again, and how many of these it was read for.
    asked: u32,
    answered: u32,
}

impl Rotation {
    pub(super) fn new(token: AccessToken, source: Option<Reread>) -> Self {
        Self {
            state: Mutex::new(State {
                token,
                refused: false,
                asked: 0,
                answered: 0,
            }),
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
    /// used again: the server will say once more that it is refused, and somebody may have mended it
    /// over there.
    pub(super) async fn fresh(&self, endpoint: &Endpoint, limit: Duration) -> AccessToken {
        let (token, stale, asked) = {
            let state = self.lock();
            let stale = state.refused || state.asked != state.answered;
            (state.token.clone(), stale, state.asked)
        };
        let (true, Some(source)) = (stale, &self.source) else {
            return token;
        };
        // Not under the lock. Attempts at the same time may all read, which costs nothing but the
        // reading; and one that is given up midway leaves the request to the next.
        let read = tokio::time::timeout(limit, source()).await;
        self.lock().answered = asked;
        match read.unwrap_or_else(|_| Err(format!("it took longer than {limit:?}").into())) {
            Ok(next) if is_for(&next, endpoint, &token) => {
                let mut state = self.lock();
                state.token = next.clone();
                state.refused = false;
                next
            }
            Ok(_) => {
                tracing::warn!(
                    host = endpoint.host(),
                    "the token was read again, but is for another server or account: \
                     the old one stays in use"
                );
                token
            }
            Err(error) => {
                tracing::warn!(
                    host = endpoint.host(),
                    error,
                    "the token can't be read again: the old one stays in use"
                );
                token
            }
        }
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

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
