use std::time::{Duration, SystemTime};

/// How long ago something was, as a person says it.
pub(super) fn ago(then: SystemTime, now: SystemTime) -> String {
    match now.duration_since(then) {
        Ok(ago) => format!("{} ago", length(ago)),
        Err(ahead) => format!("{} ahead", length(ahead.duration())),
    }
}

/// A length of time, as a person says it.
pub(super) fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_told_in_the_unit_that_a_person_would_use() {
        for (seconds, told) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(length(Duration::from_secs(seconds)), told);
        }
        let then = SystemTime::UNIX_EPOCH;
        let now = then + Duration::from_secs(5);
        assert_eq!(ago(then, now), "5 s ago");
        assert_eq!(ago(now, then), "5 s ahead");
    }
}
