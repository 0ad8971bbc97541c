//! [`Field`]: the fields of a storage token.

/// A field of a storage token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    index: usize,
    bit: u64,
}

/// The number of fields.
pub(crate) const COUNT: usize = 35;

const NAMES: [&str; COUNT] = [
    "sv", "ss", "srt", "sp", "st", "se", "sip", "spr", "sr", "si", "sdd", "ses", "rscc", "rscd", "rsce",
    "rscl", "rsct", "tn", "spk", "srk", "epk", "erk", "skoid", "sktid", "skt", "ske", "sks", "skv", "saoid",
    "suoid", "scid", "skdutid", "sduoid", "srh", "srq",
];

impl Field {
    const fn at(number: u32) -> Self {
        let mut index = 0_usize;
        let mut left = number;
        while left > 0 {
            (index, left) = (index.wrapping_add(1), left.wrapping_sub(1));
        }
        Self { index, bit: 1_u64.wrapping_shl(number) }
    }

    pub(crate) const SV: Self = Self::at(0);
    pub(crate) const SS: Self = Self::at(1);
    pub(crate) const SRT: Self = Self::at(2);
    pub(crate) const SP: Self = Self::at(3);
    pub(crate) const ST: Self = Self::at(4);
    pub(crate) const SE: Self = Self::at(5);
    pub(crate) const SIP: Self = Self::at(6);
    pub(crate) const SPR: Self = Self::at(7);
    pub(crate) const SR: Self = Self::at(8);
    pub(crate) const SI: Self = Self::at(9);
    pub(crate) const SDD: Self = Self::at(10);
    pub(crate) const SES: Self = Self::at(11);
    pub(crate) const RSCC: Self = Self::at(12);
    pub(crate) const RSCD: Self = Self::at(13);
    pub(crate) const RSCE: Self = Self::at(14);
    pub(crate) const RSCL: Self = Self::at(15);
    pub(crate) const RSCT: Self = Self::at(16);
    pub(crate) const TN: Self = Self::at(17);
    pub(crate) const SPK: Self = Self::at(18);
    pub(crate) const SRK: Self = Self::at(19);
    pub(crate) const EPK: Self = Self::at(20);
    pub(crate) const ERK: Self = Self::at(21);
    pub(crate) const SKOID: Self = Self::at(22);
    pub(crate) const SKTID: Self = Self::at(23);
    pub(crate) const SKT: Self = Self::at(24);
    pub(crate) const SKE: Self = Self::at(25);
    pub(crate) const SKS: Self = Self::at(26);
    pub(crate) const SKV: Self = Self::at(27);
    pub(crate) const SAOID: Self = Self::at(28);
    pub(crate) const SUOID: Self = Self::at(29);
    pub(crate) const SCID: Self = Self::at(30);
    pub(crate) const SKDUTID: Self = Self::at(31);
    pub(crate) const SDUOID: Self = Self::at(32);
    pub(crate) const SRH: Self = Self::at(33);
    pub(crate) const SRQ: Self = Self::at(34);

    /// Returns all fields, in the order in which a token is written.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0_u32..).zip(0..COUNT).map(|(shift, index)| Self { index, bit: 1_u64.wrapping_shl(shift) })
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

    pub(crate) const fn index(self) -> usize {
        self.index
    }

    pub(crate) const fn bit(self) -> u64 {
        self.bit
    }
}
