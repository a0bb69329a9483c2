use std::error::Error;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use http::header::InvalidHeaderValue;
use tokio::time;

use crate::ApiKey;

type Reading = Pin<Box<dyn Future<Output = Result<ApiKey, Box<dyn Error + Send + Sync>>> + Send>>;

/// Reads the key from where it is kept.
pub(super) type Reread = Box<dyn Fn() -> Reading + Send + Sync>;

/// The key as a header, and how to come by a newer one.
pub(super) struct Key {
    current: Mutex<Current>,
    reread: Option<Reread>,
}

struct Current {
    header: HeaderValue,
    refused: bool,
    /// How often somebody asked for the key to be read again, and how many of these it was read for.
    asked: u32,
    answered: u32,
}

impl Key {
    pub(super) fn new(key: &ApiKey, reread: Option<Reread>) -> Result<Self, InvalidHeaderValue> {
        let current = Current {
            header: header(key)?,
            refused: false,
            asked: 0,
            answered: 0,
        };
        Ok(Self {
            current: Mutex::new(current),
            reread,
        })
    }

    pub(super) fn can_be_reread(&self) -> bool {
        self.reread.is_some()
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.current().header.clone()
    }

    /// Takes note that the key was refused, so that it is read again before it is used again.
    pub(super) fn refused(&self) {
        self.current().refused = true;
    }

    /// Has the key read again before it is used again, as if it had been refused.
    pub(super) fn ask_to_reread(&self) {
        let mut current = self.current();
        current.asked = current.asked.wrapping_add(1);
    }

    /// Reads the key again if it was refused, or if somebody asked for that.
    ///
    /// If that fails, or takes longer than `limit`, the old one is used again: it may have been mended
    /// at the other end.
    pub(super) async fn refresh(&self, limit: Duration) {
        let Some(reread) = &self.reread else { return };
        let (stale, asked) = {
            let current = self.current();
            let stale = current.refused || current.asked != current.answered;
            (stale, current.asked)
        };
        if !stale {
            return;
        }
        // Not under the lock. Attempts at the same time may both read, which costs nothing but the
        // reading; and one that is given up midway leaves the request to the next.
        let read = async {
            let key = time::timeout(limit, reread()).await??;
            Ok::<_, Box<dyn Error + Send + Sync>>(header(&key)?)
        };
        let read = read.await;
        self.current().answered = asked;
        match read {
            Ok(header) => {
                let mut current = self.current();
                current.header = header;
                current.refused = false;
            }
            Err(error) => tracing::warn!(
                error,
                "the API key can't be read again: the old one stays in use"
            ),
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn header(key: &ApiKey) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut header = HeaderValue::from_str(key.expose_secret())?;
    header.set_sensitive(true);
    Ok(header)
}
