//! [`decide()`] and its result. An operation is allowed if the subject has the endpoint's right, the address belongs to
//! the subject's identity, and the path is within the subject's scope.

use core::fmt;

use hubward_core::{Identity, Permissions, ResourcePath};

use crate::endpoint::{Caller, Endpoint, Transport};
use crate::operation::Operation;
use crate::pattern::Ids;
use crate::subject::{Scope, Subject};

/// The result of [`decide()`]: a permit or a denial.
///
/// `Display` writes one sentence for the log.
#[derive(Debug, Clone, Copy)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a third answer would be read as one of these two")]
pub enum Decision<'a> {
    /// The operation is allowed.
    Allow(Grant<'a>),
    /// The operation is denied.
    Deny(Denial<'a>),
}

impl Decision<'_> {
    /// Returns `true` if the operation is allowed.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow(_))
    }
}

/// The facts of an allowed operation: the subject, the operation, the endpoint and the right.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    subject: Subject<'a>,
    operation: Operation<'a>,
    endpoint: &'static Endpoint,
    right: Permissions,
}

impl<'a> Grant<'a> {
    /// Returns the subject that asked.
    #[must_use]
    pub const fn subject(&self) -> &Subject<'a> {
        &self.subject
    }

    /// Returns the operation that the subject asked for.
    #[must_use]
    pub const fn operation(&self) -> &Operation<'a> {
        &self.operation
    }

    /// Returns the endpoint whose rule allowed the operation.
    #[must_use]
    pub const fn endpoint(&self) -> &'static Endpoint {
        self.endpoint
    }

    /// Returns the topic filter to install for an allowed subscription: the peer's own, with the connected device's id in
    /// the place of `+`. At `devices/+/messages/devicebound/#` a broker that installs the peer's filter would deliver
    /// the messages of every device.
    ///
    /// ```
    /// use hubward_core::{DeviceId, Identity, Permissions};
    /// use hubward_policy::{Decision, Operation, Scope, Subject, decide};
    ///
    /// let dev1 = Identity::Device(DeviceId::parse("dev1")?);
    /// let dev1 = Subject::assertion(dev1, Permissions::DEVICE_CONNECT, Scope::Own);
    /// let Decision::Allow(grant) = decide(&dev1, &Operation::mqtt_subscribe("devices/+/messages/devicebound/#")) else {
    ///     panic!("the filter means the connected device");
    /// };
    /// assert_eq!(grant.filter().to_string(), "devices/dev1/messages/devicebound/#");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn filter(&self) -> impl fmt::Display {
        OwnFilter(self)
    }

    /// Returns the right that the endpoint required.
    #[must_use]
    pub const fn right(&self) -> Permissions {
        self.right
    }
}

/// The filter to which an allowed subscription is limited.
struct OwnFilter<'g, 'a>(&'g Grant<'a>);

impl fmt::Display for OwnFilter<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Grant { subject, operation, endpoint, .. } = self.0;
        match (endpoint.caller(), operation.address().split_once('+'), subject.identity().device()) {
            (Caller::ConnectedDevice, Some((start, end)), Some(device)) => write!(f, "{start}{device}{end}"),
            _ => f.write_str(operation.address()),
        }
    }
}

/// The facts of a denied operation: the subject, the operation and the reason.
#[derive(Debug, Clone, Copy)]
pub struct Denial<'a> {
    subject: Subject<'a>,
    operation: Operation<'a>,
    reason: Reason,
}

/// The check that an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No endpoint matches the verb and the path, topic, filter or address.
    UnknownOperation,
    /// The credential lacks a right.
    MissingRight {
        /// The right that the endpoint requires.
        needed: Permissions,
        /// The rights that the credential grants.
        granted: Permissions,
    },
    /// The address has the id of another identity than the subject's.
    IdentityMismatch,
    /// The subject is a policy with DeviceConnect, and no device was named with its token.
    NamesNoDevice,
    /// The endpoint serves connected devices and modules, and the subject is a policy.
    NotADevice,
    /// The path is not within the resource that the credential is for.
    OutOfScope,
}

impl Reason {
    /// Returns a code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownOperation => "unknown-operation",
            Self::MissingRight { .. } => "missing-right",
            Self::IdentityMismatch => "identity-mismatch",
            Self::NamesNoDevice => "names-no-device",
            Self::NotADevice => "not-a-device",
            Self::OutOfScope => "out-of-scope",
        }
    }
}

impl<'a> Denial<'a> {
    /// Returns the subject that asked.
    #[must_use]
    pub const fn subject(&self) -> &Subject<'a> {
        &self.subject
    }

    /// Returns the operation that the subject asked for.
    #[must_use]
    pub const fn operation(&self) -> &Operation<'a> {
        &self.operation
    }

    /// Returns the endpoint, or `None` if no endpoint matches the operation.
    #[must_use]
    pub const fn endpoint(&self) -> Option<&'static Endpoint> {
        self.operation.endpoint()
    }

    /// Returns the check that the operation failed.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// Returns the code of the reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.reason.code()
    }
}

/// Decides whether `subject` may do `operation`. It does not allocate and cannot fail: an unknown operation is denied.
///
/// ```
/// use hubward_core::{DeviceId, Identity, Permissions};
/// use hubward_policy::{Operation, Scope, Subject, decide};
///
/// let dev1 = Identity::Device(DeviceId::parse("dev1")?);
/// let dev1 = Subject::assertion(dev1, Permissions::DEVICE_CONNECT, Scope::Own);
/// assert!(decide(&dev1, &Operation::mqtt_publish("devices/dev1/messages/events/")).is_allow());
/// assert!(!decide(&dev1, &Operation::mqtt_publish("devices/dev10/messages/events/")).is_allow());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[inline(always)]
pub fn decide<'a>(subject: &Subject<'a>, operation: &Operation<'a>) -> Decision<'a> {
    match judge(subject, operation) {
        Ok((endpoint, right)) => {
            Decision::Allow(Grant { subject: *subject, operation: *operation, endpoint, right })
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
        (Caller::ServiceOrEdgeDevice, _) if subject.is_edge_device() => Permissions::DEVICE_CONNECT,
        _ => endpoint.right(),
    };
    let granted = subject.granted();
    if !granted.contains(right) {
        return Err(Reason::MissingRight { needed: right, granted });
    }
    match identity {
        // an MQTT connection belongs to a device or a module, and a policy's key is neither
        Identity::Policy(_)
            if endpoint.caller().is_connected() || endpoint.transport() == Transport::Mqtt =>
        {
            return Err(Reason::NotADevice);
        }
        Identity::Policy(_) if subject.is_without_device() && right.contains(Permissions::DEVICE_CONNECT) => {
            return Err(Reason::NamesNoDevice);
        }
        Identity::Policy(_) => {}
        _ if !is_about(endpoint.caller(), identity, operation.ids()) => {
            return Err(Reason::IdentityMismatch);
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

/// Returns whether the ids of the address are those of the device or module itself, or at an endpoint that modules may
/// use for their siblings or an edge device for its modules, those of its device.
#[inline(always)]
fn is_about(caller: Caller, identity: &Identity<'_>, ids: &Ids<'_>) -> bool {
    match (caller, identity, &ids.device, &ids.module) {
        (Caller::Connected, _, None, None) => true,
        // with such an id, `Grant::filter` would be a wildcard
        (Caller::ConnectedDevice, Identity::Device(own), None, None) => !matches!(own.as_str(), "+" | "#"),
        (Caller::Itself, Identity::Device(own), Some(device), None) => device.is(own.as_str()),
        (Caller::Itself, Identity::Module(own, own_module), Some(device), Some(module)) => {
            device.is(own.as_str()) && module.is(own_module.as_str())
        }
        (Caller::ServiceOrSibling, Identity::Module(own, _), Some(device), _)
        | (Caller::ServiceOrEdgeDevice, Identity::Device(own), Some(device), _) => device.is(own.as_str()),
        _ => false,
    }
}

/// Returns whether `scope` covers the operation's path by whole names after the host. At an endpoint whose address has
/// no id, the path of the connected identity counts instead.
#[inline(never)]
fn is_in_scope(scope: ResourcePath<'_>, identity: Identity<'_>, operation: Operation<'_>) -> bool {
    if operation.endpoint().is_some_and(|endpoint| endpoint.caller().is_connected()) {
        return scope.covers_identity(&identity);
    }
    let mut path = operation.segments();
    scope.segments().skip(1).all(|name| path.next().is_some_and(|word| name.same(&word)))
}
