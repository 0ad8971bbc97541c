//! CONNECT: the decisions on the client and on its will.

use core::time::Duration;

use hubward::policy::Operation;
use hubward::types::{DeviceId, Identity, ModuleId};
use hubward::{AuthError, Credentials, PublicError, Session};
use mqtt::packet::Packet;
use mqtt::packet::v3_1_1::{Connack, Connect};
use mqtt::result_code::ConnectReturnCode;
use mqtt_protocol_core::mqtt;
use tokio::sync::watch;
use tokio::time::timeout;

use super::End;
use super::wire::Wire;
use crate::connections::Seat;
use crate::hub::{Hub, Refusal, SessionDecision};
use crate::limits::LONGEST_KEEP_ALIVE;
use crate::peer::Peer;

/// A client whose CONNECT was accepted.
pub(crate) struct Connected {
    pub(crate) session: Session,
    pub(crate) seat: Seat,
    /// Notified of changes since before the authentication.
    pub(crate) changes: watch::Receiver<()>,
    /// The longest silence: one and a half times the keep-alive (MQTT 3.1.1, 3.1.2.10).
    pub(crate) idle_timeout: Duration,
    /// The topic and the number of bytes of its will, which is published unless it sends DISCONNECT.
    pub(crate) will: Option<(String, usize)>,
}

/// Waits for CONNECT. It tells whether the client is the hub's or registers at the provisioning service.
pub(crate) async fn first(hub: &Hub, wire: &mut Wire, peer: &Peer) -> Result<Connect, End> {
    let first = match timeout(hub.limits.connect_timeout, wire.next()).await {
        Ok(first) => first,
        Err(_) => Err(End::Silent),
    };
    match first {
        Ok(Packet::V3_1_1Connect(connect)) => Ok(connect),
        // the codec permits only CONNECT as the first packet, and no second one
        Ok(_) => Err(End::Malformed),
        Err(End::Malformed) => {
            hub.log_malformed(peer, &Operation::mqtt_connect());
            hub.slow(peer).await;
            Err(End::Malformed)
        }
        Err(end) => Err(end),
    }
}

/// Decides on a CONNECT and answers it.
pub(crate) async fn connect(
    hub: &Hub,
    wire: &mut Wire,
    peer: &Peer,
    connect: Connect,
) -> Result<Connected, End> {
    let changes = peer.changes();
    match decide(hub, peer, &connect) {
        Ok(session) => {
            hub.connections.slow(&session.identity()).await;
            wire.lift_allowance();
            wire.send(connack(ConnectReturnCode::Accepted)?).await?;
            // a client that is gone already evicts no other
            let seat = hub.connections.take(&session.identity());
            let will = connect
                .will_topic()
                .map(str::to_owned)
                .map(|topic| (topic, connect.will_payload().map_or(0, <[u8]>::len)));
            Ok(Connected { session, seat, changes, idle_timeout: idle_timeout(connect.keep_alive()), will })
        }
        Err(code) => {
            hub.slow(peer).await;
            wire.send(connack(code)?).await?;
            explain(hub, peer, &connect);
            Err(End::Refused)
        }
    }
}

/// Logs the known mistake of a refused CONNECT, if there is one.
fn explain(hub: &Hub, peer: &Peer, connect: &Connect) {
    let password = connect.password().and_then(|password| str::from_utf8(password).ok()).unwrap_or_default();
    let texts = [connect.client_id(), connect.user_name().unwrap_or_default(), password];
    hub.hints.log(peer, texts, |[client_id, username, password]| {
        hubward::explain::mqtt(client_id, username, (!password.is_empty()).then_some(password))
    });
}

fn decide(hub: &Hub, peer: &Peer, connect: &Connect) -> Result<Session, ConnectReturnCode> {
    let (client_id, username) = (connect.client_id(), connect.user_name().unwrap_or_default());
    // a token is ASCII; invalid UTF-8 becomes an empty text, which is not a token
    let password = connect.password().map(|password| str::from_utf8(password).unwrap_or_default());
    let credentials = Credentials::mqtt(client_id, username, password)
        .map(|credentials| credentials.with_certificates(&peer.certificates));
    let session = hub
        .authorize(peer, &Operation::mqtt_connect(), claimed(client_id), credentials)
        .map_err(|refusal| return_code(&refusal))?;
    // the will is published for the client, so it requires the client's own permission
    match connect.will_topic().map(|topic| hub.decide(peer, &session, &Operation::mqtt_publish(topic))) {
        None | Some(SessionDecision::Allowed) => Ok(session),
        Some(SessionDecision::Denied | SessionDecision::SessionError) => {
            Err(ConnectReturnCode::NotAuthorized)
        }
    }
}

/// Returns the identity that a client id names.
fn claimed(client_id: &str) -> Option<Identity<'_>> {
    match client_id.split_once('/') {
        None => DeviceId::parse(client_id).ok().map(Identity::Device),
        Some((device, module)) => {
            Some(Identity::Module(DeviceId::parse(device).ok()?, ModuleId::parse(module).ok()?))
        }
    }
}

/// Returns the return code of a refusal, one of two (MQTT 3.1.1, 3.2.2.3).
pub(super) fn return_code(refusal: &Refusal) -> ConnectReturnCode {
    match refusal {
        Refusal::Unauthenticated(error) if AuthError::public(error) == PublicError::Malformed => {
            ConnectReturnCode::BadUserNameOrPassword
        }
        Refusal::Unavailable => ConnectReturnCode::ServerUnavailable,
        _ => ConnectReturnCode::NotAuthorized,
    }
}

pub(super) fn connack(code: ConnectReturnCode) -> Result<Connack, End> {
    // both mandatory fields are set
    Connack::builder().session_present(false).return_code(code).build().map_err(|_| End::Malformed)
}

/// Returns the idle timeout. Without a keep-alive, or with a longer one than the hub's, the hub's applies.
pub(super) fn idle_timeout(keep_alive: u16) -> Duration {
    let keep_alive = if keep_alive == 0 { LONGEST_KEEP_ALIVE } else { keep_alive.min(LONGEST_KEEP_ALIVE) };
    Duration::from_millis(u64::from(keep_alive).saturating_mul(1500))
}
