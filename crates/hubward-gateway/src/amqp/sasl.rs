//! SASL: PLAIN is judged at once; EXTERNAL and ANONYMOUS prove nothing, and leave it to what comes after them.

use std::sync::{Arc, Mutex, PoisonError};

use fe2o3_amqp::acceptor::SaslAcceptor;
use fe2o3_amqp::acceptor::sasl_acceptor::SaslServerFrame;
use fe2o3_amqp::types::primitives::{Array, Symbol};
use fe2o3_amqp::types::sasl::{SaslCode, SaslInit, SaslOutcome, SaslResponse};
use hubward::core::{DeviceId, Identity, ModuleId, PolicyName};
use hubward::policy::Operation;
use hubward::{AuthError, Presented, Session};

use crate::hub::Hub;
use crate::peer::Peer;

/// What the log calls it.
const OPERATION: &str = "sasl";

/// The acceptor of one connection. The codec clones it and is done with the clone when it has sent the outcome; what
/// was proven stays in the slot that all clones share.
#[derive(Debug, Clone)]
pub(super) struct Acceptor {
    hub: Arc<Hub>,
    peer: Arc<Peer>,
    proven: Arc<Mutex<Option<Session>>>,
}

impl Acceptor {
    pub(super) fn new(hub: Arc<Hub>, peer: Arc<Peer>) -> Self {
        Self { hub, peer, proven: Arc::default() }
    }

    /// Whom PLAIN has proven.
    pub(super) fn take(&self) -> Option<Session> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn plain(&self, response: &[u8]) -> Result<Session, AuthError> {
        let operation = Operation::amqp_send(OPERATION);
        let (username, password) = parts(response).unwrap_or_default();
        let presented = if self.peer.certificates.is_empty() {
            Presented::amqp_plain(username, password)
        } else {
            Err(AuthError::BothCredentials)
        };
        let admitted = self.hub.prove(&self.peer, &operation, claimed(username), presented)?;
        self.hub.admitted(&self.peer, admitted.identity(), &operation);
        Ok(admitted.into_session())
    }
}

impl SaslAcceptor for Acceptor {
    fn mechanisms(&self) -> Array<Symbol> {
        // EXTERNAL says that a certificate counts, so it takes one
        let external = (!self.peer.certificates.is_empty()).then_some("EXTERNAL");
        Array(external.into_iter().chain(["PLAIN", "ANONYMOUS"]).map(Symbol::from).collect())
    }

    fn on_init(&mut self, init: SaslInit) -> SaslServerFrame {
        let response = init.initial_response.unwrap_or_default();
        let code = match init.mechanism.as_str() {
            "PLAIN" => match self.plain(&response) {
                Ok(session) => {
                    *self.proven.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
                    SaslCode::Ok
                }
                Err(_) => SaslCode::Auth,
            },
            "EXTERNAL" if !self.peer.certificates.is_empty() => SaslCode::Ok,
            "ANONYMOUS" => SaslCode::Ok,
            _ => SaslCode::Auth,
        };
        outcome(code)
    }

    fn on_response(&mut self, _: SaslResponse) -> SaslServerFrame {
        // no mechanism of these has a challenge
        outcome(SaslCode::Auth)
    }
}

fn outcome(code: SaslCode) -> SaslServerFrame {
    SaslServerFrame::Outcome(SaslOutcome { code, additional_data: None })
}

/// The username and the password of PLAIN (RFC 4616), whoever it is to be acted for.
fn parts(response: &[u8]) -> Option<(&str, &str)> {
    let mut parts = str::from_utf8(response).ok()?.split('\0');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(username), Some(password), None) => Some((username, password)),
        _ => None,
    }
}

/// Whom a username names.
fn claimed(username: &str) -> Option<Identity<'_>> {
    let (who, hub) = username.rsplit_once("@sas.")?;
    if hub.starts_with("root.") {
        return PolicyName::parse(who).ok().map(Identity::Policy);
    }
    match who.split_once("/modules/") {
        None => DeviceId::parse(who).ok().map(Identity::Device),
        Some((device, module)) => {
            Some(Identity::Module(DeviceId::parse(device).ok()?, ModuleId::parse(module).ok()?))
        }
    }
}
