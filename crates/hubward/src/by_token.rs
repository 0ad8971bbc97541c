//! Admission by a token: its names against the transport's, whose key signed it, and what that key gives.

use core::hint::black_box;

use hubward_core::{
    Credential, Found, FoundIdentity, FoundPolicy, Identity, Lookup, MacKey, Permissions, ResourcePath,
    Shape, Stamp, UnixTime,
};
use hubward_sas::{SasToken, SknAsDeviceId, TokenRules, VerifiedToken, VerifyError};

use crate::admission::{Admission, Asked, Bound, Named, Question, Stage, enabled};
use crate::admitted::{Evidence, Proof, Reach};
use crate::auth_chain::edge_hub;
use crate::error::{AuthError, refused};
use crate::party::Party;
use crate::presented::{Asks, Beside};
use crate::rules::Rules;

/// Whether the token is what the transport announces: signed by the policy that it names, and for no less than the
/// audience that it is put for.
fn agrees(beside: &Beside<'_>, token: &SasToken<'_>, needs: &Lookup<'_>) -> bool {
    match beside {
        Beside::Policy(name) => needs.is(&Identity::Policy(*name)),
        Beside::Audience(audience) => matches!(needs, Lookup::Policy(_)) && token.resource().covers(audience),
        Beside::Nothing | Beside::Actor(_) => true,
    }
}

/// Whether a policy's token for `resource` reaches `identity`, by whole names.
fn covers(resource: ResourcePath<'_>, identity: Identity<'_>) -> bool {
    match (resource.shape(), identity) {
        (Shape::Hub | Shape::AllDevices, Identity::Device(_) | Identity::Module(..)) => true,
        (Shape::Device(id), Identity::Module(device, _)) => id.eq_decoded(device.as_str()),
        _ => false,
    }
}

/// A token for this hub, and whose key it needs.
#[inline(always)]
fn read<'a, K: MacKey>(text: &'a str, rules: &Rules<'_, K>) -> Result<(SasToken<'a>, Asked), AuthError> {
    let token = SasToken::parse(text, rules.token()).map_err(refused)?;
    let resource = token.resource();
    if resource.is_registration() {
        return Err(refused(AuthError::Registration));
    }
    if !rules.is_of_this_hub(resource) {
        return Err(refused(AuthError::AnotherHub));
    }
    let asked = if token.policy().is_some() { Asked::Policy } else { Asked::Party };
    Ok((token, asked))
}

impl<'a, K: MacKey> Bound<'a, K> {
    /// A token of whom the transport names. Its own key is asked for by that name, never by one decoded twice.
    #[inline(always)]
    pub(crate) fn to_token(
        party: Party<'a>,
        asks: Asks<'a>,
        text: &'a str,
        rules: &'a Rules<'a, K>,
    ) -> Result<Question<'a, K>, AuthError> {
        let (token, asked) = read(text, rules).map_err(refused)?;
        let covered = asked == Asked::Policy && covers(token.resource(), party.identity());
        if !covered && !token.is_for(&party.identity(), rules.token()) {
            return Err(refused(AuthError::AnotherIdentity));
        }
        let (beside, named) = (Beside::Nothing, Named::ByTransport);
        Ok(Self { rules, beside, asks, asked, party, named }.ask(Stage::Signer(token)))
    }

    /// A token where the transport names nobody: the party is the token's.
    pub(crate) fn to_announced(
        beside: Beside<'a>,
        asks: Asks<'a>,
        text: &'a str,
        rules: &'a Rules<'a, K>,
    ) -> Result<Question<'a, K>, AuthError> {
        let (token, asked) = read(text, rules)?;
        let needs = token.needs();
        if !agrees(&beside, &token, &needs) {
            return Err(AuthError::AnotherIdentity);
        }
        let party = Party::of(&needs).ok_or(AuthError::AnotherIdentity)?;
        Ok(Self { rules, beside, asks, asked, party, named: Named::ByToken }.ask(Stage::Signer(token)))
    }

    /// The answer to whose key signed a token.
    pub(crate) fn signer(
        self,
        token: SasToken<'a>,
        found: &Found<'_, K>,
        now: UnixTime,
    ) -> Result<Admission<'a, K>, AuthError> {
        match found {
            Found::Identity(record) => self.by_identity(token, record, now),
            Found::Policy(policy) => self.by_policy(token, policy, now),
            Found::Nobody if self.is_device_id_as_policy(&token) => {
                let again = Self { asked: Asked::Party, ..self };
                Ok(Admission::Needs(again.ask(Stage::Signer(token))))
            }
            Found::Nobody => Err(Self::refuse(self.rules, token, AuthError::Unknown, now)),
            _ => Err(Self::refuse(self.rules, token, AuthError::WrongAnswer, now)),
        }
    }

    /// The work is done, and whatever comes of it is a refusal.
    #[cold]
    #[inline(never)]
    fn refuse(rules: &Rules<'_, K>, token: SasToken<'a>, refusal: AuthError, now: UnixTime) -> AuthError {
        let _ = black_box(token.verify(rules.decoys(), now, rules.token()));
        refusal
    }

    /// Its own key signed, or that of the edge hub that speaks for it.
    #[inline(always)]
    pub(crate) fn by_identity(
        self,
        token: SasToken<'a>,
        record: &FoundIdentity<'_, K>,
        now: UnixTime,
    ) -> Result<Admission<'a, K>, AuthError> {
        let asked_for = match (self.asked, self.actor()) {
            (Asked::Party, _) => self.party.identity() == record.identity(),
            (Asked::EdgeHub, Some(actor)) => edge_hub(actor).is(&record.identity()),
            _ => false,
        };
        if !asked_for {
            return Err(Self::refuse(self.rules, token, AuthError::WrongAnswer, now));
        }
        let Credential::Keys(keys) = record.credential() else {
            return Err(Self::refuse(self.rules, token, AuthError::NotByToken, now));
        };
        let token =
            token.verify(keys.padded(self.rules.decoy()), now, self.rules.token()).map_err(refused)?;
        enabled(record.status()).map_err(refused)?;
        let stamp = record.stamp_of(token.key_slot());
        if matches!(self.beside, Beside::Actor(_)) {
            let behind = Self { asked: Asked::Party, ..self }.ask(Stage::Behind { token, stamp });
            return Ok(Admission::Needs(behind));
        }
        Ok(self.admit_by(token, Permissions::DEVICE_CONNECT, Reach::Own, Proof::identity(stamp)))
    }

    /// A policy's key signed.
    fn by_policy(
        self,
        token: SasToken<'a>,
        policy: &FoundPolicy<'_, K>,
        now: UnixTime,
    ) -> Result<Admission<'a, K>, AuthError> {
        let asked = self.asked == Asked::Policy;
        if !asked || !token.policy().is_some_and(|name| name.eq_decoded(policy.name().as_str())) {
            return Err(Self::refuse(self.rules, token, AuthError::WrongAnswer, now));
        }
        let parsed = token;
        let token = token.verify(policy.keys().padded(self.rules.decoy()), now, self.rules.token())?;
        let (rights, stamp) = (policy.rights(), policy.stamp());
        match self.named {
            // it connects no device, whoever that would be: nobody's record is asked for
            Named::ByTransport if !rights.contains(Permissions::DEVICE_CONNECT) => {
                let party = Party::of(&parsed.needs()).ok_or(AuthError::WrongAnswer)?;
                let reach = Reach::Resource(token.resource());
                Ok(Self { party, ..self }.admit_by(token, rights, reach, Proof::policy(stamp)))
            }
            Named::ByTransport => {
                // a policy's key is everybody's: here a leniency would move a right to another identity
                let identity = self.party.identity();
                if !token.is_for(&identity, &TokenRules::STRICT) && !covers(token.resource(), identity) {
                    return Err(AuthError::AnotherIdentity);
                }
                let stage = Stage::Standing { token, rights, stamp };
                Ok(Admission::Needs(Self { asked: Asked::Party, ..self }.ask(stage)))
            }
            Named::ByToken => {
                // to speak for a device, its name must be presented: the device is asked for then
                let granted = rights.difference(Permissions::DEVICE_CONNECT);
                let resource = match self.beside {
                    Beside::Audience(audience) => audience,
                    _ => token.resource(),
                };
                Ok(self.admit_by(token, granted, Reach::Resource(resource), Proof::policy(stamp)))
            }
        }
    }

    /// Some devices send their own id as `skn`, over their own key. By a rule, where no policy has that name and the
    /// transport names that device, its key is asked for instead. The resource is the device's own.
    fn is_device_id_as_policy(&self, token: &SasToken<'a>) -> bool {
        let rules = self.rules.token();
        match (token.policy(), self.party.identity()) {
            // a device only where the transport names it: else the party is the policy
            (Some(name), identity @ Identity::Device(id))
                if self.asked == Asked::Policy
                    && rules.skn_as_device_id == SknAsDeviceId::WhereIdentityIsKnown =>
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
            Found::Identity(record) if self.party.lookup().is(&record.identity()) => {
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

    #[inline(always)]
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
