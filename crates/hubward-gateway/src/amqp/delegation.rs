//! Nested edge: a link with an `auth-chain`, on which an edge hub acts on behalf of an identity below its device.

use std::borrow::Cow;

use fe2o3_amqp::types::performatives::Attach;
use fe2o3_amqp::types::primitives::{Symbol, Value};
use hubward::policy::Operation;
use hubward::{AUTH_CHAIN_PROPERTY, AuthChain, AuthError, Cbs, StoreOr};

use crate::clock;
use crate::decision_log::{ADMISSION, Who};
use crate::hub::Hub;
use crate::peer::Peer;

/// Returns the `auth-chain` of a link. One that is not a text is empty, and refused as empty.
pub(super) fn chain(attach: &Attach) -> Option<Cow<'static, str>> {
    match attach.properties.as_ref()?.get(&Symbol::from(AUTH_CHAIN_PROPERTY))? {
        Value::String(text) => Some(text.clone().into()),
        Value::Symbol(text) => Some(text.0.clone().into()),
        _ => Some("".into()),
    }
}

impl Hub {
    /// Lets an edge hub, whose token is on the connection, act on behalf of the identity of an `auth-chain`. Returns
    /// whether it may. A refusal is logged.
    pub(super) fn delegate(
        &self,
        peer: &Peer,
        cbs: &mut Cbs,
        chain: &str,
        requested: &Operation<'_>,
    ) -> bool {
        let result = match AuthChain::parse(chain) {
            // a device that acts for itself needs no edge hub
            Ok(chain) if chain.actor().is_none() => return true,
            Ok(chain) => {
                let records = self.records_for(peer);
                self.config().delegate(cbs, &chain, &records, clock::now).map_err(|error| match error {
                    StoreOr::Refused(error) => error,
                    StoreOr::Store(never) => match never {},
                })
            }
            Err(error) => Err(AuthError::AuthChain(error)),
        };
        if let Err(error) = &result {
            let reason = format_args!("{error}");
            self.log_refusal(peer, Who::Unknown, requested, ADMISSION, error.code(), reason);
        }
        result.is_ok()
    }
}
