//! A list that outlives the bytes it was parsed from, its entries in order: to be searched for one device after
//! another.

use alloc::vec::Vec;

use super::crl::Crl;

/// The bytes of a list, and what one pass over its entries has shown.
#[derive(Clone)]
pub(crate) struct KeptCrl {
    der: Vec<u8>,
    number: usize,
    count: usize,
    indirect: bool,
    unknown_critical: bool,
    sorted: Vec<u32>,
}

impl KeptCrl {
    pub(crate) fn new(crl: &Crl<'_>) -> Self {
        Self {
            der: crl.as_der().to_vec(),
            number: crl.number,
            count: crl.len(),
            indirect: crl.entries.indirect,
            unknown_critical: crl.extensions.unknown_critical,
            sorted: crl.entries.sort(),
        }
    }

    /// The list again, without another pass over its entries.
    pub(crate) fn again(&self) -> Option<Crl<'_>> {
        let (mut crl, _) = Crl::head(&self.der).ok()?;
        (crl.number, crl.count) = (self.number, self.count);
        crl.entries.indirect = self.indirect;
        crl.entries.sorted = &self.sorted;
        crl.extensions.unknown_critical = self.unknown_critical;
        Some(crl)
    }
}
