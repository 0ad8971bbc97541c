//! The feature `serde`: an error is its code.

use serde::ser::{Serialize, Serializer};

use crate::error::{TokenParseError, VerifyError};

/// Writes [`TokenParseError::code`].
impl Serialize for TokenParseError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Writes [`VerifyError::code`].
impl Serialize for VerifyError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
