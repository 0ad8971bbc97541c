//! The feature `serde`: decisions with their facts, rights as text, and denials as their codes. A decision is never
//! deserialized: only [`decide`](crate::decide()) makes one.

use core::fmt;

use hubward_core::{Identity, Permissions};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, SerializeStruct, SerializeStructVariant, Serializer};

use crate::decide::{Decision, Denial, Grant, Reason};
use crate::operation::Operation;
use crate::provisioning::{ProvisioningDenial, ProvisioningRights};
use crate::roles::{MissingPermission, RoleDecision};
use crate::statements::{StatementDenial, StatementVerdict};
use crate::tls::TlsDenial;

/// Writes `{"allow": ..}` or `{"deny": ..}` with the [`Grant`] or the [`Denial`].
impl Serialize for Decision<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Allow(grant) => serializer.serialize_newtype_variant("Decision", 0, "allow", grant),
            Self::Deny(denial) => serializer.serialize_newtype_variant("Decision", 1, "deny", denial),
        }
    }
}

/// Writes the identity, the operation as text for a log, the endpoint's name and the right.
impl Serialize for Grant<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut grant = serializer.serialize_struct("Grant", 4)?;
        grant.serialize_field::<Identity<'_>>("identity", &self.subject().identity())?;
        grant.serialize_field("operation", self.operation())?;
        grant.serialize_field("endpoint", self.endpoint().name())?;
        grant.serialize_field::<Permissions>("right", &self.right())?;
        grant.end()
    }
}

/// Writes the identity, the operation as text for a log, the endpoint's name, if there is one, and the reason.
impl Serialize for Denial<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut denial = serializer.serialize_struct("Denial", 4)?;
        denial.serialize_field::<Identity<'_>>("identity", &self.subject().identity())?;
        denial.serialize_field("operation", self.operation())?;
        denial.serialize_field("endpoint", &self.endpoint().map(|endpoint| endpoint.name()))?;
        denial.serialize_field("reason", &self.reason())?;
        denial.end()
    }
}

/// Writes the text of `Display`, which hides what looks like a secret.
impl Serialize for Operation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Writes [`Reason::code`].
impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Writes `{"allow": {"statement": 0}}`, or `{"deny": "no-statement"}` with the code.
impl Serialize for StatementVerdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Allow { statement } => {
                let mut allow = serializer.serialize_struct_variant("StatementVerdict", 0, "allow", 1)?;
                allow.serialize_field("statement", statement)?;
                allow.end()
            }
            Self::Deny(denial) => serializer.serialize_newtype_variant("StatementVerdict", 1, "deny", denial),
        }
    }
}

/// Writes [`StatementDenial::code`].
impl Serialize for StatementDenial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Writes `{"allow": {"assignment": 0}}`, or `{"deny": "no-role"}` with the code.
impl Serialize for RoleDecision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Allow { assignment } => {
                let mut allow = serializer.serialize_struct_variant("RoleDecision", 0, "allow", 1)?;
                allow.serialize_field("assignment", assignment)?;
                allow.end()
            }
            Self::Deny(denial) => serializer.serialize_newtype_variant("RoleDecision", 1, "deny", denial),
        }
    }
}

/// Writes [`MissingPermission::code`].
impl Serialize for MissingPermission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Writes [`TlsDenial::code`].
impl Serialize for TlsDenial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Writes [`ProvisioningDenial::code`].
impl Serialize for ProvisioningDenial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Writes the text of `Display`: `EnrollmentRead, RegistrationStatusRead`.
impl Serialize for ProvisioningRights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Parses what [`FromStr`](core::str::FromStr) does; an empty text is no rights.
impl<'de> Deserialize<'de> for ProvisioningRights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(RightsVisitor)
    }
}

struct RightsVisitor;

impl Visitor<'_> for RightsVisitor {
    type Value = ProvisioningRights;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rights, separated by commas")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ProvisioningRights, E> {
        match text {
            "" => Ok(ProvisioningRights::default()),
            list => list.parse().map_err(E::custom),
        }
    }
}
