//! [`Field`]: the fields of a storage token.

/// Returns a name with its `=`, up to eight bytes, as a number, the first byte lowest.
pub(crate) const fn word(name: &[u8]) -> u64 {
    let (mut bytes, mut rest) = ([0; 8], name);
    let mut free: &mut [u8] = &mut bytes;
    while let ([byte, tail @ ..], [slot, others @ ..]) = (rest, free) {
        *slot = *byte;
        (rest, free) = (tail, others);
    }
    u64::from_le_bytes(bytes)
}

/// The names as numbers.
mod words {
    use super::word;

    pub(super) const SV: u64 = word(b"sv=");
    pub(super) const SS: u64 = word(b"ss=");
    pub(super) const SRT: u64 = word(b"srt=");
    pub(super) const SP: u64 = word(b"sp=");
    pub(super) const ST: u64 = word(b"st=");
    pub(super) const SE: u64 = word(b"se=");
    pub(super) const SIP: u64 = word(b"sip=");
    pub(super) const SPR: u64 = word(b"spr=");
    pub(super) const SR: u64 = word(b"sr=");
    pub(super) const SI: u64 = word(b"si=");
    pub(super) const SDD: u64 = word(b"sdd=");
    pub(super) const SES: u64 = word(b"ses=");
    pub(super) const RSCC: u64 = word(b"rscc=");
    pub(super) const RSCD: u64 = word(b"rscd=");
    pub(super) const RSCE: u64 = word(b"rsce=");
    pub(super) const RSCL: u64 = word(b"rscl=");
    pub(super) const RSCT: u64 = word(b"rsct=");
    pub(super) const TN: u64 = word(b"tn=");
    pub(super) const SPK: u64 = word(b"spk=");
    pub(super) const SRK: u64 = word(b"srk=");
    pub(super) const EPK: u64 = word(b"epk=");
    pub(super) const ERK: u64 = word(b"erk=");
    pub(super) const SKOID: u64 = word(b"skoid=");
    pub(super) const SKTID: u64 = word(b"sktid=");
    pub(super) const SKT: u64 = word(b"skt=");
    pub(super) const SKE: u64 = word(b"ske=");
    pub(super) const SKS: u64 = word(b"sks=");
    pub(super) const SKV: u64 = word(b"skv=");
    pub(super) const SAOID: u64 = word(b"saoid=");
    pub(super) const SUOID: u64 = word(b"suoid=");
    pub(super) const SCID: u64 = word(b"scid=");
    pub(super) const SKDUTID: u64 = word(b"skdutid=");
    pub(super) const SDUOID: u64 = word(b"sduoid=");
    pub(super) const SRH: u64 = word(b"srh=");
    pub(super) const SRQ: u64 = word(b"srq=");
}

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

    /// Returns the field of a name, given as a [`word`]. It is called for each field of a token: comparisons of names
    /// byte by byte take longer.
    pub(crate) const fn from_word(word: u64) -> Option<Self> {
        Some(match word {
            words::SV => Self::SV,
            words::SS => Self::SS,
            words::SRT => Self::SRT,
            words::SP => Self::SP,
            words::ST => Self::ST,
            words::SE => Self::SE,
            words::SIP => Self::SIP,
            words::SPR => Self::SPR,
            words::SR => Self::SR,
            words::SI => Self::SI,
            words::SDD => Self::SDD,
            words::SES => Self::SES,
            words::RSCC => Self::RSCC,
            words::RSCD => Self::RSCD,
            words::RSCE => Self::RSCE,
            words::RSCL => Self::RSCL,
            words::RSCT => Self::RSCT,
            words::TN => Self::TN,
            words::SPK => Self::SPK,
            words::SRK => Self::SRK,
            words::EPK => Self::EPK,
            words::ERK => Self::ERK,
            words::SKOID => Self::SKOID,
            words::SKTID => Self::SKTID,
            words::SKT => Self::SKT,
            words::SKE => Self::SKE,
            words::SKS => Self::SKS,
            words::SKV => Self::SKV,
            words::SAOID => Self::SAOID,
            words::SUOID => Self::SUOID,
            words::SCID => Self::SCID,
            words::SKDUTID => Self::SKDUTID,
            words::SDUOID => Self::SDUOID,
            words::SRH => Self::SRH,
            words::SRQ => Self::SRQ,
            _ => return None,
        })
    }

    /// Returns the field of a name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::all().zip(NAMES).find(|(_, own)| *own == name).map(|(field, _)| field)
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
    extern crate std;

    #[test]
    fn names_and_fields_are_paired() {
        for (field, name) in Field::all().zip(NAMES) {
            assert_eq!(Field::from_name(name), Some(field), "{name}");
            assert_eq!(field.name(), name);
            let bytes = |end: &str| word([name, end].concat().as_bytes());
            assert_eq!(Field::from_word(bytes("=")), Some(field));
            for end in ["", "\0="] {
                assert_eq!(Field::from_word(bytes(end)), None, "{name}{end}");
            }
        }
        assert_eq!(Field::from_name("sig"), None);
    }
}
