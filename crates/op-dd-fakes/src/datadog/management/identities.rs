use crate::generator::random::Random;

const LETTERS_AND_DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Gives out identifiers in the forms of the real ones, the same ones in every run.
#[derive(Debug)]
pub(crate) struct Identities {
    random: Random,
    monitors: u64,
}

impl Default for Identities {
    fn default() -> Self {
        Self {
            random: Random::new(1),
            monitors: 150_000_000,
        }
    }
}

impl Identities {
    /// Of a dashboard or a rule: `5br-mto-gse`.
    pub(crate) fn short(&mut self) -> String {
        [(); 3].map(|()| self.text(LETTERS_AND_DIGITS, 3)).join("-")
    }

    /// Of a pipeline: `duWU4bc3ROq5nz7GVi5TzA`.
    pub(crate) fn long(&mut self) -> String {
        self.text(BASE64_URL, 22)
    }

    /// Of a monitor: `155844640`, always upwards.
    pub(crate) fn monitor(&mut self) -> u64 {
        self.monitors += 1 + self.random.below(1000);
        self.monitors
    }

    /// Of a widget: `6949738169108876`.
    pub(crate) fn widget(&mut self) -> u64 {
        self.random.below(9_000_000_000_000_000)
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length)
            .map(|_| char::from(*self.random.pick(alphabet)))
            .collect()
    }
}
