//! Serial numbers of issued certificates.

use core::fmt;

use super::error::IssueError;

/// The serial number of a certificate to issue: positive and unpredictable (RFC 5280 4.1.2.2).
///
/// ```
/// use hubward_x509::issue::SerialNumber;
///
/// # let mut bytes = [0; 16];
/// # bytes[0] = 0x5A; // an example; use the system's random generator
/// let serial = SerialNumber::from_entropy(bytes)?;
/// assert_eq!(*serial.as_bytes(), bytes);
/// # Ok::<(), hubward_x509::issue::IssueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SerialNumber([u8; 16]);

impl SerialNumber {
    /// Creates a serial number from 16 random bytes. Use each number once: the caller's random generator makes a
    /// repetition impossible in practice.
    ///
    /// # Errors
    /// [`IssueError::Entropy`] if all bytes are zero.
    pub fn from_entropy(bytes: [u8; 16]) -> Result<Self, IssueError> {
        if bytes == [0; 16] { Err(IssueError::Entropy) } else { Ok(Self(bytes)) }
    }

    /// Returns the number, big-endian and unsigned.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(super) fn encode(&self) -> Result<x509_cert::serial_number::SerialNumber, IssueError> {
        x509_cert::serial_number::SerialNumber::new(&self.0).map_err(|_| IssueError::Encoding)
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SerialNumber(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
