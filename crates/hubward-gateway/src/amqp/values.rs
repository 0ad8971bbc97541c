//! Reads AMQP values by their sizes and counts only.

use super::guard::Malformed;

/// The largest depth of nested values: those of the protocol and of hubs' messages are five deep.
const DEPTH: u8 = 24;

/// The values of a frame, of which at most `left` more are read: each costs the codec memory, regardless of its size.
#[derive(Debug)]
pub(super) struct Values<'b> {
    bytes: &'b [u8],
    left: usize,
}

/// A value as it was sent: its format code, and the data after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'b> {
    /// 0 for a described value.
    code: u8,
    data: &'b [u8],
}

impl<'b> Values<'b> {
    pub(super) const fn new(bytes: &'b [u8], left: usize) -> Self {
        Self { bytes, left }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns how many more values may be read.
    pub(super) const fn left(&self) -> usize {
        self.left
    }

    /// Reads the next value (1.2): a constructor, which may be described, and its data.
    pub(super) fn next(&mut self) -> Result<Value<'b>, Malformed> {
        let described = self.bytes.first() == Some(&0);
        let (code, depth) = self.constructor(DEPTH)?;
        let before = self.bytes;
        self.data(code, depth)?;
        let length = before.len().checked_sub(self.bytes.len()).ok_or(Malformed)?;
        let data = before.get(..length).ok_or(Malformed)?;
        Ok(Value { code: if described { 0 } else { code }, data })
    }

    fn value(&mut self, depth: u8) -> Result<(), Malformed> {
        let (code, depth) = self.constructor(depth)?;
        self.data(code, depth)
    }

    /// Skips a constructor up to its format code. Each descriptor adds one level.
    fn constructor(&mut self, mut depth: u8) -> Result<(u8, u8), Malformed> {
        loop {
            depth = depth.checked_sub(1).ok_or(Malformed)?;
            match self.number::<1>()? {
                0 => self.value(depth)?,
                code => return Ok((u8::try_from(code).map_err(|_| Malformed)?, depth)),
            }
        }
    }

    /// Skips the data of a format code (1.2.1 to 1.2.4). The values of a list, a map or an array must fill it to its end, so
    /// that size and count agree.
    fn data(&mut self, code: u8, depth: u8) -> Result<(), Malformed> {
        self.left = self.left.checked_sub(1).ok_or(Malformed)?;
        let (size, count) = match code >> 4 {
            0x4 => return Ok(()),
            0x5 => return self.skip(1).map(drop),
            0x6 => return self.skip(2).map(drop),
            0x7 => return self.skip(4).map(drop),
            0x8 => return self.skip(8).map(drop),
            0x9 => return self.skip(16).map(drop),
            0xa => {
                let size = self.number::<1>()?;
                return self.skip(size).map(drop);
            }
            0xb => {
                let size = self.number::<4>()?;
                return self.skip(size).map(drop);
            }
            0xc | 0xe => (self.number::<1>()?.checked_sub(1), self.number::<1>()?),
            0xd | 0xf => (self.number::<4>()?.checked_sub(4), self.number::<4>()?),
            _ => return Err(Malformed),
        };
        let mut inner = Self::new(self.skip(size.ok_or(Malformed)?)?, self.left);
        // otherwise values of zero bytes could have any count
        if count > inner.bytes.len() {
            return Err(Malformed);
        }
        if code >> 4 >= 0xe {
            let (code, depth) = inner.constructor(depth)?;
            for _ in 0..count {
                inner.data(code, depth)?;
            }
        } else {
            for _ in 0..count {
                inner.value(depth)?;
            }
        }
        self.left = inner.left;
        if inner.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    fn skip(&mut self, count: usize) -> Result<&'b [u8], Malformed> {
        let (skipped, rest) = self.bytes.split_at_checked(count).ok_or(Malformed)?;
        self.bytes = rest;
        Ok(skipped)
    }

    /// Reads a big-endian number of `N` bytes.
    fn number<const N: usize>(&mut self) -> Result<usize, Malformed> {
        self.skip(N).map(big_endian)
    }
}

impl<'b> Value<'b> {
    /// Returns an unsigned number in this format, or in one of its short forms; `None` for null.
    fn unsigned(&self, long: u8, small: u8, zero: u8) -> Result<Option<usize>, Malformed> {
        match self.code {
            0x40 => Ok(None),
            code if code == zero => Ok(Some(0)),
            code if code == long || code == small => Ok(Some(big_endian(self.data))),
            _ => Err(Malformed),
        }
    }

    pub(super) fn ulong(&self) -> Result<Option<usize>, Malformed> {
        self.unsigned(0x80, 0x53, 0x44)
    }

    pub(super) fn uint(&self) -> Result<Option<u32>, Malformed> {
        self.unsigned(0x70, 0x52, 0x43)?.map(u32::try_from).transpose().map_err(|_| Malformed)
    }

    /// Returns a boolean; null is false, the default in every performative.
    pub(super) fn boolean(&self) -> Result<bool, Malformed> {
        match (self.code, self.data) {
            (0x40 | 0x42, _) | (0x56, [0]) => Ok(false),
            (0x41, _) | (0x56, [1]) => Ok(true),
            _ => Err(Malformed),
        }
    }

    pub(super) const fn is_null(&self) -> bool {
        self.code == 0x40
    }

    /// Returns the values of a list, which was checked before.
    pub(super) fn list(&self) -> Result<Values<'b>, Malformed> {
        let head = match self.code {
            0x45 => 0,
            0xc0 => 2,
            0xd0 => 8,
            _ => return Err(Malformed),
        };
        let bytes = self.data.get(head..).ok_or(Malformed)?;
        Ok(Values::new(bytes, usize::MAX))
    }
}

fn big_endian(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number: usize, byte| number.wrapping_shl(8) | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "a test")]

    use super::*;

    fn check(bytes: &[u8]) -> Result<(), Malformed> {
        let mut values = Values::new(bytes, usize::MAX);
        while !values.is_empty() {
            values.next()?;
        }
        Ok(())
    }

    /// Returns `value` nested in `depth` lists.
    fn nested(depth: usize, value: &[u8]) -> Vec<u8> {
        (0..depth).fold(value.to_vec(), |inner, _| {
            let size = u32::try_from(inner.len() + 4).unwrap().to_be_bytes();
            [&[0xd0], &size[..], &[0, 0, 0, 1], &inner].concat()
        })
    }

    #[test]
    fn values_of_every_format_are_read() {
        for values in [
            &b""[..],
            b"\x40\x41\x42\x43\x44\x45",
            b"\x50\x01\x60\x01\x02\x70\x01\x02\x03\x04",
            b"\x80\x01\x02\x03\x04\x05\x06\x07\x08\x980123456789abcdef",
            b"\xa1\x02hi\xa3\x00\xb1\x00\x00\x00\x02hi",
            b"\xc0\x01\x00\xc1\x03\x02\x40\x40\xd0\x00\x00\x00\x05\x00\x00\x00\x01\x40",
            b"\x00\x53\x10\xc0\x04\x01\xa1\x01x",
            b"\xe0\x04\x02\x50\x01\x02\xe0\x0a\x02\xa3\x03one\x03two",
            b"\xf0\x00\x00\x00\x07\x00\x00\x00\x02\x50\x01\x02",
            b"\xe0\x07\x02\x00\x53\x01\x50\x01\x02",
        ] {
            assert_eq!(check(values), Ok(()), "{values:02x?}");
            for short in 1..values.len() {
                // a truncated value is refused
                let cut = check(&values[..short]);
                assert!(cut.is_err() || check(&values[short..]).is_ok(), "{values:02x?} at {short}");
            }
        }
    }

    #[test]
    fn a_size_that_contradicts_the_count_is_refused() {
        for values in [
            &b"\xc0\x00\x00"[..],
            b"\xc0\x01\x01\x40",
            b"\xc0\x02\x00\x40",
            b"\xc0\x03\x01\x40\x40",
            b"\xd0\xff\xff\xff\xff\x00\x00\x00\x00",
            b"\xe0\x02\xff\x40",
            b"\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40",
            b"\xb0\xff\xff\xff\xff",
            b"\x10",
            b"\x00",
        ] {
            assert_eq!(check(values), Err(Malformed), "{values:02x?}");
        }
    }

    #[test]
    fn nesting_is_limited() {
        let most = usize::from(DEPTH) - 1;
        assert_eq!(check(&nested(most, &[0x40])), Ok(()));
        assert_eq!(check(&nested(most + 1, &[0x40])), Err(Malformed));
        assert_eq!(check(&nested(20_000, &[0x40])), Err(Malformed));
        // descriptors in descriptors, and arrays in arrays
        assert_eq!(check(&[0; 100_000]), Err(Malformed));
        let arrays = (0..100).fold(vec![0x50, 1], |inner: Vec<u8>, _| {
            let size = u32::try_from(inner.len() + 4).unwrap().to_be_bytes();
            [&[0xf0], &size[..], &[0, 0, 0, 1], &inner].concat()
        });
        assert_eq!(check(&arrays), Err(Malformed));
    }

    #[test]
    fn nested_values_count() {
        let list = b"\xc0\x04\x03\x40\x40\x40";
        assert_eq!(Values::new(list, 4).next().map(drop), Ok(()));
        assert_eq!(Values::new(list, 3).next().map(drop), Err(Malformed));
        let mut two = Values::new(b"\x40\x40", 1);
        assert!(two.next().is_ok() && two.next().is_err());
    }

    #[test]
    fn numbers_are_read_in_each_format() {
        let value = |bytes: &'static [u8]| Values::new(bytes, 9).next().unwrap();
        for (bytes, number) in [
            (&b"\x43"[..], Some(0)),
            (b"\x52\xff", Some(255)),
            (b"\x70\xff\xff\xff\xff", Some(u32::MAX)),
            (b"\x40", None),
        ] {
            assert_eq!(value(bytes).uint(), Ok(number));
        }
        // another type, and a number with a descriptor
        for bytes in [&b"\x50\x01"[..], b"\x80\x00\x00\x00\x00\x00\x00\x00\x01", b"\x00\x53\x10\x43"] {
            assert_eq!(value(bytes).uint(), Err(Malformed), "{bytes:02x?}");
        }
        assert_eq!(value(b"\x41").boolean(), Ok(true));
        assert_eq!(value(b"\x56\x02").boolean(), Err(Malformed));
    }
}
