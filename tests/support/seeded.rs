//! Chance that can be repeated: the same seed gives the same choices.

/// A generator of random numbers (`SplitMix64`).
pub struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A position in something of so many elements.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    /// True so many times out of a hundred.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.index(list.len())]
    }

    /// Any 64-bit integer, the extremes and small ones among them more often than by chance.
    pub fn number(&mut self) -> i64 {
        let any = self.next().cast_signed();
        self.pick(&[any, any >> 50, i64::MAX, i64::MIN, 0])
    }

    /// A byte, more often than by chance one that the protocol knows.
    pub fn byte(&mut self) -> u8 {
        let any = self.next().to_le_bytes()[0];
        let known = self.pick(b"+-:$*_#,(!=%~>|\r\n\r\n\r\n0123456789-t");
        if self.percent(80) { known } else { any }
    }

    /// Bytes, at most so many.
    pub fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.byte()).collect()
    }
}
