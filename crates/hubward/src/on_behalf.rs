//! Admission of a device or a module for whom an edge hub above it speaks: its `auth-chain` says which one, that hub's
//! own token proves it, and the hierarchy of this hub says that it may.

use hubward_core::{Found, Lookup, MacKey, Permissions, Segment, Stamp, UnixTime};
use hubward_sas::{SasToken, VerifiedToken};

use crate::admission::{Admission, Asked, Bound, Named, Question, Stage, enabled};
use crate::admitted::{Proof, Reach};
use crate::auth_chain::edge_hub;
use crate::error::AuthError;
use crate::party::Party;
use crate::presented::{Asks, Beside};
use crate::rules::Rules;

impl<'a, K: MacKey> Bound<'a, K> {
    /// The token must be the edge hub's own: a policy's, or that of whom it speaks for, is another's.
    pub(crate) fn to_edge_hub(
        named: Option<Party<'a>>,
        actor: Segment<'a>,
        asks: Asks<'a>,
        text: &'a str,
        rules: &'a Rules<'a, K>,
    ) -> Result<Question<'a, K>, AuthError> {
        let token = SasToken::parse(text, rules.token())?;
        let speaks = Party::of(&edge_hub(actor)).ok_or(AuthError::AnotherIdentity)?;
        match token.needs() {
            Lookup::Registration(..) => return Err(AuthError::Registration),
            _ if !rules.is_of_this_hub(token.resource()) => return Err(AuthError::AnotherHub),
            Lookup::Module(..) if token.is_for(&speaks.identity(), rules.token()) => {}
            _ => return Err(AuthError::AnotherIdentity),
        }
        let party = named.ok_or(AuthError::AnotherIdentity)?;
        let (beside, asked, named) = (Beside::Actor(actor), Asked::EdgeHub, Named::ByTransport);
        Ok(Self { rules, beside, asks, asked, party, named }.ask(Stage::Signer(token)))
    }

    /// The edge hub is who it says: may it speak for whom it names?
    pub(crate) fn behind(
        self,
        token: VerifiedToken<'a>,
        stamp: Stamp,
        found: &Found<'_, K>,
        now: UnixTime,
    ) -> Result<Admission<'a, K>, AuthError> {
        self.still_good(&token, now)?;
        match found {
            Found::Nobody => Err(AuthError::Unknown),
            Found::Identity(record) if self.party.lookup().is(&record.identity()) => {
                if !self.actor().is_some_and(|actor| record.is_behind(&actor)) {
                    return Err(AuthError::NotBehind);
                }
                enabled(record.status())?;
                let proof = Proof::edge_hub_for(stamp, record.stamp());
                Ok(self.admit_by(token, Permissions::DEVICE_CONNECT, Reach::Own, proof))
            }
            _ => Err(AuthError::WrongAnswer),
        }
    }
}
