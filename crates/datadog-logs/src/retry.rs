use std::time::{Duration, SystemTime};

use crate::SendErrorKind;

/// Whether it makes sense to send again, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not without a change: the same would happen again.
    Never,
    /// After a delay of the caller's own choice, which grows from time to time.
    Backoff,
    /// After so long, because the server said so. At most an hour.
    After(Duration),
}

impl Retry {
    /// The longest time that a server is believed: an hour.
    pub const LONGEST: Duration = Duration::from_secs(3_600);

    /// What an answer other than 202 asks for: 408, 429 and any 5xx are worth another try, nothing
    /// else is.
    ///
    /// `retry_after` is the header of that name, in seconds or as an HTTP date. A date counts from
    /// `server_time`, which is the answer's own `Date`: no clock of ours is compared with the
    /// server's. A header that can't be read, or that asks for no time at all, leaves the delay to
    /// the caller.
    #[must_use]
    pub fn after_answer(
        status: u16,
        retry_after: Option<&str>,
        server_time: Option<SystemTime>,
    ) -> Self {
        match SendErrorKind::of_status(status).retry() {
            Self::Backoff => retry_after
                .and_then(|text| delay(text.trim(), server_time))
                .filter(|delay| !delay.is_zero())
                .map_or(Self::Backoff, |delay| Self::After(delay.min(Self::LONGEST))),
            other => other,
        }
    }
}

fn delay(text: &str, server_time: Option<SystemTime>) -> Option<Duration> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a long time all the same.
        return Some(text.parse().map_or(Retry::LONGEST, Duration::from_secs));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    until.duration_since(server_time?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_status() {
        for status in [408, 429, 500, 502, 503, 504, 599] {
            assert_eq!(
                Retry::after_answer(status, None, None),
                Retry::Backoff,
                "{status}"
            );
        }
        for status in [200, 204, 301, 307, 400, 401, 403, 404, 413, 415, 422, 600] {
            assert_eq!(
                Retry::after_answer(status, None, None),
                Retry::Never,
                "{status}"
            );
            assert_eq!(
                Retry::after_answer(status, Some("5"), None),
                Retry::Never,
                "{status}"
            );
        }
    }

    #[test]
    fn by_header() {
        let sent = httpdate::parse_http_date("Mon, 23 Nov 2026 01:00:00 GMT").unwrap();
        let after = |seconds| Retry::After(Duration::from_secs(seconds));
        for (text, expect) in [
            ("5", after(5)),
            (" 120 ", after(120)),
            ("86400", after(3_600)),
            ("99999999999999999999999", after(3_600)),
            ("0", Retry::Backoff),
            ("", Retry::Backoff),
            ("-1", Retry::Backoff),
            ("+5", Retry::Backoff),
            ("1.5", Retry::Backoff),
            ("soon", Retry::Backoff),
            ("Mon, 23 Nov 2026 01:00:07 GMT", after(7)),
            ("Mon, 23 Nov 2026 00:59:00 GMT", Retry::Backoff),
            ("Tue, 24 Nov 2026 01:00:00 GMT", after(3_600)),
        ] {
            assert_eq!(
                Retry::after_answer(429, Some(text), Some(sent)),
                expect,
                "{text:?}"
            );
        }
        let date = Some("Mon, 23 Nov 2026 01:00:07 GMT");
        assert_eq!(Retry::after_answer(429, date, None), Retry::Backoff);
    }
}
