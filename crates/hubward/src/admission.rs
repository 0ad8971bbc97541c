//! From what was presented to somebody admitted, one question at a time.

use core::fmt;

use hubward_core::{Found, Lookup, MacKey, Permissions, Segment, Stamp, Status, Thumbprint, UnixTime};
use hubward_sas::{SasToken, VerifiedToken};

use crate::admitted::{Admitted, Evidence, Proof, Reach};
use crate::aside::Aside;
use crate::auth_chain::edge_hub;
use crate::error::{AuthError, refused};
use crate::party::{Apart, Party};
use crate::presented::{Asks, Beside, Presented};
use crate::rules::{Rules, Speaking, speaking};

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
    pub(crate) beside: Beside<'a>,
    pub(crate) asks: Asks<'a>,
    pub(crate) asked: Asked,
    /// The transport's identity, or the token's where the transport names none.
    pub(crate) party: Party<'a>,
    pub(crate) named: Named,
}

/// What names the party. A whole word, as [`Asked`] is: a byte would take apart the words of what shares its place.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Named {
    ByTransport,
    ByToken,
}

/// Whose record is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Asked {
    /// That of the hub of the edge device that speaks for the party.
    EdgeHub,
    /// The party's own.
    Party,
    /// That of the policy that the token names.
    Policy,
}

/// What is asked, and what was shown before.
#[derive(Clone, Copy)]
pub(crate) enum Stage<'a> {
    /// Whose key made the signature?
    Signer(SasToken<'a>),
    /// A policy's key did: does the identity exist, and may it connect?
    Standing { token: VerifiedToken<'a>, rights: Permissions, stamp: Stamp },
    /// An edge hub's key did: does the identity exist, and is it below that edge hub?
    Behind { token: VerifiedToken<'a>, stamp: Stamp },
    /// What is the certificate to be judged by?
    Certificate,
    /// Authorities vouched for it: may the identity connect with these above it?
    Issued { until: u64, stamp: Stamp },
}

impl<'a> Presented<'a> {
    /// Binds every name that was presented to one identity, and asks for the record that its proof needs.
    ///
    /// # Errors
    /// [`AuthError`] where the credential is malformed, is for another hub, or is for another identity than the
    /// transport names.
    #[inline(always)]
    pub fn start<K: MacKey>(self, rules: &'a Rules<'a, K>) -> Result<Question<'a, K>, AuthError> {
        let Self { token, certificates, hub, named, beside, asks } = self;
        if hub.is_some_and(|hub| !hub.is_of(rules)) {
            return Err(refused(AuthError::AnotherHub));
        }
        match (token, certificates, beside, named) {
            (Some(token), [], Beside::Nothing, Some(party)) => Bound::to_token(party, asks, token.0, rules),
            (.., named) => {
                let presented = Self { token, certificates, hub, named, beside, asks };
                presented.start_otherwise(rules).map(Aside::take).map_err(refused)
            }
        }
    }

    /// Without a token of somebody named, or with more than that.
    #[cold]
    #[inline(never)]
    fn start_otherwise<K: MacKey>(
        self,
        rules: &'a Rules<'a, K>,
    ) -> Result<Aside<Question<'a, K>>, AuthError> {
        let question = match speaking(self.token, self.certificates, rules.both_credentials())? {
            Speaking::Token(text) => match (self.beside, self.named) {
                (Beside::Actor(actor), named) => Bound::to_edge_hub(named, actor, self.asks, text, rules)?,
                (_, Some(party)) => Bound::to_token(party, self.asks, text, rules)?,
                (beside, None) => Bound::to_announced(beside, self.asks, text, rules)?,
            },
            Speaking::Certificates(_) if matches!(self.beside, Beside::Actor(_)) => {
                return Err(AuthError::ChainByCertificate);
            }
            Speaking::Certificates(peer) => Bound::to_certificate(self.named, self.asks, peer, rules)?,
        };
        Ok(Aside::new(question))
    }
}

impl<'a, K> Question<'a, K> {
    /// Whose record is needed.
    #[must_use]
    #[inline]
    pub const fn lookup(&self) -> Lookup<'a> {
        match (self.bound.asked, &self.bound.beside, &self.stage) {
            (Asked::EdgeHub, Beside::Actor(actor), _) => edge_hub(*actor),
            (Asked::Policy, _, Stage::Signer(token)) => match token.policy() {
                Some(name) => Lookup::Policy(name),
                None => self.bound.party.lookup(),
            },
            _ => self.bound.party.lookup(),
        }
    }

    /// The edge device whose hub speaks for whom is asked for, where an `auth-chain` says so and that hub's own token was
    /// verified: the record must come with the edge devices above it
    /// ([`FoundIdentity::with_ancestors`](hubward_core::FoundIdentity::with_ancestors)), and this one must be among them.
    #[must_use]
    pub const fn actor(&self) -> Option<Segment<'a>> {
        match self.stage {
            Stage::Behind { .. } => self.bound.actor(),
            _ => None,
        }
    }

    /// The SHA-256 thumbprints of the authorities above a certificate that was verified, its issuer first, for lists
    /// that name them ([`Registry::find_issued`](hubward_registry::Registry::find_issued)). None before it was, and
    /// none for a token. With some, the record is the one that was asked for before: only its status can differ.
    #[must_use]
    pub const fn issuers(&self) -> &[Thumbprint] {
        match self.bound.party.apart() {
            Some(Apart { vouched: Some(vouched), .. }) => vouched.issuers(),
            _ => &[],
        }
    }
}

impl<'a, K: MacKey> Question<'a, K> {
    /// Judges with the record that was found, at the time `now`.
    ///
    /// The same work is done whether or not there is a record. `Found` must be about whom was asked for.
    ///
    /// # Errors
    /// [`AuthError`] with the reason; whatever it is, nobody is admitted.
    #[inline(always)]
    pub fn answer(self, found: Found<'_, K>, now: UnixTime) -> Result<Admission<'a, K>, AuthError> {
        let Self { bound, stage } = self;
        if let (Stage::Signer(token), Found::Identity(record)) = (stage, &found) {
            return bound.by_identity(token, record, now);
        }
        Aside::new(Self { bound, stage }).answer(&found, now).map(Aside::take).map_err(refused)
    }
}

impl<'a, K: MacKey> Aside<Question<'a, K>> {
    /// All but the answer with an identity's record to whose key signed a token.
    #[cold]
    #[inline(never)]
    fn answer(self, found: &Found<'_, K>, now: UnixTime) -> Result<Aside<Admission<'a, K>>, AuthError> {
        let Question { bound, stage } = self.take();
        let admission = match stage {
            Stage::Signer(token) => bound.signer(token, found, now),
            Stage::Standing { token, rights, stamp } => bound.standing(token, rights, stamp, found, now),
            Stage::Behind { token, stamp } => bound.behind(token, stamp, found, now),
            Stage::Certificate => bound.certificate(found, now),
            Stage::Issued { until, stamp } => bound.issued(until, stamp, found, now),
        };
        admission.map(Aside::new)
    }
}

impl<'a, K> Bound<'a, K> {
    /// The edge device whose hub speaks for the party.
    #[inline(always)]
    pub(crate) const fn actor(&self) -> Option<Segment<'a>> {
        match self.beside {
            Beside::Actor(actor) => Some(actor),
            _ => None,
        }
    }

    /// Asks for whom it is about.
    #[inline(always)]
    pub(crate) const fn ask(self, stage: Stage<'a>) -> Question<'a, K> {
        Question { bound: self, stage }
    }

    #[inline(always)]
    pub(crate) fn admit(
        self,
        evidence: Evidence<'a>,
        granted: Permissions,
        reach: Reach<'a>,
        proof: Proof,
        until: u64,
    ) -> Admission<'a, K> {
        let actor = self.actor();
        let Self { asks, party, .. } = self;
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
        f.debug_struct("Question").field("lookup", &self.lookup()).finish_non_exhaustive()
    }
}
