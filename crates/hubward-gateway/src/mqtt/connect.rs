//! CONNECT: one decision on whoever connects, and on its will.

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
use crate::hub::{Hub, Judged, Refusal};
use crate::limits::LONGEST_KEEP_ALIVE;
use crate::peer::Peer;

/// Somebody who was let in.
pub(crate) struct Connected {
    pub(crate) session: Session,
    pub(crate) seat: Seat,
    /// Hears of changes since before the admission.
    pub(crate) changes: watch::Receiver<()>,
    /// How long it may be silent: one and a half times its keep-alive (MQTT 3.1.1, 3.1.2.10).
    pub(crate) patience: Duration,
    /// Where its will is to be published, and how many bytes, unless it disconnects.
    pub(crate) will: Option<(String, usize)>,
}

/// Waits for CONNECT, judges it and answers it.
pub(crate) async fn connect(hub: &Hub, wire: &mut Wire, peer: &Peer) -> Result<Connected, End> {
    let first = match timeout(hub.limits.connect_timeout, wire.next()).await {
        Ok(first) => first,
        Err(_) => Err(End::Silent),
    };
    let connect = match first {
        Ok(Packet::V3_1_1Connect(connect)) => connect,
        // the codec has no CONNECT come late and nothing come early
        Ok(_) => return Err(End::Malformed),
        Err(End::Malformed) => {
            hub.malformed(peer, &Operation::mqtt_connect());
            hub.slow(peer).await;
            return Err(End::Malformed);
        }
        Err(end) => return Err(end),
    };
    let changes = hub.changes();
    match judge(hub, peer, &connect) {
        Ok(session) => {
            let seat = hub.connections.take(&session.identity());
            wire.admit();
            wire.send(connack(ConnectReturnCode::Accepted)?).await?;
            let will = connect
                .will_topic()
                .map(str::to_owned)
                .map(|topic| (topic, connect.will_payload().map_or(0, <[u8]>::len)));
            Ok(Connected { session, seat, changes, patience: patience(connect.keep_alive()), will })
        }
        Err(code) => {
            hub.slow(peer).await;
            wire.send(connack(code)?).await?;
            Err(End::Refused)
        }
    }
}

fn judge(hub: &Hub, peer: &Peer, connect: &Connect) -> Result<Session, ConnectReturnCode> {
    let (client_id, username) = (connect.client_id(), connect.user_name().unwrap_or_default());
    // no token has other bytes; what is no text becomes one that is no token
    let password = connect.password().map(|password| str::from_utf8(password).unwrap_or_default());
    let presented = Credentials::mqtt(client_id, username, password)
        .map(|presented| presented.with_certificates(&peer.certificates));
    let session = hub
        .enter(peer, &Operation::mqtt_connect(), claimed(client_id), presented)
        .map_err(|refusal| return_code(&refusal))?;
    // the will is published in its name, so it may be no more than the session may
    match connect.will_topic().map(|topic| hub.judge(peer, &session, &Operation::mqtt_publish(topic))) {
        None | Some(Judged::Allowed) => Ok(session),
        Some(Judged::Denied | Judged::SessionError) => Err(ConnectReturnCode::NotAuthorized),
    }
}

/// Whom a client id names.
fn claimed(client_id: &str) -> Option<Identity<'_>> {
    match client_id.split_once('/') {
        None => DeviceId::parse(client_id).ok().map(Identity::Device),
        Some((device, module)) => {
            Some(Identity::Module(DeviceId::parse(device).ok()?, ModuleId::parse(module).ok()?))
        }
    }
}

/// The two words that a peer gets (MQTT 3.1.1, 3.2.2.3).
fn return_code(refusal: &Refusal) -> ConnectReturnCode {
    match refusal {
        Refusal::Unproven(error) if AuthError::public(error) == PublicError::Malformed => {
            ConnectReturnCode::BadUserNameOrPassword
        }
        _ => ConnectReturnCode::NotAuthorized,
    }
}

fn connack(code: ConnectReturnCode) -> Result<Connack, End> {
    // both of its fields are set
    Connack::builder().session_present(false).return_code(code).build().map_err(|_| End::Malformed)
}

/// A client that asks for none, or for more than a hub has, gets the hub's.
fn patience(keep_alive: u16) -> Duration {
    let keep_alive = if keep_alive == 0 { LONGEST_KEEP_ALIVE } else { keep_alive.min(LONGEST_KEEP_ALIVE) };
    Duration::from_millis(u64::from(keep_alive).saturating_mul(1500))
}
