//! A revocation list that owns its bytes: parsed once, borrowed again without parsing, and with its entries sorted, so that
//! the status of a certificate costs the same in a long list and in a short one.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::entry::Entries;
use super::list::{Crl, CrlExtensions, Number};
use super::scope::IssuingDistributionPoint;
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
}

struct Head {
    signed: SignedSpans,
    issuer: Span,
    this_update: Seconds,
    next_update: Option<Seconds>,
    entries: Span,
    count: usize,
    indirect: bool,
    sorted: Vec<u32>,
    authority_key_identifier: Option<Span>,
    crl_number: Option<Span>,
    crl_number_critical: bool,
    base: Option<Span>,
    issuing_distribution_point: Option<Span>,
    unknown_critical: bool,
}

impl StoredCrl {
    /// Copies a list under this number, and sorts its entries unless they are sorted already.
    pub(crate) fn new(crl: &Crl<'_>, number: usize) -> Self {
        let der = crl.as_der();
        let sorted = match crl.entries.sorted {
            [] => crl.entries.sort(),
            sorted => sorted.to_vec(),
        };
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
            sorted,
            authority_key_identifier: extensions.authority_key_identifier.map(span),
            crl_number: extensions.number.map(|number| span(number.0)),
            crl_number_critical: extensions.number_critical,
            base: extensions.base.map(|number| span(number.0)),
            issuing_distribution_point: extensions.issuing_distribution_point.map(|point| span(point.raw)),
            unknown_critical: extensions.unknown_critical,
        };
        Self { number, der: Arc::from(der), head: Arc::new(head) }
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
                sorted: &head.sorted,
            },
            count: head.count,
            number: self.number,
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

impl fmt::Debug for StoredCrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.crl().fmt(f)
    }
}
