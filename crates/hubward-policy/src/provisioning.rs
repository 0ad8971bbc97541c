//! The Device Provisioning Service (DPS): its rights, its endpoints, and [`decide_provisioning`].

use core::fmt;
use core::str::FromStr;

use hubward_core::{IdScope, RegistrationId, ResourcePath, Segment};

use crate::endpoint::Transport;
use crate::pattern::{Form, Ids, capture};

/// The rights of a shared access policy of the provisioning service. Writing includes reading.
///
/// ```
/// use hubward_policy::provisioning::ProvisioningRights;
///
/// let rights: ProvisioningRights = "EnrollmentWrite, RegistrationStatusRead".parse()?;
/// assert!(rights.contains(ProvisioningRights::ENROLLMENT_READ));
/// assert!(!rights.contains(ProvisioningRights::REGISTRATION_WRITE));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ProvisioningRights(u8);

/// The rights by their names in ARM; of each pair, writing comes first.
const NAMES: [(&str, ProvisioningRights); 5] = [
    ("ServiceConfig", ProvisioningRights::SERVICE_CONFIG),
    ("EnrollmentWrite", ProvisioningRights::ENROLLMENT_WRITE),
    ("EnrollmentRead", ProvisioningRights::ENROLLMENT_READ),
    ("RegistrationStatusWrite", ProvisioningRights::REGISTRATION_WRITE),
    ("RegistrationStatusRead", ProvisioningRights::REGISTRATION_READ),
];

impl ProvisioningRights {
    /// Changing the service's configuration.
    pub const SERVICE_CONFIG: Self = Self(1);
    /// Reading enrollments.
    pub const ENROLLMENT_READ: Self = Self(2);
    /// Creating, changing and deleting enrollments, and reading their keys.
    pub const ENROLLMENT_WRITE: Self = Self(2 | 4);
    /// Reading registrations.
    pub const REGISTRATION_READ: Self = Self(8);
    /// Deleting registrations.
    pub const REGISTRATION_WRITE: Self = Self(8 | 16);

    /// Returns whether these rights include all of `right`.
    #[must_use]
    pub const fn contains(self, right: Self) -> bool {
        self.0 & right.0 == right.0
    }
}

/// The error for a word in a list of rights that is not the name of a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown right at byte {offset}")]
#[non_exhaustive]
pub struct UnknownWord {
    /// The byte at which the word starts.
    pub offset: usize,
}

/// Parses rights separated by commas, with one optional space after each comma.
impl FromStr for ProvisioningRights {
    type Err = UnknownWord;

    fn from_str(list: &str) -> Result<Self, UnknownWord> {
        let (mut rights, mut offset) = (0, 0_usize);
        for word in list.split(',') {
            let name = word.strip_prefix(' ').unwrap_or(word);
            let (_, right) = NAMES.iter().find(|(known, _)| *known == name).ok_or(UnknownWord { offset })?;
            rights |= right.0;
            offset = offset.saturating_add(word.len()).saturating_add(1);
        }
        Ok(Self(rights))
    }
}

impl fmt::Display for ProvisioningRights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut left, mut separator) = (self.0, "");
        for (name, right) in NAMES {
            if left & right.0 == right.0 {
                write!(f, "{separator}{name}")?;
                separator = ", ";
                left &= !right.0;
            }
        }
        Ok(())
    }
}

/// The caller that may use an endpoint of the provisioning service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequiredPermission {
    /// A policy with this right.
    Right(ProvisioningRights),
    /// The registering device. An id scope and a registration id in the address must be its own.
    AuthenticatedRegistration,
}

/// One row of [`PROVISIONING_ENDPOINTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvisioningEndpoint {
    name: &'static str,
    transport: Transport,
    verb: &'static str,
    pattern: &'static str,
    opens: RequiredPermission,
}

impl ProvisioningEndpoint {
    /// Returns a name that does not change between versions.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the protocol that carries its operations.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Returns an HTTP method, or `publish`, `subscribe`, `send`, `receive`.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        self.verb
    }

    /// Returns the pattern of its path, topic, filter or address; see [`Endpoint::pattern`](crate::Endpoint::pattern).
    #[must_use]
    pub const fn pattern(&self) -> &'static str {
        self.pattern
    }

    /// Returns the caller that may use it.
    #[must_use]
    pub const fn opens(&self) -> RequiredPermission {
        self.opens
    }
}

const fn service(
    name: &'static str,
    verb: &'static str,
    pattern: &'static str,
    right: ProvisioningRights,
) -> ProvisioningEndpoint {
    ProvisioningEndpoint {
        name,
        transport: Transport::Http,
        verb,
        pattern,
        opens: RequiredPermission::Right(right),
    }
}

const fn device(
    name: &'static str,
    transport: Transport,
    verb: &'static str,
    pattern: &'static str,
) -> ProvisioningEndpoint {
    ProvisioningEndpoint {
        name,
        transport,
        verb,
        pattern,
        opens: RequiredPermission::AuthenticatedRegistration,
    }
}

const READ: ProvisioningRights = ProvisioningRights::ENROLLMENT_READ;
const WRITE: ProvisioningRights = ProvisioningRights::ENROLLMENT_WRITE;

/// The endpoints of the provisioning service.
pub const PROVISIONING_ENDPOINTS: &[ProvisioningEndpoint] = &[
    service("enrollment.query", "POST", "/enrollments/query", READ),
    service("enrollment.bulk", "POST", "/enrollments", WRITE),
    // as Node's client writes it
    service("enrollment.bulk", "POST", "/enrollments/", WRITE),
    service("enrollment.read", "GET", "/enrollments/{enrollment}", READ),
    service("enrollment.write", "PUT", "/enrollments/{enrollment}", WRITE),
    service("enrollment.delete", "DELETE", "/enrollments/{enrollment}", WRITE),
    // the response has the enrollment's keys
    service("enrollment.attestation", "POST", "/enrollments/{enrollment}/attestationmechanism", WRITE),
    service("group.query", "POST", "/enrollmentGroups/query", READ),
    service("group.bulk", "POST", "/enrollmentGroups", WRITE),
    service("group.read", "GET", "/enrollmentGroups/{group}", READ),
    service("group.write", "PUT", "/enrollmentGroups/{group}", WRITE),
    service("group.delete", "DELETE", "/enrollmentGroups/{group}", WRITE),
    service("group.attestation", "POST", "/enrollmentGroups/{group}/attestationmechanism", WRITE),
    // as Node's client writes it
    service("group.attestation", "POST", "/enrollmentgroups/{group}/attestationmechanism", WRITE),
    service(
        "registration.query",
        "POST",
        "/registrations/{group}/query",
        ProvisioningRights::REGISTRATION_READ,
    ),
    service("registration.read", "GET", "/registrations/{id}", ProvisioningRights::REGISTRATION_READ),
    service("registration.delete", "DELETE", "/registrations/{id}", ProvisioningRights::REGISTRATION_WRITE),
    device("register", Transport::Http, "PUT", "/{scope}/registrations/{registration}/register"),
    device("register.lookup", Transport::Http, "POST", "/{scope}/registrations/{registration}"),
    device(
        "register.status",
        Transport::Http,
        "GET",
        "/{scope}/registrations/{registration}/operations/{operation}",
    ),
    device("register", Transport::Mqtt, "publish", "$dps/registrations/PUT/iotdps-register/?$rid={rid}"),
    device(
        "register.status",
        Transport::Mqtt,
        "publish",
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid={rid}",
    ),
    device("register.response", Transport::Mqtt, "subscribe", "$dps/registrations/res/#"),
    // the message says which operation is asked for
    device("register", Transport::Amqp, "send", "/{scope}/registrations/{registration}"),
    device("register.response", Transport::Amqp, "receive", "/{scope}/registrations/{registration}"),
];

/// An authenticated caller of the provisioning service.
///
/// ```
/// use hubward_policy::Transport;
/// use hubward_policy::provisioning::{ProvisioningRights, ProvisioningPrincipal, decide_provisioning};
///
/// let reader = ProvisioningPrincipal::policy_assertion(ProvisioningRights::ENROLLMENT_READ);
/// assert!(decide_provisioning(&reader, Transport::Http, "GET", "/enrollments/e1").is_ok());
/// assert!(decide_provisioning(&reader, Transport::Http, "DELETE", "/enrollments/e1").is_err());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ProvisioningPrincipal<'a>(SubjectKind<'a>);

#[derive(Debug, Clone, Copy)]
enum SubjectKind<'a> {
    Policy(ProvisioningRights, Option<ResourcePath<'a>>),
    AuthenticatedRegistration(IdScope<'a>, RegistrationId<'a>),
}

impl<'a> ProvisioningPrincipal<'a> {
    /// Asserts that the caller was authenticated with the key of a policy with these rights.
    #[must_use]
    pub const fn policy_assertion(rights: ProvisioningRights) -> Self {
        Self(SubjectKind::Policy(rights, None))
    }

    /// Limits a policy to a resource: the `sr` of its token, whose host the token's verifier compared with the service's.
    /// It has no effect on a registration.
    #[must_use]
    pub const fn within(mut self, resource: ResourcePath<'a>) -> Self {
        if let SubjectKind::Policy(rights, _) = self.0 {
            self.0 = SubjectKind::Policy(rights, Some(resource));
        }
        self
    }

    /// Asserts that the caller was authenticated as this registration in this id scope.
    #[must_use]
    pub const fn registrant_assertion(scope: IdScope<'a>, id: RegistrationId<'a>) -> Self {
        Self(SubjectKind::AuthenticatedRegistration(scope, id))
    }
}

/// The reason for which an operation at the provisioning service is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvisioningDenial {
    /// No endpoint matches the verb and the address.
    #[error("no endpoint matches")]
    UnknownOperation,
    /// The policy lacks this right, or a device asked for an operation of services.
    #[error("needs {0}")]
    MissingRight(ProvisioningRights),
    /// The address has another registration id or id scope.
    #[error("the address is of another registration")]
    AnotherRegistration,
    /// The path is not within the resource of the policy's token.
    #[error("the path is outside the token's resource")]
    OutOfScope,
    /// A policy asked for an operation of registering devices.
    #[error("the endpoint serves registering devices, not policies")]
    NotADevice,
}

impl ProvisioningDenial {
    /// Returns a code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownOperation => "unknown-operation",
            Self::MissingRight(_) => "missing-right",
            Self::AnotherRegistration => "another-registration",
            Self::OutOfScope => "out-of-scope",
            Self::NotADevice => "not-a-device",
        }
    }
}

/// Decides whether `subject` may do an operation at the provisioning service. `address` is a request target, a topic or
/// filter, or a link's address; `verb` is an HTTP method, `publish` or `subscribe`, `send` or `receive`.
///
/// # Errors
/// [`ProvisioningDenial`] if the operation is denied. An unknown operation is.
pub fn decide_provisioning(
    subject: &ProvisioningPrincipal<'_>,
    transport: Transport,
    verb: &str,
    address: &str,
) -> Result<&'static ProvisioningEndpoint, ProvisioningDenial> {
    let (endpoint, ids) = find(transport, verb, address).ok_or(ProvisioningDenial::UnknownOperation)?;
    match (endpoint.opens, subject.0) {
        (RequiredPermission::Right(right), SubjectKind::Policy(rights, resource))
            if rights.contains(right) =>
        {
            let path = address.split('?').next().unwrap_or_default();
            let in_scope = resource.is_none_or(|resource| covers(resource, path));
            if in_scope { Ok(endpoint) } else { Err(ProvisioningDenial::OutOfScope) }
        }
        (RequiredPermission::Right(right), _) => Err(ProvisioningDenial::MissingRight(right)),
        (RequiredPermission::AuthenticatedRegistration, SubjectKind::Policy(..)) => {
            Err(ProvisioningDenial::NotADevice)
        }
        (
            RequiredPermission::AuthenticatedRegistration,
            SubjectKind::AuthenticatedRegistration(scope, id),
        ) => {
            let own = ids.device.is_none_or(|device| device.is(id.as_str()))
                && ids.module.is_none_or(|module| module.is(scope.as_str()));
            if own { Ok(endpoint) } else { Err(ProvisioningDenial::AnotherRegistration) }
        }
    }
}

/// Returns whether `resource` covers a path by whole names after the host.
fn covers(resource: ResourcePath<'_>, path: &str) -> bool {
    let mut names = path.strip_prefix('/').unwrap_or(path).split('/').map_while(Segment::encoded);
    resource.segments().skip(1).all(|name| names.next().is_some_and(|word| name.same(&word)))
}

fn find<'a>(
    transport: Transport,
    verb: &str,
    address: &'a str,
) -> Option<(&'static ProvisioningEndpoint, Ids<'a>)> {
    let (path, form) = match transport {
        Transport::Http => {
            let path = address.split_once('?').map_or(address, |(path, _)| path);
            (path.strip_prefix('/').filter(|path| !path.contains('#'))?, Form::Encoded)
        }
        Transport::Mqtt => (address, Form::Plain),
        Transport::Amqp => (address.strip_prefix('/').unwrap_or(address), Form::Encoded),
    };
    PROVISIONING_ENDPOINTS.iter().filter(|row| row.transport == transport && row.verb == verb).find_map(
        |row| {
            let ids = capture(row.pattern.strip_prefix('/').unwrap_or(row.pattern), path, form)?;
            Some((row, ids))
        },
    )
}
