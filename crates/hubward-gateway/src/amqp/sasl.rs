//! SASL (AMQP 1.0, 5.3), before the codec has the connection: PLAIN authenticates by a token and EXTERNAL by the client
//! certificate; ANONYMOUS and MSSBCBS defer to a token that is put.
//!
//! The codec's own exchange cannot wait, and a registration is verified on another thread. So the exchange is here, frame
//! by frame through the [`Guard`].

use std::sync::Arc;

use fe2o3_amqp::frames::sasl::{Frame, FrameCodec};
use fe2o3_amqp::types::primitives::{Array, Symbol};
use fe2o3_amqp::types::sasl::{SaslCode, SaslInit, SaslMechanisms, SaslOutcome};
use hubward::policy::Operation;
use hubward::types::{DeviceId, Identity, ModuleId, PolicyName};
use hubward::{AuthError, Credentials, SASL_WITHOUT_IDENTITY, Session};
use tokio::io::AsyncWriteExt;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};

use super::guard::Guard;
use super::registration::{self, Registering};
use super::{End, SASL, sasl_tpm};
use crate::clock;
use crate::decision_log::{ADMISSION, Who};
use crate::hub::Hub;
use crate::peer::Peer;
use crate::provisioning::Refused;
use crate::stream::Stream;

/// The operation's name in the log.
pub(super) const OPERATION: &str = "sasl";

/// The result of SASL.
#[derive(Debug)]
pub(super) enum Entry {
    /// An identity of the hub.
    Session(Session),
    /// A device that registers.
    Registering(Registering),
    /// No identity yet: the peer may put a token.
    Deferred,
    /// No identity of the hub, for this reason. The certificate may be of a device that registers: a link says so.
    Certificate(AuthError),
}

/// Runs SASL after its header. A refusal was logged.
pub(super) async fn negotiate(
    hub: &Hub,
    peer: &Arc<Peer>,
    stream: &mut Stream,
    guard: &mut Guard,
) -> Result<Entry, End> {
    stream.write_all(&SASL).await.map_err(|_| End::Gone)?;
    let mut frames = Frames { stream, guard };
    let sasl_server_mechanisms = mechanisms(hub, peer);
    frames.send(Frame::Mechanisms(SaslMechanisms { sasl_server_mechanisms })).await?;
    let Frame::Init(init) = frames.next().await? else { return Err(End::Malformed) };
    let entry = Exchange { hub, peer }.entry(init, &mut frames).await?;
    let code = match &entry {
        Ok(_) => SaslCode::Ok,
        Err(code) => {
            hub.slow(peer).await;
            code.clone()
        }
    };
    frames.send(Frame::Outcome(SaslOutcome { code, additional_data: None })).await?;
    entry.map_err(|_| End::Refused)
}

/// Authenticates a client that does without SASL: by its certificate, as in EXTERNAL, or by a token that it puts later.
pub(super) async fn without(hub: &Hub, peer: &Arc<Peer>) -> Result<Entry, End> {
    if peer.certificates.is_empty() {
        return Ok(Entry::Deferred);
    }
    match (Exchange { hub, peer }).external(&[], None) {
        Ok(entry) => Ok(entry),
        Err(_) => {
            hub.slow(peer).await;
            Err(End::Refused)
        }
    }
}

/// Returns the mechanisms for a peer: one with a certificate is authenticated by it; one without may put a token later.
fn mechanisms(hub: &Hub, peer: &Peer) -> Array<Symbol> {
    let without_token: &[&str] =
        if peer.certificates.is_empty() { &SASL_WITHOUT_IDENTITY } else { &["EXTERNAL"] };
    let tpm = hub.provisioning.as_ref().is_some_and(|service| service.has_tpm()).then_some("TPM");
    Array(without_token.iter().copied().chain(["PLAIN"]).chain(tpm).map(Symbol::from).collect())
}

/// The frames of SASL.
pub(super) struct Frames<'f> {
    stream: &'f mut Stream,
    guard: &'f mut Guard,
}

impl Frames<'_> {
    pub(super) async fn next(&mut self) -> Result<Frame, End> {
        let mut frame = Vec::new();
        let read = self.guard.next(self.stream, &mut frame).await;
        read.map_err(|_| End::Malformed)?.ok_or(End::Gone)?;
        // the codec reads a frame from behind its size
        let decoded = frame.get(4..).map(|frame| FrameCodec {}.decode(&mut BytesMut::from(frame)));
        decoded.and_then(Result::ok).flatten().ok_or(End::Malformed)
    }

    pub(super) async fn send(&mut self, frame: Frame) -> Result<(), End> {
        let mut body = BytesMut::new();
        FrameCodec {}.encode(frame, &mut body).map_err(|_| End::Malformed)?;
        let size = u32::try_from(body.len()).ok().and_then(|size| size.checked_add(4));
        let size = size.ok_or(End::Malformed)?.to_be_bytes();
        self.stream.write_all(&[&size[..], &body].concat()).await.map_err(|_| End::Gone)?;
        self.stream.flush().await.map_err(|_| End::Gone)
    }
}

/// The exchange with one peer.
struct Exchange<'e> {
    hub: &'e Hub,
    peer: &'e Arc<Peer>,
}

impl Exchange<'_> {
    /// The outer error is a broken exchange.
    async fn entry(&self, init: SaslInit, frames: &mut Frames<'_>) -> Result<Result<Entry, SaslCode>, End> {
        let response = init.initial_response.unwrap_or_default();
        let registering = |device: Result<Registering, Refused>| {
            device.map(Entry::Registering).map_err(|refused| registration::sasl_code(&refused))
        };
        let entry = match (init.mechanism.as_str(), self.peer.certificates.is_empty()) {
            ("PLAIN", _) => {
                let (username, password) = parts(&response).unwrap_or_default();
                match &self.hub.provisioning {
                    Some(service) if registration::is_address(username) => {
                        let device = registration::plain(self.hub, service, self.peer, username, password);
                        return Ok(registering(device.await));
                    }
                    _ => self.plain(username, password),
                }
            }
            ("TPM", _) => match self.hub.provisioning.as_ref().filter(|service| service.has_tpm()) {
                Some(service) => {
                    let device = sasl_tpm::run(self.hub, service, self.peer, &response, frames);
                    return Ok(registering(Box::pin(device).await?));
                }
                None => Err(AuthError::NoCredential),
            },
            ("EXTERNAL", false) => self.external(&response, init.hostname.as_deref()),
            (mechanism, true) if SASL_WITHOUT_IDENTITY.contains(&mechanism) => Ok(Entry::Deferred),
            _ => Err(AuthError::NoCredential),
        };
        Ok(entry.map_err(|_| SaslCode::Auth))
    }

    /// Authenticates the peer at the hub.
    fn open(
        &self,
        claimed: Option<Identity<'_>>,
        credentials: Result<Credentials<'_>, AuthError>,
    ) -> Result<Entry, AuthError> {
        let operation = Operation::amqp_send(OPERATION);
        let authenticated = self.hub.authenticate(self.peer, &operation, claimed, credentials)?;
        self.hub.log_authenticated(self.peer, authenticated.identity(), &operation);
        Ok(Entry::Session(authenticated.into_session()))
    }

    fn plain(&self, username: &str, password: &str) -> Result<Entry, AuthError> {
        let credentials = Credentials::amqp_plain(username, password)
            .map(|credentials| credentials.with_certificates(&self.peer.certificates));
        let result = self.open(claimed(username), credentials);
        if result.is_err() {
            let texts = [username, password];
            self.hub.hints.log(self.peer, texts, |[username, password]| {
                hubward::explain::amqp_plain(username, password)
            });
        }
        result
    }

    /// Authenticates by the client certificate, as EXTERNAL or without SASL. With a provisioning service, a certificate that
    /// opens no session at the hub may be of a device that registers.
    fn external(&self, response: &[u8], hostname: Option<&str>) -> Result<Entry, AuthError> {
        // invalid UTF-8 becomes a text that names no identity
        let response = str::from_utf8(response).unwrap_or("\0");
        let credentials = || Credentials::amqp_external(response, hostname, &self.peer.certificates);
        if self.hub.provisioning.is_some() {
            let records = self.hub.records_for(self.peer);
            let known = credentials().and_then(|credentials| {
                Ok(self.hub.config().authenticate(credentials, &records, clock::now).map(drop)?)
            });
            if let Err(error) = known {
                return Ok(Entry::Certificate(error));
            }
        }
        self.open(None, credentials())
    }
}

/// Logs a certificate that gave no identity.
pub(super) fn log_refused_certificate(hub: &Hub, peer: &Peer, error: AuthError) {
    let (operation, reason) = (Operation::amqp_send("sasl"), format_args!("{error}"));
    hub.log_refusal(peer, Who::Unknown, &operation, ADMISSION, error.code(), reason);
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
