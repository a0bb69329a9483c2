use std::error::Error;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use http::header::InvalidHeaderValue;

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
}

impl Key {
    pub(super) fn new(key: &ApiKey, reread: Option<Reread>) -> Result<Self, InvalidHeaderValue> {
        let current = Current {
            header: header(key)?,
            refused: false,
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

    pub(super) async fn refresh(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Some(reread) = &self.reread else {
            return Ok(());
        };
        if !self.current().refused {
            return Ok(());
        }
        // Not under the lock. Attempts at the same time may both read, which costs nothing but the
        // reading.
        let header = header(&reread().await?)?;
        *self.current() = Current {
            header,
            refused: false,
        };
        Ok(())
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
