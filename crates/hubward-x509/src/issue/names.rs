//! Distinguished names of one common name.

use alloc::vec;
use alloc::vec::Vec;

use der::asn1::{Any, ObjectIdentifier, Utf8StringRef};
use der::{Decode, Encode};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RelativeDistinguishedName};

use super::error::IssueError;

pub(super) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// The largest number of characters of a common name (RFC 5280 appendix A.1, `ub-common-name`).
const LONGEST: usize = 64;

/// Returns the name with this common name and nothing else, as UTF8String (RFC 5280 4.1.2.4).
pub(super) fn common_name(text: &str) -> Result<Name, IssueError> {
    check(text)?;
    let write = || {
        let value = Any::encode_from(&Utf8StringRef::new(text)?)?;
        let attribute = AttributeTypeAndValue { oid: COMMON_NAME, value };
        let sequence: Vec<RelativeDistinguishedName> = vec![vec![attribute].try_into()?];
        Name::from_der(&sequence.to_der()?)
    };
    write().map_err(|_| IssueError::Encoding)
}

/// Checks the length of a common name.
pub(super) fn check(text: &str) -> Result<(), IssueError> {
    if (1..=LONGEST).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(IssueError::NameLength { most: LONGEST })
    }
}
