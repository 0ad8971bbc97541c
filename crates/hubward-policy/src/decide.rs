//! The decision: a right, an identity and a scope must all agree with the operation.

use core::fmt;

use hubward_core::{Identity, Permissions, ResourcePath};

use crate::endpoint::{Caller, Endpoint, Transport};
use crate::operation::Operation;
use crate::pattern::Ids;
use crate::subject::{Scope, Subject};

/// What was decided.
#[derive(Debug, Clone, Copy)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a third answer would be read as one of these two")]
pub enum Decision<'a> {
    /// The operation may go on.
    Allow(Permit<'a>),
    /// It may not.
    Deny(Denial<'a>),
}

impl Decision<'_> {
    /// Whether the operation may go on.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow(_))
    }
}

/// Why an operation may go on.
#[derive(Debug, Clone, Copy)]
pub struct Permit<'a> {
    subject: Subject<'a>,
    operation: Operation<'a>,
    endpoint: &'static Endpoint,
    right: Permissions,
}

impl<'a> Permit<'a> {
    /// Who asked.
    #[must_use]
    pub const fn subject(&self) -> &Subject<'a> {
        &self.subject
    }

    /// For what.
    #[must_use]
    pub const fn operation(&self) -> &Operation<'a> {
        &self.operation
    }

    /// The endpoint whose rule allowed it.
    #[must_use]
    pub const fn endpoint(&self) -> &'static Endpoint {
        self.endpoint
    }

    /// The right that it took.
    #[must_use]
    pub const fn right(&self) -> Permissions {
        self.right
    }
}

/// Why an operation may not go on.
#[derive(Debug, Clone, Copy)]
pub struct Denial<'a> {
    subject: Subject<'a>,
    operation: Operation<'a>,
    reason: Reason,
}

/// What an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No endpoint has this method and path, topic, filter or address.
    UnknownOperation,
    /// The credential lacks a right.
    MissingRight {
        /// What the endpoint takes.
        needed: Permissions,
        /// What the credential grants.
        granted: Permissions,
    },
    /// The address names another than the one who is connected.
    AnotherIdentity,
    /// The endpoint is about the connected device, and a policy is none.
    NotADevice,
    /// The address is not below the resource that the credential is for.
    OutOfScope,
}

impl Reason {
    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownOperation => "unknown-operation",
            Self::MissingRight { .. } => "missing-right",
            Self::AnotherIdentity => "another-identity",
            Self::NotADevice => "not-a-device",
            Self::OutOfScope => "out-of-scope",
        }
    }
}

impl<'a> Denial<'a> {
    /// Who asked.
    #[must_use]
    pub const fn subject(&self) -> &Subject<'a> {
        &self.subject
    }

    /// For what.
    #[must_use]
    pub const fn operation(&self) -> &Operation<'a> {
        &self.operation
    }

    /// The endpoint, where there is one.
    #[must_use]
    pub const fn endpoint(&self) -> Option<&'static Endpoint> {
        self.operation.endpoint()
    }

    /// What it failed.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The reason's code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.reason.code()
    }
}

/// Decides whether `subject` may do `operation`. It neither allocates nor fails: what it does not know, it denies.
#[inline(always)]
pub fn decide<'a>(subject: &Subject<'a>, operation: &Operation<'a>) -> Decision<'a> {
    match judge(subject, operation) {
        Ok((endpoint, right)) => {
            Decision::Allow(Permit { subject: *subject, operation: *operation, endpoint, right })
        }
        Err(reason) => Decision::Deny(Denial { subject: *subject, operation: *operation, reason }),
    }
}

#[inline(always)]
fn judge(
    subject: &Subject<'_>,
    operation: &Operation<'_>,
) -> Result<(&'static Endpoint, Permissions), Reason> {
    let endpoint = operation.endpoint().ok_or(Reason::UnknownOperation)?;
    let identity = subject.identity_ref();
    let right = match (endpoint.caller(), identity) {
        (Caller::ServiceOrSibling, Identity::Module(..)) => Permissions::DEVICE_CONNECT,
        _ => endpoint.right(),
    };
    let granted = subject.granted();
    if !granted.contains(right) {
        return Err(Reason::MissingRight { needed: right, granted });
    }
    match identity {
        // over MQTT somebody is always connected, and a policy is nobody
        Identity::Policy(_)
            if endpoint.caller() == Caller::Connected || endpoint.transport() == Transport::Mqtt =>
        {
            return Err(Reason::NotADevice);
        }
        Identity::Policy(_) => {}
        _ if !is_about(endpoint.caller(), identity, operation.ids()) => {
            return Err(Reason::AnotherIdentity);
        }
        _ => {}
    }
    match (subject.scope(), identity) {
        (Scope::Resource(scope), _) if subject.whole_hub() || is_in_scope(scope, *identity, *operation) => {
            Ok((endpoint, right))
        }
        // the identity was compared above
        (Scope::Own, Identity::Device(_) | Identity::Module(..)) => Ok((endpoint, right)),
        _ => Err(Reason::OutOfScope),
    }
}

/// Whether a device's or module's operation is about itself, or where a sibling may ask, about its device.
#[inline(always)]
fn is_about(caller: Caller, identity: &Identity<'_>, ids: &Ids<'_>) -> bool {
    match (caller, identity, &ids.device, &ids.module) {
        (Caller::Connected, _, None, None) => true,
        (Caller::Itself, Identity::Device(own), Some(device), None) => device.is(own.as_str()),
        (Caller::Itself, Identity::Module(own, own_module), Some(device), Some(module)) => {
            device.is(own.as_str()) && module.is(own_module.as_str())
        }
        (Caller::ServiceOrSibling, Identity::Module(own, _), Some(device), _) => device.is(own.as_str()),
        _ => false,
    }
}

/// Returns whether the operation is within `scope`: its path, or the identity's where the endpoint is the connected
/// device's and its address has no id. The names after the host are compared whole.
#[inline(never)]
fn is_in_scope(scope: ResourcePath<'_>, identity: Identity<'_>, operation: Operation<'_>) -> bool {
    if operation.endpoint().is_some_and(|endpoint| endpoint.caller() == Caller::Connected) {
        return scope.covers_identity(&identity);
    }
    let mut path = operation.segments();
    scope.segments().skip(1).all(|name| path.next().is_some_and(|word| name.same(&word)))
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(permit) => permit.fmt(f),
            Self::Deny(denial) => denial.fmt(f),
        }
    }
}
