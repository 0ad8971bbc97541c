//! The extensions of a certificate: located when it is parsed, decoded when they are needed.

use super::stored::KNOWN;
use crate::error::CertificateError;
use crate::tlv::{Cursor, Malformed, Tag, only};

/// Largest number of extensions of one certificate. Those of the public web have up to a dozen; the limit bounds
/// the quadratic search for duplicates.
pub(crate) const MAX_EXTENSIONS: usize = 64;

/// The value of one extension and its criticality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extension<'a> {
    /// `true` if a verifier that does not know the extension must refuse the certificate.
    pub critical: bool,
    /// The contents of the OCTET STRING.
    pub value: &'a [u8],
}

/// The extensions that validation knows.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Extensions<'a> {
    /// RFC 5280 4.2.1.1.
    pub authority_key_identifier: Option<Extension<'a>>,
    /// RFC 5280 4.2.1.2.
    pub subject_key_identifier: Option<Extension<'a>>,
    /// RFC 5280 4.2.1.3.
    pub key_usage: Option<Extension<'a>>,
    /// RFC 5280 4.2.1.4.
    pub certificate_policies: Option<Extension<'a>>,
    /// RFC 5280 4.2.1.5.
    pub policy_mappings: Option<Extension<'a>>,
    /// RFC 5280 4.2.1.6.
    pub subject_alt_name: Option<Extension<'a>>,
    /// RFC 5280 4.2.1.9.
    pub basic_constraints: Option<Extension<'a>>,
    /// RFC 5280 4.2.1.10.
    pub name_constraints: Option<Extension<'a>>,
    /// RFC 5280 4.2.1.11.
    pub policy_constraints: Option<Extension<'a>>,
    /// RFC 5280 4.2.1.12.
    pub extended_key_usage: Option<Extension<'a>>,
    /// RFC 5280 4.2.1.13.
    pub crl_distribution_points: Option<Extension<'a>>,
    /// RFC 5280 4.2.1.14.
    pub inhibit_any_policy: Option<Extension<'a>>,
    /// RFC 5280 4.2.2.1.
    pub authority_info_access: Option<Extension<'a>>,
    /// `true` if another extension is critical.
    pub(crate) unknown_critical: bool,
    /// `true` if an extension has a default value written out: `critical` FALSE, or `cA` FALSE.
    pub(crate) default_written: bool,
}

impl<'a> Extensions<'a> {
    /// Parses the contents of the SEQUENCE OF Extension.
    pub(crate) fn read(mut list: Cursor<'a>) -> Result<Self, CertificateError> {
        let mut all = Self::default();
        if list.is_empty() {
            return Err(list.malformed().into());
        }
        let (start, mut count) = (list, 0_usize);
        while !list.is_empty() {
            let (oid, extension, default_written) = read_with_defaults(&mut list)?;
            all.default_written |= default_written;
            count = count.saturating_add(1);
            if count > MAX_EXTENSIONS {
                return Err(CertificateError::TooManyExtensions { most: MAX_EXTENSIONS });
            }
            if let Some(known) = all.slot(oid) {
                if known.replace(extension).is_some() {
                    return Err(CertificateError::DuplicateExtension);
                }
            } else {
                // unknown extensions are few: reading the list again is cheaper than keeping them
                let mut before = start;
                for _ in 1..count {
                    if read_extension(&mut before)?.0 == oid {
                        return Err(CertificateError::DuplicateExtension);
                    }
                }
                all.unknown_critical |= extension.critical;
            }
        }
        Ok(all)
    }

    /// Returns the extensions in the order of the fields.
    pub(super) const fn known(&self) -> [Option<Extension<'a>>; KNOWN] {
        let Self {
            authority_key_identifier,
            subject_key_identifier,
            key_usage,
            certificate_policies,
            policy_mappings,
            subject_alt_name,
            basic_constraints,
            name_constraints,
            policy_constraints,
            extended_key_usage,
            crl_distribution_points,
            inhibit_any_policy,
            authority_info_access,
            unknown_critical: _,
            default_written: _,
        } = *self;
        [
            authority_key_identifier,
            subject_key_identifier,
            key_usage,
            certificate_policies,
            policy_mappings,
            subject_alt_name,
            basic_constraints,
            name_constraints,
            policy_constraints,
            extended_key_usage,
            crl_distribution_points,
            inhibit_any_policy,
            authority_info_access,
        ]
    }

    /// Returns the extensions of which [`Self::known`] returned the parts.
    pub(super) const fn of_known(
        known: [Option<Extension<'a>>; KNOWN],
        unknown_critical: bool,
        default_written: bool,
    ) -> Self {
        let [
            authority_key_identifier,
            subject_key_identifier,
            key_usage,
            certificate_policies,
            policy_mappings,
            subject_alt_name,
            basic_constraints,
            name_constraints,
            policy_constraints,
            extended_key_usage,
            crl_distribution_points,
            inhibit_any_policy,
            authority_info_access,
        ] = known;
        Self {
            authority_key_identifier,
            subject_key_identifier,
            key_usage,
            certificate_policies,
            policy_mappings,
            subject_alt_name,
            basic_constraints,
            name_constraints,
            policy_constraints,
            extended_key_usage,
            crl_distribution_points,
            inhibit_any_policy,
            authority_info_access,
            unknown_critical,
            default_written,
        }
    }

    fn slot(&mut self, oid: &[u8]) -> Option<&mut Option<Extension<'a>>> {
        Some(match oid {
            [0x55, 0x1d, 35] => &mut self.authority_key_identifier,
            [0x55, 0x1d, 14] => &mut self.subject_key_identifier,
            [0x55, 0x1d, 15] => &mut self.key_usage,
            [0x55, 0x1d, 32] => &mut self.certificate_policies,
            [0x55, 0x1d, 33] => &mut self.policy_mappings,
            [0x55, 0x1d, 17] => &mut self.subject_alt_name,
            [0x55, 0x1d, 19] => &mut self.basic_constraints,
            [0x55, 0x1d, 30] => &mut self.name_constraints,
            [0x55, 0x1d, 36] => &mut self.policy_constraints,
            [0x55, 0x1d, 37] => &mut self.extended_key_usage,
            [0x55, 0x1d, 31] => &mut self.crl_distribution_points,
            [0x55, 0x1d, 54] => &mut self.inhibit_any_policy,
            [0x2b, 6, 1, 5, 5, 7, 1, 1] => &mut self.authority_info_access,
            _ => return None,
        })
    }
}

/// Parses one extension; returns its OID and value.
#[inline]
pub(crate) fn read_extension<'a>(list: &mut Cursor<'a>) -> Result<(&'a [u8], Extension<'a>), Malformed> {
    read_with_defaults(list).map(|(oid, extension, _)| (oid, extension))
}

/// Parses one extension; returns its OID and value, and `true` if a default value is written out.
#[inline]
fn read_with_defaults<'a>(list: &mut Cursor<'a>) -> Result<(&'a [u8], Extension<'a>, bool), Malformed> {
    let mut fields = list.expect(Tag::SEQUENCE)?.open();
    let oid = fields.expect(Tag::OBJECT_IDENTIFIER)?.value;
    let present = fields.rest().first() == Some(&Tag::BOOLEAN.0);
    let critical = present && fields.default_false()?;
    let value = fields.expect(Tag::OCTET_STRING)?.value;
    fields.finish()?;
    let written =
        (present && !critical) || matches!((oid, value), ([0x55, 0x1d, 19], [0x30, _, 1, 1, 0, ..]));
    Ok((oid, Extension { critical, value }, written))
}

/// The basic constraints: whether the subject is a CA, and how many CAs may follow it in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BasicConstraints {
    /// `true` if the key may sign certificates.
    pub ca: bool,
    /// The largest number of intermediates below it that are not self-issued.
    pub path_len: Option<u32>,
}

impl BasicConstraints {
    pub(crate) fn read(value: &[u8]) -> Result<Self, Malformed> {
        let mut fields = only(value, Tag::SEQUENCE)?.open();
        let ca = fields.default_false()?;
        let path_len = if fields.is_empty() { None } else { Some(fields.read_u32()?) };
        fields.finish()?;
        Ok(Self { ca, path_len })
    }
}

/// The permitted uses of a key (RFC 5280 4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    pub(crate) fn read(value: &[u8]) -> Result<Self, Malformed> {
        let bits = crate::tlv::named_bits(&only(value, Tag::BIT_STRING)?)?;
        Ok(Self(bits))
    }

    /// Returns `true` if the key may create signatures other than on certificates and CRLs, as TLS requires.
    #[must_use]
    pub const fn digital_signature(self) -> bool {
        self.0 & 0x8000 != 0
    }

    /// Returns `true` if the key may sign certificates.
    #[must_use]
    pub const fn key_cert_sign(self) -> bool {
        self.0 & 0x0400 != 0
    }

    /// Returns `true` if the key may sign revocation lists.
    #[must_use]
    pub const fn crl_sign(self) -> bool {
        self.0 & 0x0200 != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// The purposes in an extended key usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Purposes {
    pub(crate) any: bool,
    pub(crate) client_auth: bool,
    pub(crate) server_auth: bool,
}

impl Purposes {
    pub(crate) fn read(value: &[u8]) -> Result<Self, Malformed> {
        let mut list = only(value, Tag::SEQUENCE)?.open();
        if list.is_empty() {
            return Err(list.malformed());
        }
        let mut purposes = Self::default();
        while !list.is_empty() {
            match list.expect(Tag::OBJECT_IDENTIFIER)?.value {
                [0x55, 0x1d, 37, 0] => purposes.any = true,
                [0x2b, 6, 1, 5, 5, 7, 3, 1] => purposes.server_auth = true,
                [0x2b, 6, 1, 5, 5, 7, 3, 2] => purposes.client_auth = true,
                _ => {}
            }
        }
        Ok(purposes)
    }
}

/// The fields of an authority key identifier that rules depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AuthorityKeyIdentifier<'a> {
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) issuer: bool,
    pub(crate) serial: bool,
}

impl<'a> AuthorityKeyIdentifier<'a> {
    pub(crate) fn read(value: &'a [u8]) -> Result<Self, Malformed> {
        use crate::tlv::context;
        let mut fields = only(value, Tag::SEQUENCE)?.open();
        let key = fields.optional(context(0, false))?.map(|tlv| tlv.value);
        let issuer = fields.optional(context(1, true))?.is_some();
        let serial = fields.optional(context(2, false))?.is_some();
        fields.finish()?;
        Ok(Self { key, issuer, serial })
    }
}

/// Decodes a subject key identifier.
pub(crate) fn subject_key_identifier(value: &[u8]) -> Result<&[u8], Malformed> {
    Ok(only(value, Tag::OCTET_STRING)?.value)
}

/// Checks that an authority information access is well formed: pairs of a method and a location.
pub(crate) fn check_authority_info_access(value: &[u8]) -> Result<(), Malformed> {
    let mut list = only(value, Tag::SEQUENCE)?.open();
    if list.is_empty() {
        return Err(list.malformed());
    }
    while !list.is_empty() {
        let mut one = list.expect(Tag::SEQUENCE)?.open();
        one.expect(Tag::OBJECT_IDENTIFIER)?;
        super::general_name::GeneralName::read(&mut one)?;
        one.finish()?;
    }
    Ok(())
}
