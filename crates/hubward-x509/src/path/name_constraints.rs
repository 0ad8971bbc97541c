//! Name constraints of every form (RFC 5280 4.2.1.10, 6.1.3 (b), (c), 6.1.4 (g)).
//!
//! The constraints of each CA are compared with the names of each certificate below it, so that the permitted names are
//! those that every CA of the path permits.

use super::budget::Meter;
use super::validate::{Path, extension};
use crate::certificate::Certificate;
use crate::certificate::GeneralName;
use crate::certificate::name::{EMAIL_ADDRESS, Name, text};
use crate::error::{CertificatePosition, ChainError, KnownExtension, NameForm, Problem};
use crate::identity::{dns, email, uri};
use crate::tlv::{Cursor, Malformed, Tag, context, only};

/// The two lists of subtrees, each optional.
struct Constraints<'a> {
    permitted: Option<Cursor<'a>>,
    excluded: Option<Cursor<'a>>,
}

impl<'a> Constraints<'a> {
    fn read(value: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = only(value, Tag::SEQUENCE)?.open();
        let mut list = |number| {
            let Some(tlv) = fields.optional(context(number, true))? else { return Ok(None) };
            if tlv.value.is_empty() { Err(tlv.malformed()) } else { Ok(Some(tlv.open())) }
        };
        let (permitted, excluded) = (list(0)?, list(1)?);
        fields.finish()?;
        // an empty extension is forbidden (RFC 5280 4.2.1.10)
        if permitted.is_none() && excluded.is_none() {
            return Err(fields.malformed());
        }
        Ok(Self { permitted, excluded })
    }
}

/// Parses a subtree: `minimum` is 0, which DER omits, and `maximum` is absent (RFC 5280 4.2.1.10).
fn subtree<'a>(list: &mut Cursor<'a>) -> Result<GeneralName<'a>, Malformed> {
    let mut fields = list.expect(Tag::SEQUENCE)?.open();
    let base = GeneralName::read(&mut fields)?;
    fields.finish()?;
    Ok(base)
}

/// Checks that name constraints are lists of subtrees, without their forms' own syntax.
pub(super) fn check_structure(value: &[u8]) -> Result<(), Malformed> {
    let Constraints { permitted, excluded } = Constraints::read(value)?;
    for mut list in [permitted, excluded].into_iter().flatten() {
        while !list.is_empty() {
            subtree(&mut list)?;
        }
    }
    Ok(())
}

pub(super) fn check(path: &Path<'_>, meter: &mut Meter) -> Result<(), ChainError> {
    for (below, (by, issuer)) in path.intermediates.iter().chain(path.checked_anchor).enumerate() {
        let Some(present) = issuer.extensions().name_constraints else { continue };
        let malformed = |malformed| ChainError::Refused {
            place: by,
            problem: extension(KnownExtension::NameConstraints)(malformed),
        };
        let constraints = Constraints::read(present.value).map_err(malformed)?;
        for list in [constraints.permitted, constraints.excluded].into_iter().flatten() {
            check_syntax(list, meter, &malformed)?;
        }
        let mut checker = Checker { constraints: &constraints, by, meter };
        checker.certificate(path.leaf.0, path.leaf.1)?;
        for (place, certificate) in path.intermediates.iter().take(below) {
            // 6.1.3 (b): self-issued certificates are exempt, except the last one
            if !certificate.is_self_issued() {
                checker.certificate(place, certificate)?;
            }
        }
    }
    Ok(())
}

/// Checks that every constraint has the syntax of its form, whether or not a name is compared with it.
fn check_syntax(
    mut list: Cursor<'_>,
    meter: &mut Meter,
    malformed: &impl Fn(Malformed) -> ChainError,
) -> Result<(), ChainError> {
    while !list.is_empty() {
        meter.name_comparison()?;
        let at = list.malformed();
        let fine = match subtree(&mut list).map_err(malformed)? {
            GeneralName::Dns(base) => base.is_empty() || dns::is_reference(base),
            GeneralName::Email(base) => email::is_constraint(base),
            GeneralName::Uri(base) => uri::is_constraint(base),
            GeneralName::Ip(base) => address_and_mask(base).is_some(),
            GeneralName::Directory(_) | GeneralName::Other(_) => true,
        };
        if !fine {
            return Err(malformed(at));
        }
    }
    Ok(())
}

struct Checker<'j, 'a> {
    constraints: &'j Constraints<'a>,
    by: CertificatePosition,
    meter: &'j mut Meter,
}

impl Checker<'_, '_> {
    fn certificate(
        &mut self,
        place: CertificatePosition,
        certificate: &Certificate<'_>,
    ) -> Result<(), ChainError> {
        let refused = |problem| ChainError::Refused { place, problem };
        let subject = certificate.subject();
        if !subject.is_empty() {
            self.name(place, &GeneralName::Directory(subject))?;
        }
        // mailboxes in the subject are treated as alternative names
        for attribute in subject.attributes() {
            let attribute =
                attribute.map_err(|_| refused(Problem::NotComparable { form: NameForm::Directory }))?;
            if attribute.oid != EMAIL_ADDRESS {
                continue;
            }
            let mailbox =
                text(&attribute.value).ok_or(refused(Problem::NotComparable { form: NameForm::Email }))?;
            self.name(place, &GeneralName::Email(mailbox))?;
        }
        let malformed = |malformed| refused(extension(KnownExtension::SubjectAltName)(malformed));
        for name in certificate.subject_alt_names().map_err(malformed)? {
            self.name(place, &name.map_err(malformed)?)?;
        }
        Ok(())
    }

    fn name(&mut self, place: CertificatePosition, name: &GeneralName<'_>) -> Result<(), ChainError> {
        let refused = |problem| ChainError::Refused { place, problem };
        let form = form(name);
        let not_comparable = || refused(Problem::NotComparable { form });
        let mut limited = false;
        let mut permitted = false;
        let mut rest = self.constraints.permitted;
        while let Some(base) = next(&mut rest) {
            self.meter.name_comparison()?;
            match within(name, &base, SubtreeList::Permitted) {
                Match::OtherForm => {}
                Match::Yes => (limited, permitted) = (true, true),
                Match::No => limited = true,
                Match::Undecidable => return Err(not_comparable()),
            }
        }
        if limited && !permitted {
            return Err(refused(Problem::NotPermitted { form, by: self.by }));
        }
        let mut rest = self.constraints.excluded;
        while let Some(base) = next(&mut rest) {
            self.meter.name_comparison()?;
            match within(name, &base, SubtreeList::Excluded) {
                Match::OtherForm | Match::No => {}
                Match::Yes => return Err(refused(Problem::Excluded { form, by: self.by })),
                Match::Undecidable => return Err(not_comparable()),
            }
        }
        Ok(())
    }
}

/// Returns the next subtree of a list whose syntax was checked.
fn next<'a>(list: &mut Option<Cursor<'a>>) -> Option<GeneralName<'a>> {
    let list = list.as_mut()?;
    if list.is_empty() { None } else { subtree(list).ok() }
}

const fn form(name: &GeneralName<'_>) -> NameForm {
    match name {
        GeneralName::Directory(_) => NameForm::Directory,
        GeneralName::Dns(_) => NameForm::Dns,
        GeneralName::Email(_) => NameForm::Email,
        GeneralName::Ip(_) => NameForm::Ip,
        GeneralName::Other(_) => NameForm::Other,
        GeneralName::Uri(_) => NameForm::Uri,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SubtreeList {
    Permitted,
    Excluded,
}

enum Match {
    /// The constraint is for names of another form.
    OtherForm,
    Yes,
    No,
    /// The same form, but one of the two cannot be compared: refused in both lists.
    Undecidable,
}

impl From<bool> for Match {
    fn from(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

fn within(name: &GeneralName<'_>, base: &GeneralName<'_>, kind: SubtreeList) -> Match {
    match (name, base) {
        (GeneralName::Dns(name), GeneralName::Dns(base)) => {
            if !dns::is_presented_lax(name) {
                return Match::Undecidable;
            }
            // a wildcard represents every name it matches: all must be permitted, and no name may be excluded
            match (name.strip_prefix("*."), kind) {
                (None, _) => dns::is_within(name, base).into(),
                (Some(parent), SubtreeList::Permitted) => dns::is_within(parent, base).into(),
                (Some(parent), SubtreeList::Excluded) => {
                    let child = base.split_once('.').is_some_and(|(_, above)| dns::same(above, parent));
                    (child || dns::is_within(parent, base)).into()
                }
            }
        }
        (GeneralName::Email(name), GeneralName::Email(base)) => match email::split(name) {
            Some(mailbox) => email::is_within(mailbox, base).into(),
            None => Match::Undecidable,
        },
        (GeneralName::Uri(name), GeneralName::Uri(base)) => match uri::host(name) {
            Some(host) => uri::is_within(host, base).into(),
            None => Match::Undecidable,
        },
        (GeneralName::Ip(name), GeneralName::Ip(base)) => match (name.len(), address_and_mask(base)) {
            // an address of the other family is another form
            (4 | 16, Some((address, _))) if address.len() != name.len() => Match::No,
            (4 | 16, Some((address, mask))) => {
                name.iter().zip(address).zip(mask).all(|((n, a), m)| n & m == a & m).into()
            }
            _ => Match::Undecidable,
        },
        (GeneralName::Directory(name), GeneralName::Directory(base)) => directory(name, base, kind),
        (GeneralName::Other(a), GeneralName::Other(b)) if a == b => Match::Undecidable,
        _ => Match::OtherForm,
    }
}

/// A name that cannot be compared, or not with certainty, is refused by every excluded subtree and is in no permitted
/// one.
fn directory(name: &Name<'_>, base: &Name<'_>, kind: SubtreeList) -> Match {
    if !name.is_comparable() || !base.is_comparable() {
        return if kind == SubtreeList::Excluded { Match::Undecidable } else { Match::No };
    }
    match base.contains(name) {
        false if kind == SubtreeList::Excluded && base.might_contain(name) => Match::Undecidable,
        fits => fits.into(),
    }
}

/// Splits eight or thirty-two bytes; the mask must be ones followed by zeros (RFC 4632 3.1).
fn address_and_mask(base: &[u8]) -> Option<(&[u8], &[u8])> {
    let (address, mask) = match base.len() {
        8 => base.split_at_checked(4)?,
        32 => base.split_at_checked(16)?,
        _ => return None,
    };
    let mut ended = false;
    for byte in mask {
        let contiguous =
            byte.leading_ones().checked_add(byte.trailing_zeros().min(8)) == Some(8) || *byte == 0xff;
        if !contiguous || (ended && *byte != 0) {
            return None;
        }
        ended |= *byte != 0xff;
    }
    Some((address, mask))
}
