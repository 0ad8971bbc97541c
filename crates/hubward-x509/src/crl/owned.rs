//! A revocation list that owns its bytes: parsed once, borrowed again without parsing, and with its entries sorted if it
//! is to be searched for one device after another.

use alloc::sync::Arc;
use core::fmt;

use super::entry::Entries;
use super::list::{Crl, CrlExtensions, Number};
use super::scope::IssuingDistributionPoint;
use crate::certificate::PublicKey;
use crate::certificate::name::Name;
use crate::certificate::stored::{SignedSpans, Span};
use crate::certificate::time::Seconds;
use crate::tlv::Cursor;

/// The bytes of a revocation list, the positions of its fields, and the results of one pass over its entries.
#[derive(Clone)]
pub(crate) struct StoredCrl {
    pub(crate) number: usize,
    der: Arc<[u8]>,
    head: Arc<Head>,
    /// The start of each entry, sorted by serial number; empty if they were not sorted.
    sorted: Arc<[u32]>,
    /// The SubjectPublicKeyInfo with which the list's signature verified, if that is known.
    signed_by: Option<Arc<[u8]>>,
}

struct Head {
    signed: SignedSpans,
    issuer: Span,
    this_update: Seconds,
    next_update: Option<Seconds>,
    entries: Span,
    count: usize,
    indirect: bool,
    authority_key_identifier: Option<Span>,
    crl_number: Option<Span>,
    crl_number_critical: bool,
    base: Option<Span>,
    issuing_distribution_point: Option<Span>,
    unknown_critical: bool,
}

impl StoredCrl {
    /// Copies a list, with its own number.
    pub(crate) fn new(crl: &Crl<'_>, number: usize) -> Self {
        Self::with_entries(crl, number, crl.entries.sorted.into())
    }

    /// Copies a list with its number, and sorts its entries.
    pub(crate) fn sorted(crl: &Crl<'_>) -> Self {
        Self::with_entries(crl, crl.number, sorted_entries(crl))
    }

    /// Returns the list with sorted entries, and with the key that signed it.
    pub(crate) fn prepared(&self, key: Option<&PublicKey<'_>>) -> Self {
        let signed_by = key.map(|key| Arc::from(key.as_der()));
        Self { sorted: sorted_entries(&self.crl()), signed_by, ..self.clone() }
    }

    fn with_entries(crl: &Crl<'_>, number: usize, sorted: Arc<[u32]>) -> Self {
        let der = crl.as_der();
        let span = |part: &[u8]| Span::of(der, part);
        let extensions = &crl.extensions;
        let head = Head {
            signed: SignedSpans::of(der, &crl.signed),
            issuer: span(crl.issuer().as_der()),
            this_update: crl.this_update(),
            next_update: crl.next_update(),
            entries: span(crl.entries.list.rest()),
            count: crl.count,
            indirect: crl.entries.indirect,
            authority_key_identifier: extensions.authority_key_identifier.map(span),
            crl_number: extensions.number.map(|number| span(number.0)),
            crl_number_critical: extensions.number_critical,
            base: extensions.base.map(|number| span(number.0)),
            issuing_distribution_point: extensions.issuing_distribution_point.map(|point| span(point.raw)),
            unknown_critical: extensions.unknown_critical,
        };
        let signed_by = crl.signed_by.map(Arc::from);
        Self { number, der: Arc::from(der), head: Arc::new(head), sorted, signed_by }
    }

    /// Returns the list. Only the extension that restricts its scope is parsed again, and few lists have one.
    pub(crate) fn crl(&self) -> Crl<'_> {
        let (head, der) = (&*self.head, &*self.der);
        let point =
            head.issuing_distribution_point.map(|span| IssuingDistributionPoint::read(span.of_bytes(der)));
        let (issuing_distribution_point, unreadable) = match point {
            Some(Ok(point)) => (Some(point), false),
            // it was parsed before, so this cannot happen; such a list is not used
            Some(Err(_)) => (None, true),
            None => (None, false),
        };
        let number = |span: Option<Span>| span.map(|span| Number(span.of_bytes(der)));
        Crl {
            der,
            signed: head.signed.of_bytes(der),
            issuer: Name::new(head.issuer.of_bytes(der)),
            this_update: head.this_update,
            next_update: head.next_update,
            entries: Entries {
                list: Cursor::within(head.entries.of_bytes(der), head.entries.start),
                indirect: head.indirect,
                sorted: &self.sorted,
            },
            count: head.count,
            number: self.number,
            signed_by: self.signed_by.as_deref(),
            extensions: CrlExtensions {
                authority_key_identifier: head.authority_key_identifier.map(|span| span.of_bytes(der)),
                number: number(head.crl_number),
                number_critical: head.crl_number_critical,
                base: number(head.base),
                issuing_distribution_point,
                unknown_critical: head.unknown_critical || unreadable,
            },
        }
    }
}

/// Returns the sorted entries of a list, which may be sorted already.
fn sorted_entries(crl: &Crl<'_>) -> Arc<[u32]> {
    if crl.entries.sorted.is_empty() { crl.entries.sort().into() } else { crl.entries.sorted.into() }
}

impl fmt::Debug for StoredCrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.crl().fmt(f)
    }
}
