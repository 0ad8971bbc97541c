//! A device connects only to a hub with the expected name and a trusted root.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use std::sync::Arc;

use common::{Ca, HUB, Held, Hub, LATEST, NOW, VERSIONS, bundle, entity, provider};
use hubward_rustls::{ProofOfPossessionVerifier, ServerVerifier, VerifierError};
use hubward_x509::{Anchors, Certificate};
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

#[test]
fn anchors_taken_from_a_bundle_are_trusted_until_their_period_ends() {
    for hub in hubs() {
        let other = Ca::new("Another Root").der;
        // as an application has them that does not keep the bundle
        let mut anchors = bundle(&hub.ca.der).anchors(hub.clock.now()).unwrap();
        let by = |anchors: &Anchors| Arc::new(client_by(&hub, ServerVerifier::with_anchors(anchors.clone())));
        hub.clock.set(NOW + 86_400);
        hub.handshake(&by(&anchors)).unwrap();

        hub.clock.set(NOW + 86_401);
        let refused = hub.handshake(&by(&anchors)).unwrap_err();
        assert_eq!(refused.client, Some(CertificateError::UnknownIssuer.into()));
        // the others stay trusted, with a limit or without one
        let root = Certificate::parse(&hub.ca.der).unwrap();
        anchors.add(&Certificate::parse(&other).unwrap());
        hub.handshake(&by(&anchors)).unwrap_err();
        anchors.add_until(&root, hub.clock.now());
        hub.handshake(&by(&anchors)).unwrap();
        anchors = Anchors::new();
        anchors.add_until(&Certificate::parse(&other).unwrap(), hub.clock.now());
        anchors.add(&root);
        hub.clock.set(NOW + 3 * 86_400);
        hub.handshake(&by(&anchors)).unwrap();
    }
}
