//! Reasons for revocation (RFC 5280 4.2.1.13, 5.3.1).

use core::fmt;
use core::ops::{BitAnd, BitOr};

use crate::tlv::{Malformed, Tlv, named_bits};

/// The reason why one certificate was revoked (RFC 5280 5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are RFC 5280's")]
pub enum RevocationReason {
    AaCompromise,
    AffiliationChanged,
    CaCompromise,
    CertificateHold,
    CessationOfOperation,
    KeyCompromise,
    PrivilegeWithdrawn,
    /// In a delta list: the certificate is no longer on hold, or has expired.
    RemoveFromCrl,
    Superseded,
    /// No reason was given, or one that RFC 5280 does not define.
    Unspecified,
}

impl RevocationReason {
    /// Maps the contents of an ENUMERATED.
    pub(super) const fn from_code(code: &[u8]) -> Self {
        match code {
            [1] => Self::KeyCompromise,
            [2] => Self::CaCompromise,
            [3] => Self::AffiliationChanged,
            [4] => Self::Superseded,
            [5] => Self::CessationOfOperation,
            [6] => Self::CertificateHold,
            [8] => Self::RemoveFromCrl,
            [9] => Self::PrivilegeWithdrawn,
            [10] => Self::AaCompromise,
            _ => Self::Unspecified,
        }
    }

    /// Returns the name in RFC 5280.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AaCompromise => "aACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::CaCompromise => "cACompromise",
            Self::CertificateHold => "certificateHold",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::KeyCompromise => "keyCompromise",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::Superseded => "superseded",
            Self::Unspecified => "unspecified",
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of reasons: `ReasonFlags` with the first bit as the highest, without `unused`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reasons(u16);

impl Reasons {
    /// No reason.
    pub const NONE: Self = Self(0);
    /// All reasons (RFC 5280 6.3.1: "all-reasons").
    pub const ALL: Self = Self(0x7f80);

    /// Parses a BIT STRING; ignores bits that RFC 5280 does not define.
    pub(super) fn read(tlv: &Tlv<'_>) -> Result<Self, Malformed> {
        Ok(Self(named_bits(tlv)?) & Self::ALL)
    }

    /// Returns `true` if the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the reasons that are not in `self`.
    #[must_use]
    pub const fn missing(self) -> Self {
        Self(Self::ALL.0 & !self.0)
    }
}

impl BitAnd for Reasons {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Reasons {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Formats as the names of RFC 5280, in the order of the bits.
impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 8] = [
            "keyCompromise",
            "cACompromise",
            "affiliationChanged",
            "superseded",
            "cessationOfOperation",
            "certificateHold",
            "privilegeWithdrawn",
            "aACompromise",
        ];
        let mut bits = self.0 << 1;
        let mut first = true;
        for name in NAMES {
            if bits & 0x8000 != 0 {
                f.write_str(if first { name } else { ", " })?;
                if !first {
                    f.write_str(name)?;
                }
                first = false;
            }
            bits <<= 1;
        }
        if first { f.write_str("none") } else { Ok(()) }
    }
}

impl fmt::Debug for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reasons({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv::{Tag, only};
    use alloc::string::ToString;

    fn read(der: &[u8]) -> Result<Reasons, Malformed> {
        only(der, Tag::BIT_STRING).and_then(|tlv| Reasons::read(&tlv))
    }

    #[test]
    fn each_bit_is_a_reason() {
        assert_eq!(
            read(&[3, 2, 5, 0x60]).map(|r| r.to_string()).as_deref(),
            Ok("keyCompromise, cACompromise")
        );
        assert_eq!(read(&[3, 3, 7, 0xff, 0x80]), Ok(Reasons::ALL));
        assert_eq!(Reasons::ALL.missing(), Reasons::NONE);
        assert_eq!(read(&[3, 2, 5, 0x60]).map(|r| r | r.missing()), Ok(Reasons::ALL));
    }

    #[test]
    fn an_empty_bit_string_has_no_reasons() {
        assert_eq!(read(&[3, 1, 0]), Ok(Reasons::NONE));
        assert!(read(&[3, 0]).is_err());
        assert!(read(&[3, 1, 3]).is_err());
        // `unused` and the bits after the last reason are ignored
        assert_eq!(read(&[3, 3, 0, 0x80, 0x7f]), Ok(Reasons::NONE));
    }
}
