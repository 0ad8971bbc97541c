//! SASL: PLAIN authenticates by a token and EXTERNAL by the client certificate; ANONYMOUS and MSSBCBS defer to a token that
//! is put.

use std::sync::{Arc, Mutex, PoisonError};

use fe2o3_amqp::acceptor::SaslAcceptor;
use fe2o3_amqp::acceptor::sasl_acceptor::SaslServerFrame;
use fe2o3_amqp::types::primitives::{Array, Symbol};
use fe2o3_amqp::types::sasl::{SaslCode, SaslInit, SaslOutcome, SaslResponse};
use hubward::policy::Operation;
use hubward::types::{DeviceId, Identity, ModuleId, PolicyName};
use hubward::{AuthError, Credentials, SASL_WITHOUT_IDENTITY, Session};

use crate::hub::Hub;
use crate::peer::Peer;

/// The operation's name in the log.
const OPERATION: &str = "sasl";

/// The acceptor of one connection. The codec clones it and drops the clone when it has sent the outcome; the session
/// stays in the slot that all clones share.
#[derive(Debug, Clone)]
pub(super) struct Acceptor {
    hub: Arc<Hub>,
    peer: Arc<Peer>,
    session: Arc<Mutex<Option<Session>>>,
}

impl Acceptor {
    pub(super) fn new(hub: Arc<Hub>, peer: Arc<Peer>) -> Self {
        Self { hub, peer, session: Arc::default() }
    }

    /// Returns the session, if SASL opened one.
    pub(super) fn take(&self) -> Option<Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Authenticates the peer by SASL, and keeps the session.
    fn open(
        &self,
        claimed: Option<Identity<'_>>,
        credentials: Result<Credentials<'_>, AuthError>,
    ) -> Result<(), AuthError> {
        let operation = Operation::amqp_send(OPERATION);
        let authenticated = self.hub.authenticate(&self.peer, &operation, claimed, credentials)?;
        self.hub.log_authenticated(&self.peer, authenticated.identity(), &operation);
        let session = authenticated.into_session();
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        Ok(())
    }

    fn plain(&self, response: &[u8]) -> Result<(), AuthError> {
        let (username, password) = parts(response).unwrap_or_default();
        let credentials = Credentials::amqp_plain(username, password)
            .map(|credentials| credentials.with_certificates(&self.peer.certificates));
        let result = self.open(claimed(username), credentials);
        if result.is_err() {
            let texts = [username, password];
            self.hub.hints.log(&self.peer, texts, |[username, password]| {
                hubward::explain::amqp_plain(username, password)
            });
        }
        result
    }

    /// Authenticates by the client certificate, as EXTERNAL or without SASL.
    pub(super) fn external(&self, response: &[u8], hostname: Option<&str>) -> Result<(), AuthError> {
        // invalid UTF-8 becomes a text that names no identity
        let response = str::from_utf8(response).unwrap_or("\0");
        self.open(None, Credentials::amqp_external(response, hostname, &self.peer.certificates))
    }
}

impl SaslAcceptor for Acceptor {
    fn mechanisms(&self) -> Array<Symbol> {
        // a peer with a certificate is authenticated by it; a peer without one may put a token later
        let without_token: &[&str] =
            if self.peer.certificates.is_empty() { &SASL_WITHOUT_IDENTITY } else { &["EXTERNAL"] };
        Array(without_token.iter().copied().chain(["PLAIN"]).map(Symbol::from).collect())
    }

    fn on_init(&mut self, init: SaslInit) -> SaslServerFrame {
        let response = init.initial_response.unwrap_or_default();
        let result = match (init.mechanism.as_str(), self.peer.certificates.is_empty()) {
            ("PLAIN", _) => self.plain(&response),
            ("EXTERNAL", false) => self.external(&response, init.hostname.as_deref()),
            (mechanism, true) if SASL_WITHOUT_IDENTITY.contains(&mechanism) => Ok(()),
            _ => Err(AuthError::NoCredential),
        };
        outcome(if result.is_ok() { SaslCode::Ok } else { SaslCode::Auth })
    }

    fn on_response(&mut self, _: SaslResponse) -> SaslServerFrame {
        // none of these mechanisms has a challenge
        outcome(SaslCode::Auth)
    }
}

fn outcome(code: SaslCode) -> SaslServerFrame {
    SaslServerFrame::Outcome(SaslOutcome { code, additional_data: None })
}

/// Returns the username and the password of PLAIN (RFC 4616); the authorization identity is ignored.
fn parts(response: &[u8]) -> Option<(&str, &str)> {
    let mut parts = str::from_utf8(response).ok()?.split('\0');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(username), Some(password), None) => Some((username, password)),
        _ => None,
    }
}

/// Returns the identity that a username names.
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
