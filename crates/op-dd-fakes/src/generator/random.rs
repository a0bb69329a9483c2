/// `SplitMix64`.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        Self::mix(self.0)
    }

    /// The output function: every value has exactly one preimage.
    pub(crate) fn mix(mut bits: u64) -> u64 {
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// From 0 to `end`, exclusive; 0 if there is nothing below it. The bias, at most `end` in 2^64, can't be seen.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn bits(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// One of them, the first the most likely: the chance of the one at place *n* falls about as 1 / *n*.
    pub(crate) fn favour<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let end = self.below(of.len() as u64) + 1;
        &of[self.below(end) as usize]
    }

    /// One of them by weight.
    pub(crate) fn weighted<T: Copy>(&mut self, of: &[(u64, T)]) -> T {
        let mut place = self.below(of.iter().map(|(weight, _)| weight).sum());
        let heavy = of
            .iter()
            .find(|(weight, _)| match place.checked_sub(*weight) {
                Some(rest) => {
                    place = rest;
                    false
                }
                None => true,
            });
        heavy.unwrap_or(&of[0]).1
    }

    /// The next card of a deck that is dealt from again and again.
    pub(crate) fn deal<'a, T>(deck: &'a [T], dealt: &mut usize) -> &'a T {
        let card = &deck[*dealt % deck.len()];
        *dealt += 1;
        card
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_published_sequence() {
        let mut random = Random::new(1_234_567);
        let numbers: Vec<_> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn stays_within_its_bounds() {
        let mut random = Random::new(1);
        assert_eq!(random.below(0), 0);
        assert!((0..1000).all(|_| random.below(7) < 7));
        assert!((0..1000).all(|_| random.weighted(&[(1, 'a'), (0, 'b'), (3, 'c')]) != 'b'));
    }

    #[test]
    fn favours_the_first() {
        let mut random = Random::new(1);
        let places: Vec<usize> = (0..40).collect();
        let first = (0..10_000).filter(|_| *random.favour(&places) == 0).count();
        assert!((900..1300).contains(&first), "{first}");
    }
}
