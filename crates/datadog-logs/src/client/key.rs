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
    /// Held while the key is read: one reading does for all who wait, and none overtakes another.
    reading: tokio::sync::Mutex<()>,
    reread: Option<Reread>,
}

struct Current {
    header: HeaderValue,
    /// Whether it was refused since it was last read.
    refused: bool,
    /// How often somebody asked for the key to be read again, and how many of these it was read for.
    asked: u32,
    answered: u32,
    /// What is known to keep it from being read: told once, not at every attempt.
    told: Option<String>,
}

impl Key {
    pub(super) fn new(key: &ApiKey, reread: Option<Reread>) -> Result<Self, InvalidHeaderValue> {
        let current = Current {
            header: header(key)?,
            refused: false,
            asked: 0,
            answered: 0,
            told: None,
        };
        Ok(Self {
            current: Mutex::new(current),
            reading: tokio::sync::Mutex::default(),
            reread,
        })
    }

    pub(super) fn can_be_reread(&self) -> bool {
        self.reread.is_some()
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.current().header.clone()
    }

    /// Takes note that a request with this header was refused, so that the key is read again before
    /// it is used again.
    pub(super) fn refused(&self, header: &HeaderValue) {
        let mut current = self.current();
        // Another request may have read a new one meanwhile.
        if current.header == header {
            current.refused = true;
        }
    }

    /// Takes note that the key in use does its work: if it can't be read another time, that is news.
    pub(super) fn accepted(&self) {
        self.current().told = None;
    }

    /// Has the key read again before it is used again, as if it had been refused.
    pub(super) fn ask_to_reread(&self) {
        let mut current = self.current();
        current.asked = current.asked.wrapping_add(1);
    }

    /// Reads the key again if it was refused, or if somebody asked for that.
    ///
    /// If that fails, or takes longer than `limit`, the old one is used again: it may have been mended
    /// at the other end. If not, it will be refused once more, and is read again before the attempt
    /// after that.
    pub(super) async fn refresh(&self, limit: Duration) {
        let Some(reread) = &self.reread else { return };
        if !self.current().is_stale() {
            return;
        }
        // One that is given up midway leaves the reading to the next.
        let _reading = self.reading.lock().await;
        let asked = {
            let current = self.current();
            if !current.is_stale() {
                return;
            }
            current.asked
        };
        let read = async {
            let key = time::timeout(limit, reread()).await??;
            Ok::<_, Box<dyn Error + Send + Sync>>(header(&key)?)
        };
        let read = read.await;

        let mut current = self.current();
        current.answered = asked;
        current.refused = false;
        match read {
            Ok(header) => {
                current.header = header;
                current.told = None;
            }
            Err(error) => {
                let text = Some(error.to_string());
                if current.told != text {
                    tracing::warn!(
                        error,
                        "the API key can't be read again: the old one stays in use"
                    );
                }
                current.told = text;
            }
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn is_stale(&self) -> bool {
        self.refused || self.asked != self.answered
    }
}

fn header(key: &ApiKey) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut header = HeaderValue::from_str(key.expose_secret())?;
    header.set_sensitive(true);
    Ok(header)
}
