//! Admission by a token: its names against the transport's, whose key signed it, and what that key gives.

use core::hint::black_box;

use hubward_core::{
    Credential, Found, Identity, Lookup, MacKey, Permissions, PolicyName, ResourcePath, Shape, Stamp,
    UnixTime,
};
use hubward_sas::{SasToken, SknAsDeviceId, TokenRules, VerifiedToken, VerifyError};

use crate::admission::{Admission, Asked, Bound, Stage, enabled};
use crate::admitted::{Evidence, Proof, Reach};
use crate::error::AuthError;
use crate::party::Party;
use crate::presented::Presented;
use crate::rules::Rules;

/// Whether the token is what the transport announces: signed by the policy that it names, and for no less than the
/// audience that it is put for.
fn agrees(
    policy: Option<PolicyName<'_>>,
    audience: Option<ResourcePath<'_>>,
    token: &SasToken<'_>,
    needs: &Lookup<'_>,
) -> bool {
    policy.is_none_or(|name| needs.is(&Identity::Policy(name)))
        && audience
            .is_none_or(|audience| matches!(needs, Lookup::Policy(_)) && token.resource().covers(&audience))
}

/// Whether a policy's token reaches `identity`, by whole names.
fn covers(token: &SasToken<'_>, identity: &Identity<'_>) -> bool {
    match (token.resource().shape(), identity) {
        (Shape::Hub | Shape::AllDevices, Identity::Device(_) | Identity::Module(..)) => true,
        (Shape::Device(id), Identity::Module(device, _)) => id.eq_decoded(device.as_str()),
        _ => false,
    }
}

impl<'a, K: MacKey> Bound<'a, K> {
    #[inline]
    pub(crate) fn to_token(
        presented: Presented<'a>,
        text: &'a str,
        rules: &'a Rules<'a, K>,
    ) -> Result<Admission<'a, K>, AuthError> {
        let token = SasToken::parse(text, rules.token())?;
        let needs = match token.needs() {
            Lookup::Registration(..) => return Err(AuthError::Registration),
            _ if !rules.is_of_this_hub(&token.resource()) => return Err(AuthError::AnotherHub),
            lookup => lookup,
        };
        let asked = match needs {
            Lookup::Policy(name) => Asked::Policy(name),
            _ => Asked::Party,
        };
        let Presented { actor, policy, audience, asks, .. } = presented;
        // an identity's own key is asked for by the name that the transport gave, never by one decoded twice
        let (named, party) = match presented.named {
            Some(party) => {
                let identity = party.identity();
                let covered = matches!(asked, Asked::Policy(_)) && covers(&token, &identity);
                if !covered && !token.is_for(&identity, rules.token()) {
                    return Err(AuthError::AnotherIdentity);
                }
                (true, party)
            }
            None if agrees(policy, audience, &token, &needs) => {
                (false, Party::of(&needs).ok_or(AuthError::AnotherIdentity)?)
            }
            None => return Err(AuthError::AnotherIdentity),
        };
        let bound = Self { rules, actor, audience, asks, asked, party, named };
        Ok(bound.ask(Stage::Signer(token)))
    }

    #[inline]
    pub(crate) fn signer(
        self,
        token: SasToken<'a>,
        found: &Found<'_, K>,
        now: UnixTime,
    ) -> Result<Admission<'a, K>, AuthError> {
        if matches!(found, Found::Nobody) && self.is_device_id_as_policy(&token) {
            return Ok(Self { asked: Asked::Party, ..self }.ask(Stage::Signer(token)));
        }
        let decoys = Err(self.rules.decoys());
        let (keys, refusal) = match found {
            Found::Nobody => (decoys, AuthError::Unknown),
            Found::Identity(record)
                if !matches!(self.asked, Asked::Policy(_)) && self.lookup().is(&record.identity()) =>
            {
                match record.credential() {
                    Credential::Keys(keys) => (Ok(keys.padded(self.rules.decoy())), AuthError::Unknown),
                    _ => (decoys, AuthError::NotByToken),
                }
            }
            Found::Policy(policy) if self.lookup().is(&Identity::Policy(policy.name())) => {
                (Ok(policy.keys().padded(self.rules.decoy())), AuthError::Unknown)
            }
            _ => (decoys, AuthError::WrongAnswer),
        };
        let parsed = token;
        let token = match keys {
            Ok(keys) => token.verify(keys, now, self.rules.token())?,
            Err(decoys) => {
                // the work is done, and whatever comes of it is a refusal
                let _ = black_box(token.verify(decoys, now, self.rules.token()));
                return Err(refusal);
            }
        };
        match found {
            Found::Policy(policy) => {
                let (rights, stamp) = (policy.rights(), policy.stamp());
                match self.named {
                    // it connects no device, whoever that would be: nobody's record is asked for
                    true if !rights.contains(Permissions::DEVICE_CONNECT) => {
                        let party = Party::of(&self.lookup()).ok_or(AuthError::WrongAnswer)?;
                        let reach = Reach::Resource(token.resource());
                        Ok(Self { party, ..self }.admit_by(token, rights, reach, Proof::policy(stamp)))
                    }
                    true => {
                        // a policy's key is everybody's: here a leniency would move a right to another identity
                        let identity = self.party.identity();
                        if !token.is_for(&identity, &TokenRules::STRICT) && !covers(&parsed, &identity) {
                            return Err(AuthError::AnotherIdentity);
                        }
                        let stage = Stage::Standing { token, rights, stamp };
                        Ok(Self { asked: Asked::Party, ..self }.ask(stage))
                    }
                    false => {
                        // to speak for a device, its name must be presented: the device is asked for then
                        let granted = rights.difference(Permissions::DEVICE_CONNECT);
                        let reach = Reach::Resource(self.audience.unwrap_or(token.resource()));
                        Ok(self.admit_by(token, granted, reach, Proof::policy(stamp)))
                    }
                }
            }
            Found::Identity(record) => {
                enabled(record.status())?;
                let stamp = record.stamp_of(token.key_slot());
                let proof = Proof::identity(stamp);
                if let Some(actor) = self.actor {
                    let behind = Stage::Behind { token, actor, stamp };
                    return Ok(Self { asked: Asked::Party, ..self }.ask(behind));
                }
                Ok(self.admit_by(token, Permissions::DEVICE_CONNECT, Reach::Own, proof))
            }
            _ => Err(AuthError::WrongAnswer),
        }
    }

    /// Some devices send their own id as `skn`, over their own key. By a rule, where no policy has that name and the
    /// transport names that device, its key is asked for instead. The resource is the device's own.
    fn is_device_id_as_policy(&self, token: &SasToken<'a>) -> bool {
        let rules = self.rules.token();
        match (self.asked, self.party.identity()) {
            (Asked::Policy(name), identity @ Identity::Device(id))
                if self.named && rules.skn_as_device_id == SknAsDeviceId::WhereIdentityIsKnown =>
            {
                name.eq_decoded(id.as_str()) && token.is_for(&identity, rules)
            }
            _ => false,
        }
    }

    pub(crate) fn standing(
        self,
        token: VerifiedToken<'a>,
        rights: Permissions,
        stamp: Stamp,
        found: &Found<'_, K>,
        now: UnixTime,
    ) -> Result<Admission<'a, K>, AuthError> {
        self.still_good(&token, now)?;
        match found {
            Found::Nobody => Err(AuthError::Unknown),
            Found::Identity(record) if self.lookup().is(&record.identity()) => {
                enabled(record.status())?;
                let granted = rights.intersection(Permissions::DEVICE_CONNECT);
                let proof = Proof::policy_for(stamp, record.stamp());
                // its own endpoints, and of these only what the policy's token is for
                Ok(self.admit_by(token, granted, Reach::Resource(token.resource()), proof))
            }
            _ => Err(AuthError::WrongAnswer),
        }
    }

    /// Whether a token that was verified before still counts.
    pub(crate) fn still_good(&self, token: &VerifiedToken<'_>, now: UnixTime) -> Result<(), AuthError> {
        let (expiry, leeway) = (token.expires().as_secs(), self.rules.token().leeway);
        if expiry.saturating_add(leeway) < now.as_secs() {
            return Err(AuthError::Verify(VerifyError::Expired { expiry, now: now.as_secs(), leeway }));
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn admit_by(
        self,
        token: VerifiedToken<'a>,
        granted: Permissions,
        reach: Reach<'a>,
        proof: Proof,
    ) -> Admission<'a, K> {
        let until = token.expires().as_secs().saturating_add(self.rules.token().leeway);
        let evidence = Evidence::Token { policy: token.policy(), slot: token.key_slot() };
        self.admit(evidence, granted, reach, proof, until)
    }
}
