//! The data of a pending authentication: the bound credentials, the stage, and the step that a check returns.

use alloc::boxed::Box;

use hubward_core::{IdentityRecord, KeySlot, LookupResult, Permissions, RecordVersion, Segment, Status};
use hubward_policy::Scope;
use hubward_sas::{SasToken, VerifiedToken};

use super::authenticated::{CertificateState, RecordVersions};
use crate::config::HubConfig;
use crate::credentials::{RequestedOperation, TransportContext};
use crate::error::AuthError;
use crate::transport::claimed_identity::ClaimedIdentity;

/// Credentials whose names all refer to one identity, and the record to look up next.
pub(super) struct BoundCredentials<'c, 'a, K> {
    pub(super) config: &'c HubConfig<K>,
    pub(super) context: TransportContext<'a>,
    pub(super) operation: RequestedOperation<'a>,
    pub(super) target: LookupTarget,
    pub(super) claimed: ClaimedIdentity<'a>,
    pub(super) source: IdentitySource,
    /// The client's certificate, if it was selected for verification.
    pub(super) certificate: Option<Box<CertificateState<'a>>>,
}

/// The source of the claimed identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IdentitySource {
    /// The transport names a device or a module.
    Transport,
    /// The transport names none, so the identity is the token's.
    Token,
}

/// The record that is looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LookupTarget {
    /// The edge hub that acts on behalf of the claimed identity.
    EdgeHub,
    /// The claimed identity.
    Identity,
    /// The policy that the token names.
    Policy,
}

/// The reason for a lookup, with the results of the lookups before it.
#[derive(Clone, Copy)]
pub(super) enum Stage<'a> {
    /// The keys of the token's signer are needed.
    Signer(SasToken<'a>),
    /// A policy signed the token. Checks that the device exists and is enabled.
    DeviceCheck { token: VerifiedToken<'a>, rights: Permissions, version: RecordVersion },
    /// An edge hub signed the token. Checks that the identity exists, is enabled, and is below that edge hub.
    DelegationCheck { token: VerifiedToken<'a>, version: RecordVersion },
    /// The thumbprints of the identity are needed, or the fact that it is registered with an authority.
    Certificate,
    /// A registered authority issued the certificate. Checks that the identity is enabled, given these issuers.
    IssuerCheck { until: u64, version: RecordVersion },
}

/// The result of a check.
pub(super) enum Step<'a> {
    /// Another lookup is needed.
    Lookup(LookupTarget, Stage<'a>),
    /// The identity is proven.
    Authenticated(Proven<'a>),
}

/// A proven identity with its permissions.
pub(super) struct Proven<'a> {
    /// The policy, if the policy itself is authenticated instead of the identity that the transport names.
    pub(super) policy: Option<ClaimedIdentity<'a>>,
    /// The policy that the token names (`skn`).
    pub(super) token_policy: Option<Segment<'a>>,
    /// The slot of the key that verified the token; `None` for a certificate.
    pub(super) key_slot: Option<KeySlot>,
    pub(super) granted: Permissions,
    pub(super) scope: Scope<'a>,
    pub(super) versions: RecordVersions,
    /// `true` if the own credential of an edge device was verified.
    pub(super) edge_device: bool,
    /// The last second at which the proof is valid.
    pub(super) until: u64,
}

impl<'a, K> BoundCredentials<'_, 'a, K> {
    /// Returns the edge device whose edge hub acts on behalf of the claimed identity.
    #[inline(always)]
    pub(super) const fn actor(&self) -> Option<Segment<'a>> {
        match self.context {
            TransportContext::Actor(actor) => Some(actor),
            _ => None,
        }
    }

    /// Returns the record if it is that of the claimed identity.
    pub(super) fn claimed_record<'f>(
        &self,
        found: &'f LookupResult<'_, K>,
    ) -> Result<&'f IdentityRecord<'f, K>, AuthError> {
        match found {
            LookupResult::NotFound => Err(AuthError::Unknown),
            LookupResult::Identity(record) if self.claimed.lookup().is(&record.identity()) => Ok(record),
            _ => Err(AuthError::RecordMismatch),
        }
    }
}

/// Rejects a disabled identity.
pub(crate) const fn require_enabled(status: Status) -> Result<(), AuthError> {
    match status {
        Status::Enabled => Ok(()),
        Status::Disabled => Err(AuthError::Disabled),
    }
}
