//! A generator of numbers (SplitMix64): each world follows from its number.

/// The numbers of one world.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Starts the numbers of world `number` of a run.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut mixed = Self(seed);
        let start = mixed.next() ^ number.wrapping_mul(0xd134_2543_de82_ef95);
        Self(start)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `count`, which is not zero.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(count).unwrap()).unwrap()
    }

    /// Returns one of several values.
    pub(crate) fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// Returns `true` in one of `count` cases.
    pub(crate) fn rarely(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}
