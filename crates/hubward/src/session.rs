//! An admission kept for a live connection. It is a proof with an end.

use alloc::boxed::Box;
use core::fmt;

use hubward_core::{
    DeviceId, Found, FoundIdentity, Identity, Lookup, ModuleId, Permissions, PolicyName, ResourcePath,
    Segment, Stamp, Status, Thumbprint, UnixTime,
};
use hubward_policy::{Decision, Operation, Scope, Subject, decide};

use crate::admitted::{Admitted, Proof, Reach};
use crate::auth_chain::edge_hub;
use crate::error::Ended;
use crate::x509_rules::X509Rules;

/// Who is connected, with which rights, on which records' versions, and until when. It owns its names and holds no
/// key and no token.
#[derive(Debug)]
pub struct Session {
    who: Who,
    granted: Permissions,
    /// The resource that the rights reach, where it is more than the identity's own.
    resource: Option<Box<str>>,
    /// The policy that signed.
    policy: Option<Box<str>>,
    /// The edge device whose hub speaks for it.
    actor: Option<Box<str>>,
    by_certificate: bool,
    /// Those above its certificate.
    issuers: Box<[Thumbprint]>,
    proof: Proof,
    until: u64,
}

#[derive(Debug)]
enum Who {
    Device(Box<str>),
    Module(Box<str>, Box<str>),
    Policy(Box<str>),
}

impl Session {
    pub(crate) fn new(admitted: &Admitted<'_>) -> Self {
        let who = Who::of(&admitted.identity());
        let resource = match admitted.reach {
            Reach::Own => None,
            Reach::Resource(resource) => Some(resource.as_received().into()),
        };
        let policy = admitted.policy().map(|name| decoded(&name));
        Self {
            who,
            granted: admitted.granted,
            resource,
            policy,
            actor: admitted.actor().map(|device| decoded(&device)),
            by_certificate: admitted.vouched().is_some(),
            issuers: admitted.vouched().map(|vouched| vouched.issuers().into()).unwrap_or_default(),
            proof: admitted.proof,
            until: admitted.until,
        }
    }

    /// Who it is.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        match &self.who {
            Who::Device(id) => Identity::Device(DeviceId::assertion(id)),
            Who::Module(device, module) => {
                Identity::Module(DeviceId::assertion(device), ModuleId::assertion(module))
            }
            Who::Policy(name) => Identity::Policy(PolicyName::assertion(name)),
        }
    }

    /// The last second, since 1970, at which it is good: disconnect after it. `u64::MAX`, which never comes, for a
    /// certificate that is known by its thumbprint where the rules have its dates not count.
    #[must_use]
    pub const fn until(&self) -> u64 {
        self.until
    }

    /// Whose records it rests on; [`Session::recheck`] takes an answer for each, in this order.
    pub fn lookups(&self) -> impl Iterator<Item = Lookup<'_>> {
        let policy = self.policy.as_deref().map(|name| Lookup::Policy(PolicyName::assertion(name).segment()));
        let identity = match self.who {
            Who::Policy(_) => None,
            Who::Device(_) | Who::Module(..) => Some(self.identity().lookup()),
        };
        policy.into_iter().chain(self.actor().map(edge_hub)).chain(identity)
    }

    /// The edge device whose `$edgeHub` speaks for it; `None` where it speaks for itself. Where there is one, the answer
    /// about the identity must come with the edge devices above it
    /// ([`FoundIdentity::with_ancestors`](hubward_core::FoundIdentity::with_ancestors)).
    #[must_use]
    pub fn actor(&self) -> Option<Segment<'_>> {
        self.actor.as_deref().map(|device| DeviceId::assertion(device).segment())
    }

    /// Whether it was proven by a token of its own, as that of an edge hub must be which speaks for others.
    pub(crate) const fn is_by_own_token(&self) -> bool {
        !self.by_certificate && self.policy.is_none() && self.actor.is_none()
    }

    /// What this edge hub's session, of that device's hub, proves of whom it speaks for.
    pub(crate) fn behind(&self, device: &Segment<'_>, identity: &Identity<'_>, stamp: Stamp) -> Self {
        Self {
            who: Who::of(identity),
            granted: self.granted,
            resource: None,
            policy: None,
            actor: Some(decoded(device)),
            by_certificate: false,
            issuers: Box::default(),
            proof: Proof::edge_hub_for(self.proof.signer, stamp),
            until: self.until,
        }
    }

    /// The edge hub that speaks for it has another token.
    pub(crate) const fn renew(&mut self, edge_hub: &Self) {
        self.proof.signer = edge_hub.proof.signer;
        self.until = edge_hub.until;
    }

    /// Whether a certificate proved it.
    pub(crate) const fn is_by_certificate(&self) -> bool {
        self.by_certificate
    }

    /// The SHA-256 thumbprints of the authorities above its certificate, the issuer first and the registered one last;
    /// none where no authority vouched. Lists that name them
    /// ([`Registry::find_issued`](hubward_registry::Registry::find_issued)) want them with each answer.
    #[must_use]
    pub const fn issuers(&self) -> &[Thumbprint] {
        &self.issuers
    }

    /// Whether the authority that vouched, if one did, is registered still. To be asked where registered authorities
    /// change: it hashes them.
    ///
    /// # Errors
    /// [`Ended::AuthorityRemoved`]. The connection is to be closed.
    pub fn recheck_authority(&self, rules: &X509Rules<'_>) -> Result<(), Ended> {
        match self.issuers.last() {
            Some(vouched) if !rules.has_anchor(vouched) => Err(Ended::AuthorityRemoved),
            _ => Ok(()),
        }
    }

    /// Whether what was proven still holds: the token's or the certificate's time is not over, nobody was deleted,
    /// created anew or disabled, and no credential or right that it rests on was taken back.
    ///
    /// # Errors
    /// [`Ended`] with the reason. The connection is to be closed.
    pub fn recheck<K>(&self, answers: &[Found<'_, K>], now: UnixTime) -> Result<(), Ended> {
        if self.until < now.as_secs() {
            return Err(Ended::Expired { until: self.until, now: now.as_secs() });
        }
        let mut answers = answers.iter();
        let mut actor = self.actor();
        for lookup in self.lookups() {
            match (lookup, answers.next()) {
                (_, Some(Found::Nobody)) => return Err(Ended::Deleted),
                (Lookup::Policy(_), Some(Found::Policy(policy)))
                    if lookup.is(&Identity::Policy(policy.name())) =>
                {
                    same(self.proof.signer, policy.stamp())?;
                    if self.policy_grants_less(policy.rights()) {
                        return Err(Ended::RightsReduced);
                    }
                }
                (Lookup::Device(_) | Lookup::Module(..), Some(Found::Identity(record)))
                    if lookup.is(&record.identity()) =>
                {
                    match actor.take() {
                        Some(_) => self.same_edge_hub(record)?,
                        None => self.same_identity(record)?,
                    }
                }
                _ => return Err(Ended::WrongAnswer),
            }
        }
        if answers.next().is_some() { Err(Ended::WrongAnswer) } else { Ok(()) }
    }

    /// The decision on an operation, by what was proven. [`Session::recheck`] first.
    pub fn decide<'s>(&'s self, operation: &Operation<'s>) -> Decision<'s> {
        let resource = self.resource.as_deref().map(ResourcePath::parse);
        let (granted, scope) = match resource {
            None => (self.granted, Scope::Own),
            Some(Ok(resource)) => (self.granted, Scope::Resource(resource)),
            // it was parsed before; without a scope there are no rights
            Some(Err(_)) => (Permissions::empty(), Scope::Own),
        };
        #[expect(clippy::disallowed_methods, reason = "this identity was verified when it was admitted")]
        let subject = Subject::assertion(self.identity(), granted, scope);
        decide(&subject, operation)
    }

    fn policy_grants_less(&self, rights: Permissions) -> bool {
        !rights.contains(self.granted)
    }

    fn same_identity<K>(&self, record: &FoundIdentity<'_, K>) -> Result<(), Ended> {
        match self.proof.identity {
            // its own key made the signature, or its own certificate was judged
            None => self.upheld_by(record)?,
            // a policy's or an edge hub's key did, so its own may change
            Some(stamp) if stamp.generation() != record.stamp().generation() => return Err(Ended::Recreated),
            Some(_) => {}
        }
        if self.actor().is_some_and(|actor| !record.is_behind(&actor)) {
            return Err(Ended::NotBehind);
        }
        enabled(record.status())
    }

    fn same_edge_hub<K>(&self, record: &FoundIdentity<'_, K>) -> Result<(), Ended> {
        self.upheld_by(record)?;
        enabled(record.status())
    }

    /// The credential that was used is one of the record's still.
    fn upheld_by<K>(&self, record: &FoundIdentity<'_, K>) -> Result<(), Ended> {
        if record.upholds(self.proof.signer) { Ok(()) } else { same(self.proof.signer, record.stamp()) }
    }
}

impl Who {
    fn of(identity: &Identity<'_>) -> Self {
        match identity {
            Identity::Module(device, module) => Self::Module(device.as_str().into(), module.as_str().into()),
            Identity::Policy(name) => Self::Policy(name.as_str().into()),
            identity => Self::Device(identity.device().map_or("", |id| id.as_str()).into()),
        }
    }
}

const fn enabled(status: Status) -> Result<(), Ended> {
    match status {
        Status::Enabled => Ok(()),
        Status::Disabled => Err(Ended::Disabled),
    }
}

fn same(then: Stamp, now: Stamp) -> Result<(), Ended> {
    if then == now {
        Ok(())
    } else if then.generation() == now.generation() {
        Err(Ended::KeysReplaced)
    } else {
        Err(Ended::Recreated)
    }
}

fn decoded(name: &Segment<'_>) -> Box<str> {
    name.bytes().map(char::from).collect()
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} until {}", self.identity(), self.granted, self.until)
    }
}
