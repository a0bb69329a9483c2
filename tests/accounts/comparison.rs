use std::fmt;

use super::Round;

/// So much longer may the slowest of a hundred events take beside broken accounts.
const MOST: f64 = 1.2;

/// Runs without broken accounts and with them, side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    pairs: Vec<(Round, Round)>,
}

impl Comparison {
    pub(super) fn new(pairs: Vec<(Round, Round)>) -> Self {
        Self { pairs }
    }

    /// How many times as long the slowest of a hundred events take beside broken accounts: the median of
    /// all rounds, so that what else the machine does now and then decides nothing.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        let mut ratios: Vec<_> = self.pairs.iter().map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// What the program said in the last run with broken accounts.
    #[must_use]
    pub fn log(&self) -> &str {
        self.pairs.last().map_or("", |(_, with)| &with.log)
    }

    /// What is wrong with it.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let rounds = self
            .pairs
            .iter()
            .flat_map(|(without, with)| [without, with]);
        let mut faults: Vec<_> = rounds.flat_map(Round::faults).collect();
        let ratio = self.ratio();
        if ratio.is_nan() || ratio > MOST {
            faults.push(format!("a ratio of {ratio:.2} is more than {MOST}"));
        }
        faults
    }
}

fn ratio((without, with): &(Round, Round)) -> f64 {
    with.percentile(99).as_secs_f64() / without.percentile(99).as_secs_f64()
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for pair in &self.pairs {
            let (without, with) = pair;
            writeln!(
                f,
                "without {without}\nwith    {with}\nratio   {:.3}",
                ratio(pair)
            )?;
        }
        write!(f, "median of the ratios: {:.3}", self.ratio())
    }
}
