//! Somebody admitted: what may it do, and for how long?

use core::fmt;

use hubward_core::{Identity, KeySlot, Permissions, ResourcePath, Segment, Stamp};
use hubward_policy::{Decision, Operation, Scope, Subject, decide};

use crate::party::{Apart, Party};
use crate::presented::Asks;
use crate::session::Session;
use crate::vouched::Vouched;

/// A peer whose identity is proven, until its token or its certificate expires. Only an answered [`Question`](crate::Question)
/// makes one.
///
/// ```compile_fail,E0451
/// # use hubward::Admitted;
/// fn promoted<'a>(admitted: Admitted<'a>, another: Admitted<'a>) -> Admitted<'a> {
///     Admitted { until: u64::MAX, ..another }
/// }
/// ```
pub struct Admitted<'a> {
    pub(crate) party: Party<'a>,
    /// The edge device whose hub speaks for it.
    pub(crate) actor: Option<Segment<'a>>,
    pub(crate) granted: Permissions,
    pub(crate) reach: Reach<'a>,
    pub(crate) evidence: Evidence<'a>,
    pub(crate) proof: Proof,
    /// The last second at which the evidence counts.
    pub(crate) until: u64,
    pub(crate) asks: Asks<'a>,
}

/// What proved the identity.
pub(crate) enum Evidence<'a> {
    /// A token: the policy that signed it, if none did an identity; and with which key.
    Token { policy: Option<Segment<'a>>, slot: KeySlot },
    /// A certificate; who vouched for it stands with the party.
    Certificate,
}

/// How far the rights reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reach<'a> {
    /// The identity's own endpoints.
    Own,
    /// The token's resource, or what below it the token was put for.
    Resource(ResourcePath<'a>),
}

/// The records that an admission rests on, by their stamps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof {
    /// Of whose key made the signature, or whose certificate it is.
    pub(crate) signer: Stamp,
    /// Of the identity, where the key was a policy's or an edge hub's.
    pub(crate) identity: Option<Stamp>,
    /// Whether the key was a policy's.
    pub(crate) by_policy: bool,
}

impl Proof {
    pub(crate) const fn identity(signer: Stamp) -> Self {
        Self { signer, identity: None, by_policy: false }
    }

    pub(crate) const fn policy(signer: Stamp) -> Self {
        Self { signer, identity: None, by_policy: true }
    }

    pub(crate) const fn edge_hub_for(signer: Stamp, identity: Stamp) -> Self {
        Self { signer, identity: Some(identity), by_policy: false }
    }

    pub(crate) const fn policy_for(signer: Stamp, identity: Stamp) -> Self {
        Self { signer, identity: Some(identity), by_policy: true }
    }
}

impl Admitted<'_> {
    /// Who it is.
    #[must_use]
    #[inline(always)]
    pub fn identity(&self) -> Identity<'_> {
        self.party.identity()
    }

    /// The edge device whose `$edgeHub` speaks for it, by a token of its own; `None` where it speaks for itself.
    #[must_use]
    pub const fn actor(&self) -> Option<Segment<'_>> {
        self.actor
    }

    /// The policy whose key signed the token; `None` where the identity's own did, and for a certificate.
    #[must_use]
    pub const fn policy(&self) -> Option<Segment<'_>> {
        match &self.evidence {
            Evidence::Token { policy, .. } if self.proof.by_policy => *policy,
            _ => None,
        }
    }

    /// Which of the two keys signed the token: the identity's own, or those of [`Admitted::policy`] or of
    /// [`Admitted::actor`]'s edge hub. None of them
    /// for a certificate.
    #[must_use]
    pub const fn key_slot(&self) -> Option<KeySlot> {
        match &self.evidence {
            Evidence::Token { slot, .. } => Some(*slot),
            Evidence::Certificate => None,
        }
    }

    /// Who vouched for the certificate; `None` for a token.
    #[must_use]
    pub const fn vouched(&self) -> Option<&Vouched> {
        match self.party.apart() {
            Some(Apart { vouched: Some(vouched), .. }) => Some(vouched),
            _ => None,
        }
    }

    /// The decision on what was asked for by presenting the credential: the HTTP request itself, or to connect.
    #[inline(always)]
    pub fn decision(&self) -> Decision<'_> {
        match self.asks {
            Asks::Connect => self.decide(&Operation::mqtt_connect()),
            asks => self.decide(&asks.operation()),
        }
    }

    /// The decision on another operation.
    #[inline(always)]
    pub fn decide<'s>(&'s self, operation: &Operation<'s>) -> Decision<'s> {
        decide(&self.subject(), operation)
    }

    /// Keeps what was proven beyond the bytes that were presented. It keeps the rights, whatever they are: let nobody
    /// connect whose [`Admitted::decision`] is a denial.
    #[must_use]
    pub fn into_session(self) -> Session {
        Session::new(&self)
    }

    /// The resource that the rights reach, where it is more than the identity's own.
    pub(crate) const fn resource(&self) -> Option<&ResourcePath<'_>> {
        match &self.reach {
            Reach::Own => None,
            Reach::Resource(resource) => Some(resource),
        }
    }

    #[inline(always)]
    pub(crate) fn subject(&self) -> Subject<'_> {
        let scope = match self.reach {
            Reach::Own => Scope::Own,
            Reach::Resource(resource) => Scope::Resource(resource),
        };
        #[expect(clippy::disallowed_methods, reason = "this identity has been verified")]
        Subject::assertion(self.identity(), self.granted, scope)
    }
}

impl fmt::Debug for Admitted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted")
            .field("identity", &self.identity())
            .field("granted", &self.granted)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
