use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// A length of time such as `30s`, `17h 30m` or `30d`; a day is 24 hours.
pub(crate) fn duration(text: &str) -> Result<Duration, &'static str> {
    let span: Span = text
        .parse()
        .map_err(|_| "write a time such as 30s, 2m or 1h")?;
    let length = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| "write a time in days, hours, minutes and seconds, such as 30d or 17h 30m")?;
    Duration::try_from(length).map_err(|_| "a time can't be negative")
}
