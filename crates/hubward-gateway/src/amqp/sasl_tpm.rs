//! The SASL mechanism TPM: a device sends the public keys of its TPM, receives a key that only this TPM decrypts, in
//! segments, and ends with the token that it signed with that key.

use std::sync::Arc;

use fe2o3_amqp::frames::sasl::Frame;
use fe2o3_amqp::types::primitives::Binary;
use fe2o3_amqp::types::sasl::{SaslChallenge, SaslResponse};
use hubward::AuthError;
use hubward::policy::Operation;
use zeroize::Zeroizing;

use super::End;
use super::registration::{self, Registering};
use super::sasl::{Frames, OPERATION};
use crate::hub::Hub;
use crate::peer::Peer;
use crate::provisioning::{Provisioning, PublicKeys, Refused, log_refusal};

/// Bytes of a segment: a frame of SASL has at most 512.
const SEGMENT: usize = 400;
/// Set in the control byte of each segment.
const HAS_DATA: u8 = 0x80;
/// Set in the control byte of the last segment.
const LAST: u8 = 0x40;
/// The bits of the control byte with the number of the segment.
const NUMBER: u8 = 0x3f;

/// Runs the exchange from the initial response of the device. The outer error is a broken exchange.
pub(super) async fn run(
    hub: &Hub,
    service: &Arc<Provisioning>,
    peer: &Peer,
    initial: &[u8],
    frames: &mut Frames<'_>,
) -> Result<Result<Registering, Refused>, End> {
    let root = ask(frames, &[0]).await?;
    let Some(first) = First::parse(initial) else { return refuse(hub, peer, AuthError::RegistrationPath) };
    let keys = PublicKeys::new(first.endorsement, &root);
    let Some(keys) = keys else { return refuse(hub, peer, AuthError::NoCredential) };
    let wrapped = match service.challenge(peer.address.ip(), first.scope, first.id, keys).await {
        Ok(wrapped) => wrapped,
        Err(refused) => {
            log_refusal(hub, peer, &Operation::amqp_send(OPERATION), &refused);
            return Ok(Err(refused));
        }
    };
    let last = wrapped.len().div_ceil(SEGMENT).saturating_sub(1);
    let mut answer = Zeroizing::new(Vec::new());
    for (number, segment) in wrapped.chunks(SEGMENT).enumerate() {
        let end = if number == last { LAST } else { 0 };
        let control = HAS_DATA | end | (u8::try_from(number).unwrap_or(u8::MAX) & NUMBER);
        answer = Zeroizing::new(ask(frames, &[&[control], segment].concat()).await?);
    }
    let token = str::from_utf8(&answer).unwrap_or_default();
    let username = format!("{}/registrations/{}", first.scope, first.id);
    Ok(registration::plain(hub, service, peer, &username, token).await)
}

fn refuse<T>(hub: &Hub, peer: &Peer, error: AuthError) -> Result<Result<T, Refused>, End> {
    let refused = Refused::Unauthenticated(error);
    log_refusal(hub, peer, &Operation::amqp_send(OPERATION), &refused);
    Ok(Err(refused))
}

/// Sends a challenge. Returns the response without its first byte, which is 0.
async fn ask(frames: &mut Frames<'_>, challenge: &[u8]) -> Result<Vec<u8>, End> {
    let challenge = SaslChallenge { challenge: Binary::from(challenge.to_vec()) };
    frames.send(Frame::Challenge(challenge)).await?;
    let Frame::Response(SaslResponse { response }) = frames.next().await? else {
        return Err(End::Malformed);
    };
    match response.split_first() {
        Some((0, rest)) => Ok(rest.to_vec()),
        _ => Err(End::Malformed),
    }
}

/// The initial response: a zero byte before each part.
struct First<'r> {
    scope: &'r str,
    id: &'r str,
    endorsement: &'r [u8],
}

impl<'r> First<'r> {
    fn parse(response: &'r [u8]) -> Option<Self> {
        let mut parts = response.strip_prefix(&[0])?.splitn(3, |byte| *byte == 0);
        let (scope, id, endorsement) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { scope: str::from_utf8(scope).ok()?, id: str::from_utf8(id).ok()?, endorsement })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_response_has_three_parts() {
        let parsed = |bytes: &'static [u8]| {
            First::parse(bytes).map(|first| (first.scope, first.id, first.endorsement))
        };
        assert_eq!(parsed(b"\0scope\0id\0\0key\0"), Some(("scope", "id", &b"\0key\0"[..])));
        for bytes in [&b""[..], b"\0", b"scope\0id\0key", b"\0scope\0id", b"\0\xff\0id\0key"] {
            assert_eq!(parsed(bytes), None, "{bytes:?}");
        }
    }
}
