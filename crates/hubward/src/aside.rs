//! How a path that is rarely taken hands a large value to one that is inlined.

/// A value on its way into or out of a function of its own. It is larger than the value, so that it never shares the
/// place of the caller's: a place whose address is given away is in memory on every path, and what is kept there is
/// written and read again where it could stay in registers.
pub(crate) struct Aside<T> {
    value: T,
    _room: u64,
}

impl<T> Aside<T> {
    #[inline(always)]
    pub(crate) const fn new(value: T) -> Self {
        Self { value, _room: 0 }
    }

    #[inline(always)]
    pub(crate) fn take(self) -> T {
        self.value
    }
}
