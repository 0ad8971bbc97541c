//! The provisioning service beside a hub: its rights, its endpoints and who may use them.

use core::fmt;
use core::str::FromStr;

use hubward_core::{IdScope, RegistrationId};

use crate::endpoint::Transport;
use crate::pattern::{Form, Ids, capture};

/// What a policy of the provisioning service may do. Writing includes reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ProvisioningRights(u8);

/// The rights by the names that ARM writes, strongest of a pair first.
const NAMES: [(&str, ProvisioningRights); 5] = [
    ("ServiceConfig", ProvisioningRights::SERVICE_CONFIG),
    ("EnrollmentWrite", ProvisioningRights::ENROLLMENT_WRITE),
    ("EnrollmentRead", ProvisioningRights::ENROLLMENT_READ),
    ("RegistrationStatusWrite", ProvisioningRights::REGISTRATION_WRITE),
    ("RegistrationStatusRead", ProvisioningRights::REGISTRATION_READ),
];

impl ProvisioningRights {
    /// Change the service's configuration.
    pub const SERVICE_CONFIG: Self = Self(1);
    /// Read enrollments.
    pub const ENROLLMENT_READ: Self = Self(2);
    /// Create, change and delete enrollments, and see their keys.
    pub const ENROLLMENT_WRITE: Self = Self(2 | 4);
    /// Read registrations.
    pub const REGISTRATION_READ: Self = Self(8);
    /// Delete registrations.
    pub const REGISTRATION_WRITE: Self = Self(8 | 16);

    /// Whether all of `right` is here.
    #[must_use]
    pub const fn contains(self, right: Self) -> bool {
        self.0 & right.0 == right.0
    }
}

/// A word in a list of rights that names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown right at byte {offset}")]
#[non_exhaustive]
pub struct UnknownWord {
    /// Where the word starts.
    pub offset: usize,
}

/// Reads rights separated by commas, with one optional space after each.
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

/// Who may use an endpoint of the provisioning service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opens {
    /// A policy with this right.
    Right(ProvisioningRights),
    /// The device that registers; where the address has an id scope and a registration id, they are its own.
    Registrant,
}

/// One row of [`PROVISIONING_ENDPOINTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvisioningEndpoint {
    name: &'static str,
    transport: Transport,
    verb: &'static str,
    pattern: &'static str,
    opens: Opens,
}

impl ProvisioningEndpoint {
    /// A stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What carries it.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// An HTTP method, or `publish`, `subscribe`, `send`, `receive`.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        self.verb
    }

    /// Its path, topic, filter or address.
    #[must_use]
    pub const fn pattern(&self) -> &'static str {
        self.pattern
    }

    /// Who may use it.
    #[must_use]
    pub const fn opens(&self) -> Opens {
        self.opens
    }
}

const fn service(
    name: &'static str,
    verb: &'static str,
    pattern: &'static str,
    right: ProvisioningRights,
) -> ProvisioningEndpoint {
    ProvisioningEndpoint { name, transport: Transport::Http, verb, pattern, opens: Opens::Right(right) }
}

const fn device(
    name: &'static str,
    transport: Transport,
    verb: &'static str,
    pattern: &'static str,
) -> ProvisioningEndpoint {
    ProvisioningEndpoint { name, transport, verb, pattern, opens: Opens::Registrant }
}

const READ: ProvisioningRights = ProvisioningRights::ENROLLMENT_READ;
const WRITE: ProvisioningRights = ProvisioningRights::ENROLLMENT_WRITE;

/// The endpoints of the provisioning service.
pub const PROVISIONING_ENDPOINTS: &[ProvisioningEndpoint] = &[
    service("enrollment.query", "POST", "/enrollments/query", READ),
    service("enrollment.bulk", "POST", "/enrollments", WRITE),
    service("enrollment.read", "GET", "/enrollments/{enrollment}", READ),
    service("enrollment.write", "PUT", "/enrollments/{enrollment}", WRITE),
    service("enrollment.delete", "DELETE", "/enrollments/{enrollment}", WRITE),
    // it answers with the keys
    service("enrollment.attestation", "POST", "/enrollments/{enrollment}/attestationmechanism", WRITE),
    service("group.query", "POST", "/enrollmentGroups/query", READ),
    service("group.read", "GET", "/enrollmentGroups/{group}", READ),
    service("group.write", "PUT", "/enrollmentGroups/{group}", WRITE),
    service("group.delete", "DELETE", "/enrollmentGroups/{group}", WRITE),
    service("group.attestation", "POST", "/enrollmentGroups/{group}/attestationmechanism", WRITE),
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
    // what is asked for stands in the message
    device("register", Transport::Amqp, "send", "/{scope}/registrations/{registration}"),
    device("register.response", Transport::Amqp, "receive", "/{scope}/registrations/{registration}"),
];

/// Who asks the provisioning service, once a credential has been verified.
#[derive(Debug, Clone, Copy)]
pub struct ProvisioningSubject<'a>(Who<'a>);

#[derive(Debug, Clone, Copy)]
enum Who<'a> {
    Policy(ProvisioningRights),
    Registrant(IdScope<'a>, RegistrationId<'a>),
}

impl<'a> ProvisioningSubject<'a> {
    /// Asserts that the key of a policy with these rights was shown.
    #[must_use]
    pub const fn policy_assertion(rights: ProvisioningRights) -> Self {
        Self(Who::Policy(rights))
    }

    /// Asserts that a device proved this registration in this id scope.
    #[must_use]
    pub const fn registrant_assertion(scope: IdScope<'a>, id: RegistrationId<'a>) -> Self {
        Self(Who::Registrant(scope, id))
    }
}

/// Why the provisioning service denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvisioningDenial {
    /// No endpoint has this verb and address.
    #[error("no endpoint is like this")]
    UnknownOperation,
    /// The policy lacks a right, or a device asks for what a service may do.
    #[error("needs {0}")]
    MissingRight(ProvisioningRights),
    /// The address names another registration or id scope.
    #[error("it is about another registration")]
    AnotherRegistration,
    /// A policy asks for what a device does for itself.
    #[error("it is about the device that registers")]
    NotADevice,
}

/// Decides whether `subject` may do this at the provisioning service. `address` is a request target, a topic or a
/// filter, or a link's address; `verb` an HTTP method, `publish` or `subscribe`, `send` or `receive`.
///
/// # Errors
/// [`ProvisioningDenial`] where it may not: what is unknown is denied.
pub fn decide_provisioning(
    subject: &ProvisioningSubject<'_>,
    transport: Transport,
    verb: &str,
    address: &str,
) -> Result<&'static ProvisioningEndpoint, ProvisioningDenial> {
    let (endpoint, ids) = find(transport, verb, address).ok_or(ProvisioningDenial::UnknownOperation)?;
    match (endpoint.opens, subject.0) {
        (Opens::Right(right), Who::Policy(rights)) if rights.contains(right) => Ok(endpoint),
        (Opens::Right(right), _) => Err(ProvisioningDenial::MissingRight(right)),
        (Opens::Registrant, Who::Policy(_)) => Err(ProvisioningDenial::NotADevice),
        (Opens::Registrant, Who::Registrant(scope, id)) => {
            let own = ids.device.is_none_or(|device| device.is(id.as_str()))
                && ids.module.is_none_or(|module| module.is(scope.as_str()));
            if own { Ok(endpoint) } else { Err(ProvisioningDenial::AnotherRegistration) }
        }
    }
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
