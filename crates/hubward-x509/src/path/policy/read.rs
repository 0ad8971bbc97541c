//! Parsing of the four policy extensions (RFC 5280 4.2.1.4, 4.2.1.5, 4.2.1.11, 4.2.1.14).

use alloc::vec::Vec;

use crate::error::ChainError;
use crate::path::budget::Meter;
use crate::tlv::{Cursor, Malformed, Tag, context, only, u32_value};

/// A list that is malformed, or the budget that was exceeded while it was parsed.
pub(super) enum ReadError {
    Malformed(Malformed),
    BudgetExceeded(ChainError),
}

impl ReadError {
    pub(super) fn or_else(self, malformed: impl FnOnce(Malformed) -> ChainError) -> ChainError {
        match self {
            Self::Malformed(error) => malformed(error),
            Self::BudgetExceeded(error) => error,
        }
    }
}

impl From<Malformed> for ReadError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

impl From<ChainError> for ReadError {
    fn from(error: ChainError) -> Self {
        Self::BudgetExceeded(error)
    }
}

/// The asserted policies of a certificate.
pub(super) struct Asserted<'a> {
    pub(super) policies: Vec<&'a [u8]>,
    /// `true` if a policy has a qualifier other than the two of RFC 5280.
    pub(super) unknown_qualifier: bool,
}

/// Parses the asserted policies, each of which may occur once (RFC 5280 4.2.1.4).
pub(super) fn read_policies<'a>(value: &'a [u8], meter: &mut Meter) -> Result<Asserted<'a>, ReadError> {
    let mut list = only(value, Tag::SEQUENCE)?.open();
    let (mut policies, mut unknown_qualifier) = (Vec::new(), false);
    if list.is_empty() {
        return Err(list.malformed().into());
    }
    while !list.is_empty() {
        let at = list.malformed();
        let mut fields = list.expect(Tag::SEQUENCE)?.open();
        let policy = fields.expect(Tag::OBJECT_IDENTIFIER)?.value;
        if let Some(qualifiers) = fields.optional(Tag::SEQUENCE)? {
            unknown_qualifier |= !are_known(qualifiers.open())?;
        }
        fields.finish()?;
        for other in &policies {
            meter.policy_step()?;
            if *other == policy {
                return Err(at.into());
            }
        }
        policies.push(policy);
    }
    Ok(Asserted { policies, unknown_qualifier })
}

/// Returns `true` if all qualifiers are pointers to a practice statement or user notices: id-qt, 1.3.6.1.5.5.7.2, 1 and 2.
fn are_known(mut qualifiers: Cursor<'_>) -> Result<bool, Malformed> {
    let mut known = true;
    if qualifiers.is_empty() {
        return Err(qualifiers.malformed());
    }
    while !qualifiers.is_empty() {
        let mut pair = qualifiers.expect(Tag::SEQUENCE)?.open();
        known &= matches!(pair.expect(Tag::OBJECT_IDENTIFIER)?.value, [0x2b, 6, 1, 5, 5, 7, 2, 1 | 2]);
        pair.any()?;
        pair.finish()?;
    }
    Ok(known)
}

/// A policy of the issuer and the equivalent policy of the subject.
pub(super) type Mapping<'a> = (&'a [u8], &'a [u8]);

pub(in crate::path) fn read_mappings(value: &[u8]) -> Result<Vec<Mapping<'_>>, Malformed> {
    let mut list = only(value, Tag::SEQUENCE)?.open();
    let mut mappings = Vec::new();
    if list.is_empty() {
        return Err(list.malformed());
    }
    while !list.is_empty() {
        let mut pair = list.expect(Tag::SEQUENCE)?.open();
        let issuer = pair.expect(Tag::OBJECT_IDENTIFIER)?.value;
        let subject = pair.expect(Tag::OBJECT_IDENTIFIER)?.value;
        pair.finish()?;
        mappings.push((issuer, subject));
    }
    Ok(mappings)
}

/// Parses `requireExplicitPolicy` and `inhibitPolicyMapping`, of which at least one is present (RFC 5280 4.2.1.11).
pub(super) fn read_constraints(value: &[u8]) -> Result<(Option<u32>, Option<u32>), Malformed> {
    let mut fields = only(value, Tag::SEQUENCE)?.open();
    if fields.is_empty() {
        return Err(fields.malformed());
    }
    let mut number = |at| match fields.optional(context(at, false))? {
        None => Ok(None),
        Some(tlv) => {
            crate::tlv::integer(&tlv)?;
            u32_value(tlv.value).map(Some).ok_or(tlv.malformed())
        }
    };
    let found = (number(0)?, number(1)?);
    fields.finish()?;
    Ok(found)
}

pub(in crate::path) fn read_inhibit(value: &[u8]) -> Result<u32, Malformed> {
    let tlv = only(value, Tag::INTEGER)?;
    crate::tlv::integer(&tlv)?;
    u32_value(tlv.value).ok_or(tlv.malformed())
}
