use std::sync::{Mutex, MutexGuard, PoisonError};

use url::Url;

use crate::{Compression, Delivery, LogEntry, Site};

/// One logs intake as one sink knows it: where it is, and which compression it has turned out to
/// understand.
///
/// A [`Client`](crate::Client) has one. With [`Delivery`] it is all that a program needs to send
/// logs over an HTTP client of its own.
#[derive(Debug)]
pub struct Intake {
    url: Url,
    host: String,
    learned: Mutex<Learned>,
}

#[derive(Clone, Copy, Debug)]
struct Learned {
    /// What bodies are compressed with. Only ever exchanged for something that is understood more
    /// widely.
    compression: Compression,
    /// The best that was ever accepted: a 400 to it is about the entries, not about the
    /// compression.
    proven: Option<Compression>,
}

impl Intake {
    /// The intake of `site`, of which nothing is known yet but that it should be given
    /// `compression`.
    #[must_use]
    pub fn new(site: &Site, compression: Compression) -> Self {
        let url = site.intake_url();
        Self {
            host: host_of(&url),
            url,
            learned: Mutex::new(Learned {
                compression,
                proven: None,
            }),
        }
    }

    /// Starts to deliver `entries`. Nothing happens by itself: [`Delivery`] says what to send.
    #[must_use]
    pub fn deliver<'a>(&'a self, entries: &'a [LogEntry]) -> Delivery<'a> {
        Delivery::new(self, entries)
    }

    /// The address that bodies are posted to.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The host, with its port if it isn't the scheme's own. Errors name it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What the next body is compressed with.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.learned().compression
    }

    /// A body in `compression` was accepted. If it was a second choice, it is the first from now
    /// on.
    pub(crate) fn accepted(&self, compression: Compression) {
        let mut learned = self.learned();
        learned.proven = learned.proven.max(Some(compression));
        if compression < learned.compression {
            tracing::info!(host = self.host, %compression, "the intake wants another compression");
            learned.compression = compression;
        }
    }

    /// A body in `compression` was answered with `status`. Returns what the same entries should be
    /// sent in once more, if the compression may be the reason.
    pub(crate) fn second_choice(
        &self,
        compression: Compression,
        status: u16,
    ) -> Option<Compression> {
        match (compression, status) {
            #[cfg(feature = "zstd")]
            (Compression::Zstd, 415) => Some(Compression::Gzip),
            // An intake that doesn't know zstd may find the body malformed.
            #[cfg(feature = "zstd")]
            (Compression::Zstd, 400) if self.learned().proven < Some(Compression::Zstd) => {
                Some(Compression::Gzip)
            }
            (Compression::Gzip, 415) => {
                // There is no third choice, so nothing is to be awaited.
                self.learned().compression = Compression::None;
                tracing::info!(host = self.host, "the intake takes no compressed bodies");
                Some(Compression::None)
            }
            _ => None,
        }
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        // What was learned is whole at any time.
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.into(),
    }
}
