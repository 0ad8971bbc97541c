//! From what was presented to somebody admitted, one question at a time.

use alloc::boxed::Box;
use core::fmt;

use hubward_core::{
    Found, Lookup, MacKey, Permissions, ResourcePath, Segment, Stamp, Status, Thumbprint, UnixTime,
};
use hubward_sas::{SasToken, VerifiedToken};
use hubward_x509::Chain;

use crate::admitted::{Admitted, Evidence, Proof, Reach};
use crate::auth_chain::edge_hub;
use crate::error::AuthError;
use crate::party::Party;
use crate::presented::{Asks, Presented};
use crate::rules::{Rules, Speaking, speaking};
use crate::vouched::Held;

/// Where an admission stands.
#[derive(Debug)]
#[must_use = "nobody is admitted until the question is answered"]
#[expect(clippy::exhaustive_enums, reason = "an admission has a question or is over")]
pub enum Admission<'a, K> {
    /// A record is needed.
    Needs(Question<'a, K>),
    /// The peer is who it says. What it may do is another matter: ask [`Admitted::decision`] before you let it in.
    Admitted(Admitted<'a>),
}

/// A question to the caller's store, to be consumed by its answer. It can be held across an await.
#[must_use = "a question that is dropped admits nobody"]
pub struct Question<'a, K> {
    bound: Bound<'a, K>,
    stage: Stage<'a>,
}

/// What was presented, every name of it bound to one identity, and whom the question is about.
pub(crate) struct Bound<'a, K> {
    pub(crate) rules: &'a Rules<'a, K>,
    /// The edge device whose hub speaks for the party.
    pub(crate) actor: Option<Segment<'a>>,
    /// What a token was put for.
    pub(crate) audience: Option<ResourcePath<'a>>,
    pub(crate) asks: Asks<'a>,
    pub(crate) asked: Asked<'a>,
    /// The transport's identity, or the token's where the transport names none.
    pub(crate) party: Party<'a>,
    /// Whether the transport names the party.
    pub(crate) named: bool,
}

/// Whose record is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// That of the hub of this edge device.
    EdgeHub(Segment<'a>),
    /// The party's own.
    Party,
    /// This policy's.
    Policy(Segment<'a>),
}

pub(crate) enum Stage<'a> {
    /// Whose key made the signature?
    Signer(SasToken<'a>),
    /// A policy's key did: does the identity exist, and may it connect?
    Standing { token: VerifiedToken<'a>, rights: Permissions, stamp: Stamp },
    /// An edge hub's key did: does the identity exist, and is it below that edge hub?
    Behind { token: VerifiedToken<'a>, actor: Segment<'a>, stamp: Stamp },
    /// What is the certificate to be judged by?
    Certificate(Box<Chain<'a>>),
    /// Authorities vouched for it: may the identity connect with these above it?
    Issued { held: Held, stamp: Stamp },
}

impl<'a, K: MacKey> Admission<'a, K> {
    /// Binds every name that was presented to one identity, and asks for the record that its proof needs.
    ///
    /// # Errors
    /// [`AuthError`] where the credential is malformed, is for another hub, or is for another identity than the
    /// transport names.
    #[inline]
    pub fn start(presented: Presented<'a>, rules: &'a Rules<'a, K>) -> Result<Self, AuthError> {
        if presented.hub.is_some_and(|hub| !hub.is_of(rules)) {
            return Err(AuthError::AnotherHub);
        }
        match speaking(presented.token, presented.certificates, rules.both_credentials())? {
            Speaking::Token(text) => match presented.actor {
                Some(actor) => Bound::to_edge_hub(presented, actor, text, rules),
                None => Bound::to_token(presented, text, rules),
            },
            Speaking::Certificates(_) if presented.actor.is_some() => Err(AuthError::ChainByCertificate),
            Speaking::Certificates(peer) => Bound::to_certificate(presented, peer, rules),
        }
    }
}

impl<'a, K: MacKey> Question<'a, K> {
    /// Whose record is needed.
    #[must_use]
    pub const fn lookup(&self) -> Lookup<'a> {
        self.bound.lookup()
    }

    /// The edge device whose hub speaks for whom is asked for, where an `auth-chain` says so and that hub's own token was
    /// verified: the record must come with the edge devices above it
    /// ([`FoundIdentity::with_ancestors`](hubward_core::FoundIdentity::with_ancestors)), and this one must be among them.
    #[must_use]
    pub const fn actor(&self) -> Option<Segment<'a>> {
        match self.stage {
            Stage::Behind { actor, .. } => Some(actor),
            _ => None,
        }
    }

    /// The SHA-256 thumbprints of the authorities above a certificate that was verified, its issuer first, for lists
    /// that name them ([`Registry::find_issued`](hubward_registry::Registry::find_issued)). None before it was, and
    /// none for a token. With some, the record is the one that was asked for before: only its status can differ.
    #[must_use]
    pub const fn issuers(&self) -> &[Thumbprint] {
        match &self.stage {
            Stage::Issued { held, .. } => held.vouched.issuers(),
            _ => &[],
        }
    }

    /// Judges with the record that was found, at the time `now`.
    ///
    /// The same work is done whether or not there is a record. `Found` must be about whom was asked for.
    ///
    /// # Errors
    /// [`AuthError`] with the reason; whatever it is, nobody is admitted.
    #[inline]
    pub fn answer(self, found: Found<'_, K>, now: UnixTime) -> Result<Admission<'a, K>, AuthError> {
        let Self { bound, stage } = self;
        match stage {
            Stage::Signer(token) => bound.signer(token, &found, now),
            Stage::Standing { token, rights, stamp } => bound.standing(token, rights, stamp, &found, now),
            Stage::Behind { token, actor, stamp } => bound.behind(token, actor, stamp, &found, now),
            Stage::Certificate(chain) => bound.certificate(&chain, &found, now),
            Stage::Issued { held, stamp } => bound.issued(held, stamp, &found, now),
        }
    }
}

impl<'a, K> Bound<'a, K> {
    /// Whose record is needed.
    pub(crate) const fn lookup(&self) -> Lookup<'a> {
        match self.asked {
            Asked::EdgeHub(actor) => edge_hub(actor),
            Asked::Party => self.party.lookup(),
            Asked::Policy(name) => Lookup::Policy(name),
        }
    }

    /// Asks for whom it is about.
    #[inline]
    pub(crate) const fn ask(self, stage: Stage<'a>) -> Admission<'a, K> {
        Admission::Needs(Question { bound: self, stage })
    }

    #[inline]
    pub(crate) fn admit(
        self,
        evidence: Evidence<'a>,
        granted: Permissions,
        reach: Reach<'a>,
        proof: Proof,
        until: u64,
    ) -> Admission<'a, K> {
        let Self { asks, actor, party, .. } = self;
        Admission::Admitted(Admitted { party, actor, granted, reach, evidence, proof, until, asks })
    }
}

pub(crate) const fn enabled(status: Status) -> Result<(), AuthError> {
    match status {
        Status::Enabled => Ok(()),
        Status::Disabled => Err(AuthError::Disabled),
    }
}

impl<K> fmt::Debug for Question<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("lookup", &self.bound.lookup()).finish_non_exhaustive()
    }
}
