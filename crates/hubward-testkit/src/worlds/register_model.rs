//! Model of a registration: `{id scope}/registrations/{registration id}/api-version=..`, and the enrollment that the
//! credential selects.

use hubward_core::{MacKey as _, SymmetricKey};
use hubward_ring::HmacKey;

use super::certificates::certificates;
use super::model::{Counts, counts};
use super::mqtt_model::parameter;
use super::records::{SCOPE, key_bytes};
use super::text::{is_registration, is_scope};
use super::token::Token;
use super::world::{Attestation, Enrollment, World};

/// Returns the registration that is admitted.
pub(crate) fn admitted(
    world: &World,
    client_id: &str,
    username: &str,
    password: Option<&str>,
    certificate: Option<usize>,
) -> Option<String> {
    let [scope, "registrations", id, query] = username.split('/').collect::<Vec<_>>()[..] else {
        return None;
    };
    // a registration has no chain
    let sound = is_scope(scope) && is_registration(id) && parameter(query)?.is_none();
    if !sound || scope != SCOPE || id != client_id {
        return None;
    }
    // registration ids are case-insensitive, and device ids are not
    let individual = world.enrollments.iter().find(|own| !own.group && own.name.eq_ignore_ascii_case(id));
    let selected = match (counts(world.both, password, certificate)?, individual) {
        (Counts::Token(text), individual) => {
            let token = Token::read(text, world.rules)?;
            if !token.is_for_registration() || token.resource[0] != SCOPE || token.resource[2] != id {
                return None;
            }
            match individual {
                Some(own) => own.keys().is_some_and(|keys| token.verifies(&keys, world)).then_some(own)?,
                None => groups(world).into_iter().find(|group| {
                    let derived = |keys: [SymmetricKey; 2]| keys.map(|key| derived(&key, id));
                    group.keys().map(derived).is_some_and(|keys| token.verifies(&keys, world))
                })?,
            }
        }
        (Counts::Certificate(shown), individual) => {
            let certificate = &certificates()[shown];
            if certificate.name != id {
                return None;
            }
            match individual {
                Some(own) => {
                    let Attestation::Thumbprint(print) = own.attestation else { return None };
                    (print.certificate == shown && certificate.is_current(world.now)).then_some(own)?
                }
                None => {
                    let issuers = certificate.is_by_authority(world.now).then(|| certificate.issuers())?;
                    let of = |number: &usize| {
                        let is = |group: &&Enrollment| group.attestation == Attestation::Issuer(*number);
                        groups(world).into_iter().find(is)
                    };
                    issuers.iter().find_map(of)?
                }
            }
        }
    };
    let device = selected.device_id.clone().unwrap_or_else(|| id.to_ascii_lowercase());
    let group = if selected.group { format!(" in {}", selected.name) } else { String::new() };
    selected.enabled.then(|| format!("registration {id} as {device}{group}"))
}

/// Returns the groups, by name.
fn groups(world: &World) -> Vec<&Enrollment> {
    let mut groups: Vec<&Enrollment> = world.enrollments.iter().filter(|own| own.group).collect();
    groups.sort_by(|one, other| one.name.cmp(&other.name));
    groups
}

/// Derives the key of a group's member: the tag of its registration id.
fn derived(key: &SymmetricKey, id: &str) -> SymmetricKey {
    let tag = HmacKey::new(key).tag(&[id.as_bytes()]);
    SymmetricKey::from_bytes(tag.expose()).unwrap()
}

impl Enrollment {
    fn keys(&self) -> Option<[SymmetricKey; 2]> {
        match &self.attestation {
            Attestation::Keys(primary, secondary) => Some([key_bytes(primary), key_bytes(secondary)]),
            _ => None,
        }
    }
}
