/// Equal steps of time, in milliseconds since 1970; a scalar has a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) begin: i64,
    pub(super) width: i64,
    pub(super) count: usize,
}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Lengths of time that people think in.
pub(super) const ROUND: [i64; 18] = [
    SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
];

/// How many steps a picture has at the most: each is to be seen.
const MOST: i64 = 160;

/// How many it has about, if nobody says how long they are.
const USUAL: i64 = 72;

impl Steps {
    /// Steps of the whole span as one.
    pub(super) fn one(first: i64, last: i64) -> Self {
        Self {
            begin: first,
            width: last - first + 1,
            count: 1,
        }
    }

    /// Steps from the first time to the last, of the length that is asked for, or a multiple of it if those would be
    /// too many to see.
    pub(super) fn over(first: i64, last: i64, asked: Option<i64>) -> Self {
        let length = last - first;
        let width = match asked.filter(|asked| *asked > 0) {
            Some(asked) => asked * (length / asked / MOST + 1),
            None => round(length / USUAL),
        };
        let begin = first - first.rem_euclid(width);
        let count = usize::try_from((last - begin) / width).unwrap_or(0) + 1;
        Self {
            begin,
            width,
            count,
        }
    }

    /// The step that a time is in.
    pub(super) fn of(&self, time: i64) -> usize {
        let step = usize::try_from((time - self.begin) / self.width).unwrap_or(0);
        step.min(self.count - 1)
    }

    /// Where the last one ends.
    pub(super) fn end(&self) -> i64 {
        self.begin + self.width * i64::try_from(self.count).unwrap_or(1)
    }
}

/// The next round length of time that is at least so long.
pub(super) fn round(length: i64) -> i64 {
    let round = ROUND.iter().find(|round| **round >= length);
    round
        .copied()
        .unwrap_or(30 * DAY * (length / (30 * DAY) + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_begin_at_a_round_time() {
        let steps = Steps::over(HOUR + 3 * MINUTE, 18 * HOUR + 1, None);
        assert_eq!(steps.width, 15 * MINUTE);
        assert_eq!(steps.begin, HOUR);
        assert_eq!(steps.count, 69);
        assert_eq!(steps.of(HOUR + 15 * MINUTE), 1);
        assert_eq!(steps.of(18 * HOUR + 1), 68);
    }

    #[test]
    fn an_interval_is_kept_to_unless_its_steps_were_too_many() {
        let asked = Some(5 * MINUTE);
        assert_eq!(Steps::over(0, 10 * HOUR, asked).width, 5 * MINUTE);
        let steps = Steps::over(0, 30 * DAY, asked);
        assert_eq!(steps.width % (5 * MINUTE), 0);
        assert!(steps.count <= 161, "{steps:?}");
    }

    #[test]
    fn a_single_moment_has_a_step() {
        assert_eq!(Steps::over(5, 5, None).count, 1);
        assert_eq!(Steps::one(5, 5).of(5), 0);
        assert_eq!(round(400 * DAY), 420 * DAY);
    }
}
