use std::time::SystemTime;

use jiff::Timestamp;

use super::HOUR;
use super::random::Random;

pub(crate) const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// Nanoseconds since 1970, which 64 bits hold until the year 2554.
pub(crate) fn nanoseconds(instant: SystemTime) -> u64 {
    let since = instant
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// RFC 3339 in UTC, the fraction without trailing zeros: the form in which the servers, written in Go, print theirs.
pub(crate) fn text(nanoseconds: u64) -> String {
    Timestamp::from_nanosecond(nanoseconds.into())
        .unwrap_or(Timestamp::MAX)
        .to_string()
}

/// Most times are to the nanosecond, some to the millisecond, a few to the second.
pub(crate) fn rounded(random: &mut Random, time: u64) -> u64 {
    match random.below(20) {
        0 => time - time % SECOND,
        1..4 => time - time % MILLISECOND,
        _ => time,
    }
}

/// When an item was used, of which the server heard at `inserted`: mostly a few seconds before, but now and then the
/// app had been away, between an hour and 30 days, an hour as likely as a week.
pub(crate) fn before_sync(random: &mut Random, inserted: u64) -> u64 {
    let delay = if random.percent(3) {
        let hours = HOUR << random.below(10);
        hours + random.below(hours / 5 * 2)
    } else {
        random.below(8 * SECOND)
    };
    inserted.saturating_sub(delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trims_zeros_as_go_does() {
        for (nanoseconds, expected) in [
            (1_733_140_461_246_459_830, "2024-12-02T11:54:21.24645983Z"),
            (1_630_349_862_484_000_000, "2021-08-30T18:57:42.484Z"),
            (1_628_692_083_000_000_000, "2021-08-11T14:28:03Z"),
        ] {
            assert_eq!(text(nanoseconds), expected);
        }
    }
}
