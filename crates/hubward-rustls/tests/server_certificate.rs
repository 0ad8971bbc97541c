//! A device connects only to a hub with the expected name and a trusted root.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use core::time::Duration;
use std::sync::Arc;

use common::{Ca, HUB, Held, Hub, LATEST, NOW, VERSIONS, entity, provider};
use hubward_ring::SigningKey;
use hubward_rustls::{ProofOfPossessionVerifier, ServerVerifier, VerifierError};
use hubward_x509::{BundleDraft, SignedBundle, TrustBundle, TrustPeriod, UnixTime, UpdateKey};
use rcgen::KeyPair;
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, HandshakeKind};

fn client(hub: &Hub, roots: Vec<CertificateDer<'static>>) -> ClientConfig {
    client_by(hub, ServerVerifier::with_roots(roots).unwrap())
}

fn client_by(hub: &Hub, verifier: ServerVerifier) -> ClientConfig {
    ClientConfig::builder_with_details(provider(), hub.clock.clone())
        .with_protocol_versions(&[hub.version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth()
}

fn hubs() -> impl Iterator<Item = Hub> {
    VERSIONS.into_iter().map(|version| Hub::new(version, Arc::new(ProofOfPossessionVerifier::new())))
}

#[test]
fn a_hub_with_the_expected_name_and_a_trusted_root_is_accepted() {
    for hub in hubs() {
        let another = Ca::new("Another Root").der;
        hub.handshake(&Arc::new(client(&hub, vec![another, hub.ca.der.clone()]))).unwrap();
    }
}

#[test]
fn an_unknown_root_a_different_name_and_an_expired_certificate_are_refused() {
    for hub in hubs() {
        let trusting = Arc::new(client(&hub, vec![hub.ca.der.clone()]));
        let strange = Arc::new(client(&hub, vec![Ca::new("Another Root").der]));
        let refused = hub.handshake(&strange).unwrap_err();
        assert_eq!(refused.client, Some(CertificateError::UnknownIssuer.into()));
        assert_eq!(refused.server, Some(Error::AlertReceived(AlertDescription::UnknownCA)));

        let other = hub.showing(hub.ca.issue_server("other.example"));
        let refused = common::handshake(&trusting, &other).unwrap_err();
        assert_eq!(refused.client, Some(CertificateError::NotValidForName.into()));

        // a common name is not accepted as the name of a server
        let by_common_name = hub.showing(hub.ca.issue(&entity(HUB)));
        let refused = common::handshake(&trusting, &by_common_name).unwrap_err();
        assert_eq!(refused.client, Some(CertificateError::NotValidForName.into()));

        hub.clock.set(LATEST);
        let refused = hub.handshake(&trusting).unwrap_err();
        assert_eq!(refused.client, Some(CertificateError::Expired.into()));
    }
}

#[test]
fn a_stolen_certificate_without_its_key_is_refused() {
    for hub in hubs() {
        let trusting = Arc::new(client(&hub, vec![hub.ca.der.clone()]));
        let stolen = hub.ca.issue_hub().chain;
        let forged = hub.showing(Held { chain: stolen, key: KeyPair::generate().unwrap() });
        let refused = common::handshake(&trusting, &forged).unwrap_err();
        assert_eq!(refused.client, Some(CertificateError::BadSignature.into()));
    }
}

#[test]
fn a_session_is_not_resumed_with_another_verifier() {
    for hub in hubs() {
        let store = Resumption::in_memory_sessions(8);
        let with_store = |roots| {
            let mut config = client(&hub, roots);
            config.resumption = store.clone();
            Arc::new(config)
        };
        let before = with_store(vec![hub.ca.der.clone()]);
        hub.handshake(&before).unwrap();
        let again = hub.handshake(&before).unwrap().client;
        assert_eq!(again.handshake_kind(), Some(HandshakeKind::Resumed));

        let after = with_store(vec![Ca::new("New Root").der]);
        let refused = hub.handshake(&after).unwrap_err();
        assert_eq!(refused.client, Some(CertificateError::UnknownIssuer.into()));
    }
}

#[test]
fn a_root_that_cannot_be_parsed_is_an_error() {
    ServerVerifier::with_roots(vec![b"no".as_slice().into()]).unwrap_err();
}

/// A bundle with one root that is trusted for one day, itself valid for two days, signed with its only key.
fn bundle(root: &CertificateDer<'_>) -> TrustBundle {
    let owner = SigningKey::from_pkcs8(&KeyPair::generate().unwrap().serialize_der()).unwrap();
    let key = UpdateKey::from_spki_der(&owner.public_key_der()).unwrap();
    let at = |days: u64| UnixTime::since_unix_epoch(Duration::from_secs(NOW + days * 86_400));
    let window = TrustPeriod { from: at(0), until: at(1) };
    let draft = BundleDraft::new(1, at(2), 1).key(key).anchor(root, window).finish().unwrap();
    let unsigned = SignedBundle::parse(&draft).unwrap();
    let signature = owner.sign(unsigned.to_be_signed()).unwrap();
    let signed = unsigned.with_signature(key, &signature, hubward_ring::signature::ALL).unwrap();
    TrustBundle::load(&signed, hubward_ring::signature::ALL).unwrap()
}

#[test]
fn the_roots_of_a_bundle_are_trusted_in_their_periods_until_the_bundle_expires() {
    for hub in hubs() {
        let client = || Arc::new(client_by(&hub, ServerVerifier::new(bundle(&hub.ca.der))));
        hub.handshake(&client()).unwrap();

        hub.clock.set(NOW + 86_401);
        let refused = hub.handshake(&client()).unwrap_err();
        assert_eq!(refused.client, Some(CertificateError::UnknownIssuer.into()));

        hub.clock.set(NOW + 2 * 86_400 + 1);
        let refused = hub.handshake(&client()).unwrap_err();
        assert!(matches!(refused.reason(), Some(VerifierError::Bundle(_))), "{refused:?}");
        assert_eq!(refused.server, Some(Error::AlertReceived(AlertDescription::CertificateUnknown)));
    }
}
