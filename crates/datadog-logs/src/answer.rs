use std::time::SystemTime;

/// What the protocol needs of an answer. There is no body in it, since nothing depends on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<&'a str>,
    /// The header `Date`.
    pub date: Option<&'a str>,
}

impl<'a> Answer<'a> {
    /// An answer with this status, and without headers.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self {
            status,
            retry_after: None,
            date: None,
        }
    }

    /// Adds the header `Retry-After`.
    #[must_use]
    pub const fn with_retry_after(mut self, value: Option<&'a str>) -> Self {
        self.retry_after = value;
        self
    }

    /// Adds the header `Date`.
    #[must_use]
    pub const fn with_date(mut self, value: Option<&'a str>) -> Self {
        self.date = value;
        self
    }

    /// The time on the server's clock, to the second.
    #[must_use]
    pub fn server_time(&self) -> Option<SystemTime> {
        httpdate::parse_http_date(self.date?).ok()
    }
}
