//! What is trusted to begin with: registered CAs, roots or intermediates.

use alloc::vec::Vec;

use crate::certificate::Certificate;
use crate::certificate::time::Seconds;
use crate::error::{ParseError, Place};

/// The certificates whose holders are trusted to vouch for others.
#[derive(Debug, Clone, Default)]
pub struct Anchors<'a> {
    all: Vec<Certificate<'a>>,
    /// The last second in which each is trusted, whatever its certificate says.
    ends: Vec<Seconds>,
    /// The number of the first.
    first: usize,
}

impl<'a> Anchors<'a> {
    /// None yet; nothing is trusted.
    #[must_use]
    pub const fn new() -> Self {
        Self { all: Vec::new(), ends: Vec::new(), first: 0 }
    }

    /// The one that has this number among others, alone.
    pub(crate) fn alone(number: usize, certificate: Certificate<'a>) -> Self {
        Self { all: Vec::from([certificate]), ends: Vec::from([Seconds::MAX]), first: number }
    }

    /// All of them with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &Certificate<'a>)> {
        (self.first..).zip(&self.all)
    }

    /// Every certificate of `ders`.
    ///
    /// # Errors
    /// [`ParseError`] with the number of the first that cannot be read.
    pub fn parse<D>(ders: impl IntoIterator<Item = &'a D>) -> Result<Self, ParseError>
    where
        D: AsRef<[u8]> + ?Sized + 'a,
    {
        let mut anchors = Self::new();
        for (at, der) in ders.into_iter().enumerate() {
            let certificate = Certificate::parse(der.as_ref())
                .map_err(|error| ParseError { place: Place::Anchor(at), error })?;
            anchors.add(certificate);
        }
        Ok(anchors)
    }

    /// Trusts one more. Its number is how many there were before.
    pub fn add(&mut self, certificate: Certificate<'a>) {
        self.add_until(certificate, Seconds::MAX);
    }

    /// As [`add`](Self::add), for what is trusted no longer than until `last`, that second included: who is kept below
    /// it ([`Chain::verify_keeping`](crate::Chain::verify_keeping)) ends with it. That it is trusted now is the
    /// caller's to say.
    pub fn add_until(&mut self, certificate: Certificate<'a>, last: Seconds) {
        self.all.push(certificate);
        self.ends.push(last);
    }

    /// The last second in which the one of this number is trusted, its certificate's own dates aside; `Seconds::MAX`
    /// where there is none.
    #[must_use]
    pub fn until(&self, at: usize) -> Option<Seconds> {
        self.ends.get(at.checked_sub(self.first)?).copied()
    }

    /// One by its number.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&Certificate<'a>> {
        self.all.get(at.checked_sub(self.first)?)
    }

    /// All of them, in the order of their numbers.
    pub fn iter(&self) -> core::slice::Iter<'_, Certificate<'a>> {
        self.all.iter()
    }
}
