//! The feature `serde`: decisions, and errors as their codes. No type that has a secret is here.

use serde::ser::{Serialize, SerializeStructVariant, Serializer};

use crate::bearer::{UserDecision, UserDenial};
use crate::cbs::{LinkDecision, LinkDenial};
use crate::error::{AuthError, PublicError, SessionError};
use crate::store::StoreOr;

/// Writes [`AuthError::code`].
impl Serialize for AuthError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Writes [`SessionError::code`].
impl Serialize for SessionError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Writes `malformed` or `unauthorized`.
impl Serialize for PublicError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Writes the code of the reason, or `store`.
impl<R: Serialize, E> Serialize for StoreOr<R, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Refused(reason) => reason.serialize(serializer),
            Self::Store(_) => serializer.serialize_str("store"),
        }
    }
}

/// Writes `{"allow": ..}` with the grant, or `{"deny": "no-token"}` with the code.
impl Serialize for LinkDecision<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Allow(_, grant) => serializer.serialize_newtype_variant("LinkDecision", 0, "allow", grant),
            Self::Deny(denial) => serializer.serialize_newtype_variant("LinkDecision", 1, "deny", denial),
        }
    }
}

/// Writes [`LinkDenial::code`].
impl Serialize for LinkDenial<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Writes `{"allow": {"assignment": 0}}`, or `{"deny": "no-user"}` with the code.
impl Serialize for UserDecision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Allow { assignment } => {
                let mut allow = serializer.serialize_struct_variant("UserDecision", 0, "allow", 1)?;
                allow.serialize_field("assignment", assignment)?;
                allow.end()
            }
            Self::Deny(denial) => serializer.serialize_newtype_variant("UserDecision", 1, "deny", denial),
        }
    }
}

/// Writes [`UserDenial::code`].
impl Serialize for UserDenial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
