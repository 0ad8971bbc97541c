//! SASL: PLAIN's token and EXTERNAL's certificate are judged at once; ANONYMOUS leaves it to a token that is put.

use std::sync::{Arc, Mutex, PoisonError};

use fe2o3_amqp::acceptor::SaslAcceptor;
use fe2o3_amqp::acceptor::sasl_acceptor::SaslServerFrame;
use fe2o3_amqp::types::primitives::{Array, Symbol};
use fe2o3_amqp::types::sasl::{SaslCode, SaslInit, SaslOutcome, SaslResponse};
use hubward::policy::Operation;
use hubward::types::{DeviceId, Identity, ModuleId, PolicyName};
use hubward::{AuthError, Credentials, Session};

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

    /// Whoever was proven.
    pub(super) fn take(&self) -> Option<Session> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Judges a credential that opens a connection, and keeps whom it proves.
    fn open(
        &self,
        claimed: Option<Identity<'_>>,
        presented: Result<Credentials<'_>, AuthError>,
    ) -> Result<(), AuthError> {
        let operation = Operation::amqp_send(OPERATION);
        let admitted = self.hub.prove(&self.peer, &operation, claimed, presented)?;
        self.hub.admitted(&self.peer, admitted.identity(), &operation);
        let session = admitted.into_session();
        *self.proven.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        Ok(())
    }

    fn plain(&self, response: &[u8]) -> Result<(), AuthError> {
        let (username, password) = parts(response).unwrap_or_default();
        let presented = Credentials::amqp_plain(username, password)
            .map(|presented| presented.with_certificates(&self.peer.certificates));
        self.open(claimed(username), presented)
    }

    /// The certificate that the peer showed, with or without SASL's word that it is to count.
    pub(super) fn external(&self, response: &[u8], hostname: Option<&str>) -> Result<(), AuthError> {
        // what is no text becomes one that names nobody
        let response = str::from_utf8(response).unwrap_or("\0");
        self.open(None, Credentials::amqp_external(response, hostname, &self.peer.certificates))
    }
}

impl SaslAcceptor for Acceptor {
    fn mechanisms(&self) -> Array<Symbol> {
        // whoever shows a certificate is judged by it; whoever does not may put a token later
        let other = if self.peer.certificates.is_empty() { "ANONYMOUS" } else { "EXTERNAL" };
        Array([other, "PLAIN"].map(Symbol::from).into())
    }

    fn on_init(&mut self, init: SaslInit) -> SaslServerFrame {
        let response = init.initial_response.unwrap_or_default();
        let proven = match (init.mechanism.as_str(), self.peer.certificates.is_empty()) {
            ("PLAIN", _) => self.plain(&response),
            ("EXTERNAL", false) => self.external(&response, init.hostname.as_deref()),
            ("ANONYMOUS", true) => Ok(()),
            _ => Err(AuthError::NoCredential),
        };
        outcome(if proven.is_ok() { SaslCode::Ok } else { SaslCode::Auth })
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
