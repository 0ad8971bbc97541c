//! A session: an authentication that is kept for a live connection, and checked again when records change.
//!
//! [`recheck`] has the check and the proof of it, [`with_store`] the check in one call.

mod recheck;
mod revocation;
mod with_store;

use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;

use hubward_core::{
    DeviceId, Identity, Lookup, ModuleId, Permissions, PolicyName, RecordVersion, ResourcePath, Segment,
    Thumbprint, UnixTime,
};

use crate::authentication::authenticated::{Authenticated, RecordVersions};
use crate::authentication::token::may_connect;
use crate::store::RecordRequest;
use crate::transport::auth_chain::edge_hub;
use crate::transport::claimed_identity::decoded;

pub use recheck::CheckedSession;

/// An authenticated identity with its permissions, the versions of the records that it rests on, and its expiry. It owns
/// its names and holds neither keys nor tokens. [`Authenticated::into_session`] creates one.
#[derive(Debug)]
pub struct Session {
    identity: OwnedIdentity,
    granted: Permissions,
    /// The resource that limits the permissions; `None` if the identity's own endpoints do.
    resource: Option<Box<str>>,
    /// The policy that signed the token.
    policy: Option<Box<str>>,
    /// The edge device whose edge hub acts on behalf of the identity.
    actor: Option<Box<str>>,
    by_certificate: bool,
    /// The SHA-256 thumbprints of the authorities above the certificate.
    issuers: Box<[Thumbprint]>,
    versions: RecordVersions,
    until: u64,
}

/// The names of an identity, which were parsed before.
#[derive(Debug)]
pub(crate) enum OwnedIdentity {
    Device(Box<str>),
    Module(Box<str>, Box<str>),
    Policy(Box<str>),
}

impl Authenticated<'_> {
    /// Creates a session, which outlives the presented bytes. The session keeps the permissions, even if they permit
    /// nothing: reject a client whose [`Authenticated::decision`] is a denial first.
    #[must_use]
    pub fn into_session(self) -> Session {
        let issuers = self.evidence().map(|evidence| evidence.issuers().into()).unwrap_or_default();
        Session {
            identity: OwnedIdentity::new(&self.identity()),
            granted: self.granted,
            resource: self.resource().map(|resource| resource.as_received().into()),
            policy: self.policy().map(|name| decoded(&name)),
            actor: self.actor().map(|device| decoded(&device)),
            by_certificate: self.evidence().is_some(),
            issuers,
            versions: self.versions,
            until: self.until,
        }
    }
}

impl Session {
    /// Returns the authenticated identity.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        self.identity.identity()
    }

    /// Returns the last second at which the session is valid: disconnect after it. `u64::MAX` seconds, which means never,
    /// for a certificate that is registered by its thumbprint if the configuration ignores its validity period.
    #[must_use]
    pub fn until(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.until))
    }

    /// Returns the lookups of the records that the session rests on. [`Session::recheck`] takes a result for each, in
    /// this order.
    pub fn lookups(&self) -> impl Iterator<Item = Lookup<'_>> {
        let policy = self.policy.as_deref().map(|name| Lookup::Policy(PolicyName::assertion(name).segment()));
        let identity = match self.identity {
            OwnedIdentity::Policy(_) => None,
            OwnedIdentity::Device(_) | OwnedIdentity::Module(..) => Some(self.identity().lookup()),
        };
        policy.into_iter().chain(self.actor().map(edge_hub)).chain(identity)
    }

    /// Returns the requests for the records that the session rests on: [`Session::lookups`] with everything that a store
    /// may need to answer.
    pub fn requests(&self) -> impl Iterator<Item = RecordRequest<'_>> {
        let below = self.identity();
        self.lookups().map(move |lookup| {
            // the edge hub acts on behalf of the identity, and for itself
            let actor = self.actor().filter(|_| lookup.is(&below));
            RecordRequest::new(lookup).with_issuers(self.issuers()).with_actor(actor)
        })
    }

    /// Returns the policy whose key signed the token. Returns `None` if an identity's key signed it, and for a
    /// certificate.
    #[must_use]
    pub fn policy(&self) -> Option<PolicyName<'_>> {
        self.policy.as_deref().map(PolicyName::assertion)
    }

    /// Returns the edge device whose `$edgeHub` acts on behalf of the identity, or `None` if the identity acts for
    /// itself. With an edge device, the identity's record must come with the edge devices above it
    /// ([`IdentityRecord::with_ancestors`](hubward_core::IdentityRecord::with_ancestors)).
    #[must_use]
    pub fn actor(&self) -> Option<Segment<'_>> {
        self.actor.as_deref().map(|device| DeviceId::assertion(device).segment())
    }

    /// Returns `true` if the identity's own token proved it, as an edge hub must to act on behalf of others.
    pub(crate) const fn is_by_own_token(&self) -> bool {
        !self.by_certificate && self.policy.is_none() && self.actor.is_none()
    }

    /// Creates the session of an identity below `device` from the session of that device's edge hub.
    pub(crate) fn delegate(
        &self,
        device: &Segment<'_>,
        identity: &Identity<'_>,
        version: RecordVersion,
    ) -> Self {
        Self {
            identity: OwnedIdentity::new(identity),
            granted: self.granted,
            resource: None,
            policy: None,
            actor: Some(decoded(device)),
            by_certificate: false,
            issuers: Box::default(),
            versions: RecordVersions::edge_hub_for(self.versions.signer, version),
            until: self.until,
        }
    }

    pub(crate) const fn granted(&self) -> Permissions {
        self.granted
    }

    /// Returns `true` if the identity is a policy with DeviceConnect, whose token names no device.
    pub(crate) const fn connects_devices(&self) -> bool {
        matches!(self.identity, OwnedIdentity::Policy(_))
            && self.granted.contains(Permissions::DEVICE_CONNECT)
    }

    /// Returns `true` if the resource of a policy's token covers the device or module.
    pub(crate) fn covers(&self, identity: &Identity<'_>) -> bool {
        let resource = self.resource.as_deref().map(ResourcePath::parse);
        matches!(resource, Some(Ok(resource)) if may_connect(resource, identity))
    }

    /// Creates the session of a device or module from the session of a policy that connects devices.
    pub(crate) fn connect(&self, identity: &Identity<'_>, version: RecordVersion) -> Self {
        Self {
            identity: OwnedIdentity::new(identity),
            granted: self.granted.intersection(Permissions::DEVICE_CONNECT),
            resource: self.resource.clone(),
            policy: self.policy.clone(),
            actor: None,
            by_certificate: false,
            issuers: Box::default(),
            versions: RecordVersions::policy_for(self.versions.signer, version),
            until: self.until,
        }
    }

    /// Takes over the expiry and the record version of the signer's new token: an edge hub's or a policy's.
    pub(crate) const fn renew(&mut self, signer: &Self) {
        self.versions.signer = signer.versions.signer;
        self.until = signer.until;
    }

    /// Returns `true` if a certificate proved the identity, and `false` if a token did.
    #[must_use]
    pub const fn is_by_certificate(&self) -> bool {
        self.by_certificate
    }

    /// Returns the SHA-256 thumbprints of the authorities above the certificate, its issuer first and the registered
    /// authority last. Empty if no authority was involved. Pass them with each lookup to a store whose lists can block
    /// an issuer ([`Registry::find`](hubward_registry::Registry::find)).
    #[must_use]
    pub const fn issuers(&self) -> &[Thumbprint] {
        &self.issuers
    }
}

impl OwnedIdentity {
    pub(crate) fn identity(&self) -> Identity<'_> {
        match self {
            Self::Device(id) => Identity::Device(DeviceId::assertion(id)),
            Self::Module(device, module) => {
                Identity::Module(DeviceId::assertion(device), ModuleId::assertion(module))
            }
            Self::Policy(name) => Identity::Policy(PolicyName::assertion(name)),
        }
    }

    pub(crate) fn new(identity: &Identity<'_>) -> Self {
        match identity {
            Identity::Module(device, module) => Self::Module(device.as_str().into(), module.as_str().into()),
            Identity::Policy(name) => Self::Policy(name.as_str().into()),
            identity => Self::Device(identity.device().map_or("", |id| id.as_str()).into()),
        }
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} until {}", self.identity(), self.granted, self.until)
    }
}
