//! A device calls a hub by its name, under a root that it trusts, or not at all.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::sync::Arc;

use common::{Ca, HUB, Held, Hub, LATEST, VERSIONS, entity, provider};
use hubward_rustls::{PossessionOnly, ServerVerifier};
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, HandshakeKind};

fn client(hub: &Hub, roots: Vec<CertificateDer<'static>>) -> ClientConfig {
    let verifier = ServerVerifier::new(roots).unwrap();
    ClientConfig::builder_with_details(provider(), hub.clock.clone())
        .with_protocol_versions(&[hub.version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth()
}

fn hubs() -> impl Iterator<Item = Hub> {
    VERSIONS.into_iter().map(|version| Hub::new(version, Arc::new(PossessionOnly::new())))
}

#[test]
fn a_hub_of_that_name_under_a_trusted_root_is_called() {
    for hub in hubs() {
        let another = Ca::new("Another Root").der;
        hub.handshake(&Arc::new(client(&hub, vec![another, hub.ca.der.clone()]))).unwrap();
    }
}

#[test]
fn an_unknown_root_another_name_and_another_time_are_refused() {
    for hub in hubs() {
        let trusting = Arc::new(client(&hub, vec![hub.ca.der.clone()]));
        let strange = Arc::new(client(&hub, vec![Ca::new("Another Root").der]));
        let refused = hub.handshake(&strange).unwrap_err();
        assert_eq!(refused.client, Some(CertificateError::UnknownIssuer.into()));
        assert_eq!(refused.server, Some(Error::AlertReceived(AlertDescription::UnknownCA)));

        let other = hub.showing(hub.ca.issue_server("other.example"));
        let refused = common::handshake(&trusting, &other).unwrap_err();
        assert_eq!(refused.client, Some(CertificateError::NotValidForName.into()));

        // a common name is no name of a server
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
        let forged = hub.showing(Held { chain: stolen, key: rcgen::KeyPair::generate().unwrap() });
        let refused = common::handshake(&trusting, &forged).unwrap_err();
        assert_eq!(refused.client, Some(CertificateError::BadSignature.into()));
    }
}

#[test]
fn sessions_do_not_outlive_the_verifier_that_let_them_begin() {
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
fn a_root_that_cannot_be_read_makes_no_verifier() {
    ServerVerifier::new(vec![b"no".as_slice().into()]).unwrap_err();
}
