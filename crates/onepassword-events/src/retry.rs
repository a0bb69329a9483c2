use std::time::{Duration, SystemTime};

/// Whether a failed call may be made again, as data: nothing here waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// The same call will fail again until somebody changes something.
    Never,
    /// Try again, after a wait that grows with each attempt.
    Backoff,
    /// Try again, but not before this time has passed. At most [`Retry::LONGEST`].
    After(Duration),
}

impl Retry {
    /// A server may ask for no longer wait than an hour, which is the longer of the two windows in
    /// which 1Password counts requests.
    pub const LONGEST: Duration = Duration::from_secs(3600);

    /// What an answer's status and its `Retry-After` header (seconds or an HTTP date, read against
    /// `now`) say.
    ///
    /// 408, 429 and 5xx are worth another attempt; all else is not.
    /// [1Password documents](https://developer.1password.com/docs/events-api/status-codes) no
    /// `Retry-After`, but gateways in front of it may send one.
    #[must_use]
    pub fn after_answer(status: u16, retry_after: Option<&str>, now: SystemTime) -> Self {
        match status {
            408 | 429 | 500..=599 => retry_after
                .and_then(|text| wait(text, now))
                .map_or(Self::Backoff, |wait| Self::After(wait.min(Self::LONGEST))),
            _ => Self::Never,
        }
    }
}

fn wait(retry_after: &str, now: SystemTime) -> Option<Duration> {
    let text = retry_after.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a long time all the same.
        return Some(text.parse().map_or(Retry::LONGEST, Duration::from_secs));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_header_decide() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let seconds = Duration::from_secs;
        for (status, retry_after, retry) in [
            (200, None, Retry::Never),
            (400, None, Retry::Never),
            (401, Some("1"), Retry::Never),
            (404, None, Retry::Never),
            (408, None, Retry::Backoff),
            (429, None, Retry::Backoff),
            (429, Some("7"), Retry::After(seconds(7))),
            (429, Some(" 7 "), Retry::After(seconds(7))),
            (429, Some("86400"), Retry::After(seconds(3600))),
            (
                429,
                Some("99999999999999999999999"),
                Retry::After(seconds(3600)),
            ),
            (429, Some("+7"), Retry::Backoff),
            (429, Some("soon"), Retry::Backoff),
            (429, Some("-1"), Retry::Backoff),
            (500, None, Retry::Backoff),
            (
                503,
                Some("Sun, 06 Nov 1994 08:49:47 GMT"),
                Retry::After(seconds(10)),
            ),
            (
                503,
                Some("Sun, 06 Nov 1994 08:00:00 GMT"),
                Retry::After(seconds(0)),
            ),
        ] {
            assert_eq!(
                Retry::after_answer(status, retry_after, now),
                retry,
                "{status} {retry_after:?}"
            );
        }
    }
}
