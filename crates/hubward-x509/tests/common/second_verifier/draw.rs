//! Choices drawn from bytes: the same bytes give the same certificates, in a test and in a fuzz target.

/// The bytes that are left. After their end, every choice is the first.
pub struct Draw<'a>(&'a [u8]);

impl<'a> Draw<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn byte(&mut self) -> u8 {
        match self.0 {
            [first, rest @ ..] => {
                self.0 = rest;
                *first
            }
            [] => 0,
        }
    }

    /// Returns a number below `count`, with equal chances.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    /// Returns a number below `count`, four times of five 0.
    pub fn rarely(&mut self, count: usize) -> usize {
        match self.byte() {
            0..208 => 0,
            byte => 1 + usize::from(byte - 208) % (count - 1),
        }
    }

    /// Returns one of these, with equal chances.
    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Returns at most this many bytes as they are.
    pub fn bytes(&mut self, most: usize) -> &'a [u8] {
        let length = self.below(most + 1).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    /// Returns a position below `length`.
    pub fn position(&mut self, length: usize) -> usize {
        usize::from(u16::from_be_bytes([self.byte(), self.byte()])) % length
    }
}
