use std::time::Duration;

/// Chance, all of it from a run's seed.
pub(crate) struct Dice(fastrand::Rng);

impl Dice {
    /// Dice of their own for each purpose, so that what one draws doesn't move what another does.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        // FNV-1a.
        let mixed = purpose
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            });
        Self(fastrand::Rng::with_seed(mixed ^ seed))
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.0.u32(0..100) < percent
    }

    /// One of the numbers from `from` to `to`, both included.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        self.0.u64(from..=to)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.usize(0..end)
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    pub(crate) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.between(from, to))
    }

    pub(crate) fn seconds(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_secs(self.between(from, to))
    }

    /// A moment before `end`.
    pub(crate) fn moment(&mut self, end: Duration) -> Duration {
        self.millis(0, u64::try_from(end.as_millis()).unwrap_or(u64::MAX))
    }

    /// So many letters and digits that nobody guesses.
    pub(crate) fn word(&mut self, length: usize) -> String {
        (0..length).map(|_| self.0.alphanumeric()).collect()
    }

    /// 26 letters and digits, as 1Password's ids are.
    pub(crate) fn uuid(&mut self) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        (0..26)
            .map(|_| char::from(ALPHABET[self.below(32)]))
            .collect()
    }
}
