//! [`Field`]: the fields of a storage token.

/// A field of a storage token: its position in [`NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field(u32);

/// The number of fields.
pub(crate) const COUNT: usize = 35;

const NAMES: [&str; COUNT] = [
    "sv", "ss", "srt", "sp", "st", "se", "sip", "spr", "sr", "si", "sdd", "ses", "rscc", "rscd", "rsce",
    "rscl", "rsct", "tn", "spk", "srk", "epk", "erk", "skoid", "sktid", "skt", "ske", "sks", "skv", "saoid",
    "suoid", "scid", "skdutid", "sduoid", "srh", "srq",
];

impl Field {
    pub(crate) const SV: Self = Self(0);
    pub(crate) const SS: Self = Self(1);
    pub(crate) const SRT: Self = Self(2);
    pub(crate) const SP: Self = Self(3);
    pub(crate) const ST: Self = Self(4);
    pub(crate) const SE: Self = Self(5);
    pub(crate) const SIP: Self = Self(6);
    pub(crate) const SPR: Self = Self(7);
    pub(crate) const SR: Self = Self(8);
    pub(crate) const SI: Self = Self(9);
    pub(crate) const SDD: Self = Self(10);
    pub(crate) const SES: Self = Self(11);
    pub(crate) const RSCC: Self = Self(12);
    pub(crate) const RSCD: Self = Self(13);
    pub(crate) const RSCE: Self = Self(14);
    pub(crate) const RSCL: Self = Self(15);
    pub(crate) const RSCT: Self = Self(16);
    pub(crate) const TN: Self = Self(17);
    pub(crate) const SPK: Self = Self(18);
    pub(crate) const SRK: Self = Self(19);
    pub(crate) const EPK: Self = Self(20);
    pub(crate) const ERK: Self = Self(21);
    pub(crate) const SKOID: Self = Self(22);
    pub(crate) const SKTID: Self = Self(23);
    pub(crate) const SKT: Self = Self(24);
    pub(crate) const SKE: Self = Self(25);
    pub(crate) const SKS: Self = Self(26);
    pub(crate) const SKV: Self = Self(27);
    pub(crate) const SAOID: Self = Self(28);
    pub(crate) const SUOID: Self = Self(29);
    pub(crate) const SCID: Self = Self(30);
    pub(crate) const SKDUTID: Self = Self(31);
    pub(crate) const SDUOID: Self = Self(32);
    pub(crate) const SRH: Self = Self(33);
    pub(crate) const SRQ: Self = Self(34);

    /// Returns all fields, in the order in which a token is written.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0_u32..).zip(NAMES).map(|(number, _)| Self(number))
    }

    /// Returns the first of a set of fields, by their bits.
    pub(crate) const fn first(bits: u64) -> Option<Self> {
        if bits == 0 { None } else { Some(Self(bits.trailing_zeros())) }
    }

    /// Returns the field of a name. It is called for each field of a token; a search of [`NAMES`] takes longer,
    /// and so do comparisons of whole names.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name.as_bytes() {
            b"sv" => Self::SV,
            b"ss" => Self::SS,
            b"srt" => Self::SRT,
            b"sp" => Self::SP,
            b"st" => Self::ST,
            b"se" => Self::SE,
            b"sip" => Self::SIP,
            b"spr" => Self::SPR,
            b"sr" => Self::SR,
            b"si" => Self::SI,
            b"sdd" => Self::SDD,
            b"ses" => Self::SES,
            b"rscc" => Self::RSCC,
            b"rscd" => Self::RSCD,
            b"rsce" => Self::RSCE,
            b"rscl" => Self::RSCL,
            b"rsct" => Self::RSCT,
            b"tn" => Self::TN,
            b"spk" => Self::SPK,
            b"srk" => Self::SRK,
            b"epk" => Self::EPK,
            b"erk" => Self::ERK,
            b"skoid" => Self::SKOID,
            b"sktid" => Self::SKTID,
            b"skt" => Self::SKT,
            b"ske" => Self::SKE,
            b"sks" => Self::SKS,
            b"skv" => Self::SKV,
            b"saoid" => Self::SAOID,
            b"suoid" => Self::SUOID,
            b"scid" => Self::SCID,
            b"skdutid" => Self::SKDUTID,
            b"sduoid" => Self::SDUOID,
            b"srh" => Self::SRH,
            b"srq" => Self::SRQ,
            _ => return None,
        })
    }

    /// Returns the field of a name in any ASCII case.
    pub(crate) fn from_any_case(name: &str) -> Option<Self> {
        Self::all().zip(NAMES).find(|(_, own)| own.eq_ignore_ascii_case(name)).map(|(field, _)| field)
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES.get(self.index()).copied().unwrap_or_default()
    }

    /// Returns its position in arrays of [`COUNT`] values.
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(COUNT)
    }

    /// Returns its bit in a set of fields.
    pub(crate) const fn bit(self) -> u64 {
        1_u64.wrapping_shl(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_fields_are_paired() {
        for (field, name) in Field::all().zip(NAMES) {
            assert_eq!(Field::from_name(name), Some(field), "{name}");
            assert_eq!(field.name(), name);
        }
        assert_eq!(Field::from_name("sig"), None);
    }
}
