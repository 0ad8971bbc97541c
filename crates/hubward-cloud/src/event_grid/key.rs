//! [`TopicAccessKey`]: the key of a topic as a client sends it.

use core::fmt;

use constant_time_eq::constant_time_eq;

use crate::error::{ParseError, Problem};

/// The `aeg-sas-key` header: the key itself. It is never shown.
///
/// ```
/// use hubward_cloud::event_grid::TopicAccessKey;
///
/// let key = TopicAccessKey::parse("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// assert!(key.matches("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="));
/// assert_eq!(format!("{key:?}"), "TopicAccessKey(redacted)");
/// # Ok::<(), hubward_cloud::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct TopicAccessKey<'a>(&'a str);

impl<'a> TopicAccessKey<'a> {
    /// Takes the header.
    ///
    /// # Errors
    /// [`ParseError`] unless it is 16 to 512 characters of base64.
    pub fn parse(header: &'a str) -> Result<Self, ParseError> {
        if header.len() < 16 {
            return Err(ParseError::at(0, Problem::Empty));
        }
        if header.len() > 512 {
            return Err(ParseError::at(512, Problem::TooLong));
        }
        let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        match header.bytes().position(|b| !base64(b)) {
            Some(at) => Err(ParseError::at(at, Problem::Name)),
            None => Ok(Self(header)),
        }
    }

    /// Returns whether it is the topic's key. The time depends on the lengths alone. Compare with both keys.
    #[must_use]
    pub fn matches(&self, key: &str) -> bool {
        constant_time_eq(self.0.as_bytes(), key.as_bytes())
    }
}

impl fmt::Debug for TopicAccessKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TopicAccessKey(redacted)")
    }
}
