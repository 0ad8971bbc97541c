//! A revocation list that owns its bytes and has its entries sorted, to be searched for one device after another.

use alloc::vec::Vec;

use super::list::Crl;

/// The bytes of a revocation list and the results of one pass over its entries.
#[derive(Clone)]
pub(crate) struct OwnedCrl {
    der: Vec<u8>,
    number: usize,
    count: usize,
    indirect: bool,
    unknown_critical: bool,
    sorted: Vec<u32>,
}

impl OwnedCrl {
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

    /// Returns the revocation list without another pass over its entries.
    pub(crate) fn to_crl(&self) -> Option<Crl<'_>> {
        let (mut crl, _) = Crl::parse_head(&self.der).ok()?;
        (crl.number, crl.count) = (self.number, self.count);
        crl.entries.indirect = self.indirect;
        crl.entries.sorted = &self.sorted;
        crl.extensions.unknown_critical = self.unknown_critical;
        Some(crl)
    }
}
