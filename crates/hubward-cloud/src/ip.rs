//! [`IpRange`]: the addresses that a token may be used from.

use core::net::IpAddr;

use crate::error::Problem;
use crate::text::Text;

/// One address or a range of addresses of the same family, both ends included.
///
/// ```
/// use hubward_cloud::IpRange;
///
/// let range = IpRange::parse("168.1.5.60-168.1.5.70")?;
/// assert!(range.contains("168.1.5.65".parse().unwrap()));
/// assert!(!range.contains("168.1.5.71".parse().unwrap()));
/// # Ok::<(), hubward_cloud::Problem>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct IpRange<'a> {
    pub(crate) text: Text<'a>,
    first: IpAddr,
    last: IpAddr,
}

/// The most characters of two addresses of version 6 and a hyphen.
const LONGEST: usize = 91;

impl<'a> IpRange<'a> {
    /// Parses `address` or `address-address`.
    ///
    /// # Errors
    /// [`Problem::Address`] if the text is not that, or the second address is before the first.
    pub fn parse(text: &'a str) -> Result<Self, Problem> {
        Self::of(Text::plain(text)?)
    }

    pub(crate) fn of(text: Text<'a>) -> Result<Self, Problem> {
        let mut buffer = [0; LONGEST];
        let mut len = 0_usize;
        for byte in text.bytes() {
            *buffer.get_mut(len).ok_or(Problem::Address)? = byte;
            len = len.saturating_add(1);
        }
        let decoded = core::str::from_utf8(buffer.get(..len).unwrap_or_default()).unwrap_or_default();
        let (first, last) = decoded.split_once('-').unwrap_or((decoded, decoded));
        let parse = |text: &str| text.parse::<IpAddr>().map_err(|_| Problem::Address);
        let (first, last) = (parse(first)?, parse(last)?);
        if first.is_ipv4() != last.is_ipv4() || first > last {
            return Err(Problem::Address);
        }
        Ok(Self { text, first, last })
    }

    /// Returns whether it has an address. An address of version 4 mapped to version 6 counts as version 4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && self.first <= address && address <= self.last
    }

    /// Returns the first address.
    #[must_use]
    pub const fn first(&self) -> IpAddr {
        self.first
    }

    /// Returns the last address.
    #[must_use]
    pub const fn last(&self) -> IpAddr {
        self.last
    }
}
