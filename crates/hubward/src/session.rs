//! A session: an authentication that is kept for a live connection, and checked again when records change.

use alloc::boxed::Box;
use core::fmt;

use hubward_core::{
    DeviceId, Found, FoundIdentity, Identity, Lookup, ModuleId, Permissions, PolicyName, ResourcePath,
    Segment, Stamp, Status, Thumbprint, UnixTime,
};
use hubward_policy::{Decision, Operation, Scope, Subject, decide};

use crate::authentication::authenticated::{Admitted, RecordVersions};
use crate::config::X509Rules;
use crate::error::Ended;
use crate::transport::auth_chain::edge_hub;
use crate::transport::claimed_identity::decoded;

/// An authenticated identity with its permissions, the versions of the records that it rests on, and its expiry. It owns
/// its names and holds neither keys nor tokens. [`Admitted::into_session`] creates one.
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

#[derive(Debug)]
enum OwnedIdentity {
    Device(Box<str>),
    Module(Box<str>, Box<str>),
    Policy(Box<str>),
}

impl Admitted<'_> {
    /// Creates a session, which outlives the presented bytes. The session keeps the permissions, even if they permit
    /// nothing: reject a client whose [`Admitted::decision`] is a denial first.
    #[must_use]
    pub fn into_session(self) -> Session {
        let issuers = self.vouched().map(|evidence| evidence.issuers().into()).unwrap_or_default();
        Session {
            identity: OwnedIdentity::new(&self.identity()),
            granted: self.granted,
            resource: self.resource().map(|resource| resource.as_received().into()),
            policy: self.policy().map(|name| decoded(&name)),
            actor: self.actor().map(|device| decoded(&device)),
            by_certificate: self.vouched().is_some(),
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
        match &self.identity {
            OwnedIdentity::Device(id) => Identity::Device(DeviceId::assertion(id)),
            OwnedIdentity::Module(device, module) => {
                Identity::Module(DeviceId::assertion(device), ModuleId::assertion(module))
            }
            OwnedIdentity::Policy(name) => Identity::Policy(PolicyName::assertion(name)),
        }
    }

    /// Returns the last second, since 1970, at which the session is valid: disconnect after it. `u64::MAX`, which means
    /// never, for a certificate that is registered by its thumbprint if the configuration ignores its validity period.
    #[must_use]
    pub const fn until(&self) -> u64 {
        self.until
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

    /// Returns the edge device whose `$edgeHub` acts on behalf of the identity, or `None` if the identity acts for
    /// itself. With an edge device, the identity's record must come with the edge devices above it
    /// ([`FoundIdentity::with_ancestors`](hubward_core::FoundIdentity::with_ancestors)).
    #[must_use]
    pub fn actor(&self) -> Option<Segment<'_>> {
        self.actor.as_deref().map(|device| DeviceId::assertion(device).segment())
    }

    /// Returns `true` if the identity's own token proved it, as an edge hub must to act on behalf of others.
    pub(crate) const fn is_by_own_token(&self) -> bool {
        !self.by_certificate && self.policy.is_none() && self.actor.is_none()
    }

    /// Creates the session of an identity below `device` from the session of that device's edge hub.
    pub(crate) fn delegate(&self, device: &Segment<'_>, identity: &Identity<'_>, version: Stamp) -> Self {
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

    /// Takes over the expiry and the record version of the edge hub's new token.
    pub(crate) const fn renew(&mut self, edge_hub: &Self) {
        self.versions.signer = edge_hub.versions.signer;
        self.until = edge_hub.until;
    }

    /// Returns `true` if a certificate proved the identity.
    pub(crate) const fn is_by_certificate(&self) -> bool {
        self.by_certificate
    }

    /// Returns the SHA-256 thumbprints of the authorities above the certificate, its issuer first and the registered
    /// authority last. Empty if no authority was involved. Pass them with each lookup to a store whose lists can block
    /// an issuer ([`Registry::find_issued`](hubward_registry::Registry::find_issued)).
    #[must_use]
    pub const fn issuers(&self) -> &[Thumbprint] {
        &self.issuers
    }

    /// Checks that the authority which issued the certificate, if one did, is still registered. Call it when the
    /// registered authorities change; it hashes each of them.
    ///
    /// # Errors
    /// [`Ended::AuthorityRemoved`]: close the connection.
    pub fn recheck_authority(&self, rules: &X509Rules<'_>) -> Result<(), Ended> {
        match self.issuers.last() {
            Some(authority) if !rules.has_anchor(authority) => Err(Ended::AuthorityRemoved),
            _ => Ok(()),
        }
    }

    /// Checks that the session is still valid: its token or certificate has not expired, no record was deleted, created
    /// again or disabled, and the credentials and permissions that it rests on were not withdrawn.
    ///
    /// # Errors
    /// [`Ended`] with the reason: close the connection.
    pub fn recheck<K>(&self, answers: &[Found<'_, K>], now: UnixTime) -> Result<(), Ended> {
        if self.until < now.as_secs() {
            return Err(Ended::Expired { until: self.until, now: now.as_secs() });
        }
        let mut records = answers.iter();
        let mut actor = self.actor();
        for lookup in self.lookups() {
            match (lookup, records.next()) {
                (_, Some(Found::Nobody)) => return Err(Ended::Deleted),
                (Lookup::Policy(_), Some(Found::Policy(policy)))
                    if lookup.is(&Identity::Policy(policy.name())) =>
                {
                    require_same_version(self.versions.signer, policy.stamp())?;
                    if !policy.rights().contains(self.granted) {
                        return Err(Ended::RightsReduced);
                    }
                }
                (Lookup::Device(_) | Lookup::Module(..), Some(Found::Identity(record)))
                    if lookup.is(&record.identity()) =>
                {
                    // with an actor, the edge hub's record is the first of the two
                    match actor.take() {
                        Some(_) => self.recheck_edge_hub(record)?,
                        None => self.recheck_identity(record)?,
                    }
                }
                _ => return Err(Ended::WrongAnswer),
            }
        }
        if records.next().is_some() { Err(Ended::WrongAnswer) } else { Ok(()) }
    }

    /// Decides on an operation by what the session proved when it was opened. Call [`Session::recheck`] first.
    pub fn decide<'s>(&'s self, operation: &Operation<'s>) -> Decision<'s> {
        let resource = self.resource.as_deref().map(ResourcePath::parse);
        let (granted, scope) = match resource {
            None => (self.granted, Scope::Own),
            Some(Ok(resource)) => (self.granted, Scope::Resource(resource)),
            // the text was parsed before, so this cannot happen; without a scope there are no permissions
            Some(Err(_)) => (Permissions::empty(), Scope::Own),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "this identity was verified when the session was opened"
        )]
        let subject = Subject::assertion(self.identity(), granted, scope);
        decide(&subject, operation)
    }

    fn recheck_identity<K>(&self, record: &FoundIdentity<'_, K>) -> Result<(), Ended> {
        match self.versions.identity {
            // the identity's own key or certificate was verified
            None => self.recheck_credential(record)?,
            // a policy's or an edge hub's key was verified, so the identity's own may change
            Some(version) if version.generation() != record.stamp().generation() => {
                return Err(Ended::Recreated);
            }
            Some(_) => {}
        }
        if self.actor().is_some_and(|actor| !record.is_behind(&actor)) {
            return Err(Ended::NotBehind);
        }
        require_enabled(record.status())
    }

    fn recheck_edge_hub<K>(&self, record: &FoundIdentity<'_, K>) -> Result<(), Ended> {
        self.recheck_credential(record)?;
        require_enabled(record.status())
    }

    /// Checks that the record still has the credential that was verified.
    fn recheck_credential<K>(&self, record: &FoundIdentity<'_, K>) -> Result<(), Ended> {
        if record.upholds(self.versions.signer) {
            Ok(())
        } else {
            require_same_version(self.versions.signer, record.stamp())
        }
    }
}

impl OwnedIdentity {
    fn new(identity: &Identity<'_>) -> Self {
        match identity {
            Identity::Module(device, module) => Self::Module(device.as_str().into(), module.as_str().into()),
            Identity::Policy(name) => Self::Policy(name.as_str().into()),
            identity => Self::Device(identity.device().map_or("", |id| id.as_str()).into()),
        }
    }
}

const fn require_enabled(status: Status) -> Result<(), Ended> {
    match status {
        Status::Enabled => Ok(()),
        Status::Disabled => Err(Ended::Disabled),
    }
}

fn require_same_version(then: Stamp, now: Stamp) -> Result<(), Ended> {
    if then == now {
        Ok(())
    } else if then.generation() == now.generation() {
        Err(Ended::KeysReplaced)
    } else {
        Err(Ended::Recreated)
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} until {}", self.identity(), self.granted, self.until)
    }
}
