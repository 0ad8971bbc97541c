//! An authenticated identity: its permissions, and the proof that they rest on.

use alloc::boxed::Box;
use core::fmt;

use hubward_core::{Identity, KeySlot, Permissions, RecordVersion, ResourcePath, Segment};
use hubward_policy::{Decision, Operation, Scope, Subject, decide};
use hubward_x509::Chain;

use super::evidence::CertificateEvidence;
use crate::credentials::RequestedOperation;
use crate::transport::claimed_identity::ClaimedIdentity;

/// An authenticated identity, valid until its token or its certificate expires. Only
/// [`PendingAuthentication::resume`](crate::PendingAuthentication::resume) creates one.
///
/// ```compile_fail,E0451
/// # use hubward::Authenticated;
/// fn promoted<'a>(admitted: Authenticated<'a>, another: Authenticated<'a>) -> Authenticated<'a> {
///     Authenticated { until: u64::MAX, ..another }
/// }
/// ```
pub struct Authenticated<'a> {
    pub(super) identity: ClaimedIdentity<'a>,
    /// The edge device whose edge hub acts on behalf of the identity.
    pub(super) actor: Option<Segment<'a>>,
    pub(crate) granted: Permissions,
    pub(crate) scope: Scope<'a>,
    /// The policy that the token names (`skn`).
    pub(super) token_policy: Option<Segment<'a>>,
    /// The slot of the key that verified the token; `None` for a certificate.
    pub(super) key_slot: Option<KeySlot>,
    pub(super) certificate: Option<Box<CertificateState<'a>>>,
    pub(crate) versions: RecordVersions,
    /// `true` for an edge device with its own credential, which may manage its modules.
    pub(super) edge_device: bool,
    /// The last second at which the proof is valid.
    pub(crate) until: u64,
    pub(super) operation: RequestedOperation<'a>,
}

/// The certificate of a client. Boxed where it is used, so that an authentication by a token is small.
#[expect(clippy::large_enum_variant, reason = "an authentication has one, boxed as a whole")]
pub(super) enum CertificateState<'a> {
    /// As presented, with the certificates that were sent with it.
    Credentials(Chain<'a>),
    /// The evidence by which it was accepted.
    Accepted(CertificateEvidence),
}

/// The versions of the records that an authentication used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordVersions {
    /// The version of the record with the signer's key or the certificate's registration.
    pub(crate) signer: RecordVersion,
    /// The version of the identity's record, if the signer is a policy or an edge hub.
    pub(crate) identity: Option<RecordVersion>,
    /// `true` if the signer is a policy.
    by_policy: bool,
}

impl RecordVersions {
    /// The identity's own credential was verified.
    pub(crate) const fn identity(signer: RecordVersion) -> Self {
        Self { signer, identity: None, by_policy: false }
    }

    /// A policy's key was verified, and the policy itself is authenticated.
    pub(crate) const fn policy(signer: RecordVersion) -> Self {
        Self { signer, identity: None, by_policy: true }
    }

    /// An edge hub's key was verified for an identity below it.
    pub(crate) const fn edge_hub_for(signer: RecordVersion, identity: RecordVersion) -> Self {
        Self { signer, identity: Some(identity), by_policy: false }
    }

    /// A policy's key was verified for a device or a module.
    pub(crate) const fn policy_for(signer: RecordVersion, identity: RecordVersion) -> Self {
        Self { signer, identity: Some(identity), by_policy: true }
    }
}

impl CertificateState<'_> {
    pub(super) const fn evidence(&self) -> Option<&CertificateEvidence> {
        match self {
            Self::Credentials(_) => None,
            Self::Accepted(evidence) => Some(evidence),
        }
    }
}

impl Authenticated<'_> {
    /// Returns the authenticated identity.
    #[must_use]
    #[inline(always)]
    pub fn identity(&self) -> Identity<'_> {
        self.identity.identity()
    }

    /// Returns the edge device whose `$edgeHub` acts on behalf of the identity, by a token of its own. Returns `None` if
    /// the identity acts for itself.
    #[must_use]
    pub const fn actor(&self) -> Option<Segment<'_>> {
        self.actor
    }

    /// Returns the policy whose key signed the token. Returns `None` if an identity's key signed it, and for a
    /// certificate.
    #[must_use]
    pub const fn policy(&self) -> Option<Segment<'_>> {
        if self.versions.by_policy { self.token_policy } else { None }
    }

    /// Returns the slot of the key that signed the token: a key of [`Authenticated::policy`], of the edge hub of
    /// [`Authenticated::actor`], or else of the identity. Returns `None` for a certificate.
    #[must_use]
    pub const fn key_slot(&self) -> Option<KeySlot> {
        self.key_slot
    }

    /// Returns the evidence by which the certificate was accepted. Returns `None` for a token.
    #[must_use]
    pub const fn evidence(&self) -> Option<&CertificateEvidence> {
        match &self.certificate {
            Some(certificate) => certificate.evidence(),
            None => None,
        }
    }

    /// Decides on the operation that the client requested by presenting the credential: the HTTP request, or the MQTT
    /// connection.
    #[inline(always)]
    pub fn decision(&self) -> Decision<'_> {
        match self.operation {
            RequestedOperation::Connect => self.decide(&Operation::mqtt_connect()),
            requested => self.decide(&requested.operation()),
        }
    }

    /// Decides on another operation.
    #[inline(always)]
    pub fn decide<'s>(&'s self, operation: &Operation<'s>) -> Decision<'s> {
        #[expect(clippy::disallowed_methods, reason = "this identity has been verified")]
        let subject = Subject::assertion(self.identity(), self.granted, self.scope).without_device();
        let subject = if self.edge_device { subject.as_edge_device() } else { subject };
        decide(&subject, operation)
    }

    /// Returns the resource that limits the permissions. Returns `None` if the identity's own endpoints do.
    pub(crate) const fn resource(&self) -> Option<&ResourcePath<'_>> {
        match &self.scope {
            Scope::Own => None,
            Scope::Resource(resource) => Some(resource),
        }
    }
}

impl fmt::Debug for Authenticated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticated")
            .field("identity", &self.identity())
            .field("granted", &self.granted)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
