//! A client is accepted only with a certificate of a registered CA or a registered thumbprint, also when it returns
//! with a resumed session.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::sync::{Arc, RwLock};

use common::{Ca, EARLIER, Held, Hub, LATER, NOW, VERSIONS, bundle, ca_params, entity, self_signed};
use hubward_core::{Digest, Thumbprint};
use hubward_ring::Digests;
use hubward_rustls::{
    ClientAuth, ClientCertificateVerifier, IssuerStatus, ProofOfPossessionVerifier, TrustLookup, TrustStore,
    VerifiedClient, VerifierError, without_resumption,
};
use hubward_x509::{
    Anchors, Certificate, Name, Revocation, ValidityPolicy, crl::UnknownStatus,
    thumbprint::ThumbprintMatchError,
};
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use rustls::pki_types::CertificateDer;
use rustls::{AlertDescription, CertificateError, Error, HandshakeKind, SupportedProtocolVersion};

/// A hub that trusts one CA, and whose trust can change.
struct Fleet {
    ca: Ca,
    trust: Arc<RwLock<TrustStore>>,
    full: Arc<ClientCertificateVerifier>,
}

impl Fleet {
    fn new() -> Self {
        let ca = Ca::new("Fleet Root");
        let mut trust = TrustStore::new();
        trust.add_authority(ca.der.clone()).unwrap();
        let trust = Arc::new(RwLock::new(trust));
        let full =
            Arc::new(ClientCertificateVerifier::new(ProofOfPossessionVerifier::new(), Arc::clone(&trust)));
        Self { ca, trust, full }
    }

    fn hub(&self, version: &'static SupportedProtocolVersion) -> Hub {
        Hub::new(version, self.full.clone())
    }

    fn change(&self, change: impl FnOnce(&mut TrustStore)) {
        change(&mut self.trust.write().unwrap());
    }
}

fn sha256(der: &CertificateDer<'_>) -> Thumbprint {
    Thumbprint::Sha256(Digests.sha256(der))
}

fn sha1(der: &CertificateDer<'_>) -> Thumbprint {
    Thumbprint::Sha1(Digests.sha1_for_legacy_thumbprints(der))
}

#[test]
fn a_certificate_of_a_registered_ca_is_accepted() {
    let fleet = Fleet::new();
    let device = fleet.ca.issue(&entity("pump-17"));
    for version in VERSIONS {
        let hub = fleet.hub(version);
        let pair = hub.handshake(&hub.client(Some(&device))).unwrap();
        let presented = pair.server.peer_certificates().unwrap();
        let Ok(VerifiedClient::Chain(chain)) = fleet.full.verify(presented, hub.clock.now()) else {
            panic!()
        };
        assert_eq!(chain.common_name().as_deref(), Ok("pump-17"));
    }
}

#[test]
fn a_path_through_presented_intermediates_to_a_registered_root_is_accepted() {
    let fleet = Fleet::new();
    let (held, factory) = below(&fleet.ca);
    for version in VERSIONS {
        let hub = fleet.hub(version);
        hub.handshake(&hub.client(Some(&held))).unwrap();
        let alone = Held { chain: vec![held.leaf().clone()], key: clone(&held.key) };
        let refused = hub.handshake(&hub.client(Some(&alone))).unwrap_err();
        assert_eq!(refused.server, Some(CertificateError::UnknownIssuer.into()));

        fleet.change(|trust| trust.withdraw(&sha256(&factory)));
        hub.handshake(&hub.client(Some(&held))).unwrap_err();
        let malleated =
            Held { chain: vec![held.leaf().clone(), malleated_form(&factory)], key: clone(&held.key) };
        hub.handshake(&hub.client(Some(&malleated))).unwrap_err();
        fleet.change(|trust| trust.forget(&sha256(&factory)));
        hub.handshake(&hub.client(Some(&malleated))).unwrap();
    }
}

/// Returns a device below an intermediate of `root`, and that intermediate.
fn below(root: &Ca) -> (Held, CertificateDer<'static>) {
    let params = ca_params("Factory");
    let Held { mut chain, key } = root.issue(&params);
    let factory = chain.remove(0);
    let factory_ca = Ca { der: factory.clone(), issuer: rcgen::Issuer::new(params, key) };
    let mut held = factory_ca.issue(&entity("pump-17"));
    held.chain.push(factory.clone());
    (held, factory)
}

/// Returns the same certificate with the other valid form of its ECDSA signature, which needs no key to compute.
fn malleated_form(der: &CertificateDer<'_>) -> CertificateDer<'static> {
    Certificate::parse(der).unwrap().malleated_form().unwrap().into()
}

#[test]
fn a_withdrawn_certificate_is_refused_with_its_malleated_signature_too() {
    let fleet = Fleet::new();
    let device = fleet.ca.issue(&entity("pump-17"));
    let malleated = Held { chain: vec![malleated_form(device.leaf())], key: clone(&device.key) };
    for (version, thumbprint) in VERSIONS.into_iter().zip([sha256(device.leaf()), sha1(device.leaf())]) {
        let hub = fleet.hub(version);
        hub.handshake(&hub.client(Some(&malleated))).unwrap();
        fleet.change(|trust| trust.withdraw(&thumbprint));
        let refused = hub.handshake(&hub.client(Some(&malleated))).unwrap_err();
        assert_eq!(refused.server, Some(CertificateError::Revoked.into()));
        fleet.change(|trust| trust.forget(&thumbprint));
    }
}

#[test]
fn a_withdrawn_ca_is_not_trusted_as_an_issuer() {
    let fleet = Fleet::new();
    let device = fleet.ca.issue(&entity("pump-17"));
    fleet.change(|trust| trust.withdraw(&sha256(&fleet.ca.der)));
    let hub = fleet.hub(VERSIONS[1]);
    let refused = hub.handshake(&hub.client(Some(&device))).unwrap_err();
    assert_eq!(refused.server, Some(CertificateError::UnknownIssuer.into()));
}

fn clone(key: &rcgen::KeyPair) -> rcgen::KeyPair {
    rcgen::KeyPair::try_from(key.serialize_der()).unwrap()
}

#[test]
fn a_thumbprint_of_either_kind_is_enough_without_a_registered_ca() {
    let fleet = Fleet::new();
    for thumbprint in [sha256, sha1] {
        let device = self_signed(&entity("pump-17"));
        for version in VERSIONS {
            let hub = fleet.hub(version);
            let client = hub.client(Some(&device));
            let refused = hub.handshake(&client).unwrap_err();
            assert_eq!(refused.server, Some(CertificateError::UnknownIssuer.into()));
            assert_eq!(refused.client, Some(Error::AlertReceived(AlertDescription::UnknownCA)));

            fleet.change(|trust| trust.add_thumbprint(&thumbprint(device.leaf())));
            let pair = hub.handshake(&client).unwrap();
            let presented = pair.server.peer_certificates().unwrap();
            assert!(matches!(
                fleet.full.verify(presented, hub.clock.now()),
                Ok(VerifiedClient::Thumbprint(_))
            ));
            fleet.change(|trust| trust.forget(&thumbprint(device.leaf())));
        }
    }
    // a certificate that no profile accepts for a device
    let ca_flagged = self_signed(&ca_params("pump-17"));
    fleet.change(|trust| trust.add_thumbprint(&sha256(ca_flagged.leaf())));
    let hub = fleet.hub(VERSIONS[0]);
    hub.handshake(&hub.client(Some(&ca_flagged))).unwrap();
}

#[test]
fn each_refusal_has_its_alert() {
    let fleet = Fleet::new();
    let past = {
        let mut params = entity("pump-17");
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        params
    };
    let server_only = {
        let mut params = entity("pump-17");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params
    };
    let impostor = Ca::new("Fleet Root");
    let withdrawn = fleet.ca.issue(&entity("pump-18"));
    fleet.change(|trust| trust.withdraw(&sha1(withdrawn.leaf())));
    use {AlertDescription as Alert, CertificateError as Cert};
    let cases = [
        (fleet.ca.issue(&past), Cert::Expired, Alert::CertificateExpired),
        (fleet.ca.issue(&server_only), Cert::InvalidPurpose, Alert::UnsupportedCertificate),
        (impostor.issue(&entity("pump-17")), Cert::BadSignature, Alert::DecryptError),
        (withdrawn, Cert::Revoked, Alert::CertificateRevoked),
    ];
    for version in VERSIONS {
        let hub = fleet.hub(version);
        for (held, error, alert) in &cases {
            let refused = hub.handshake(&hub.client(Some(held))).unwrap_err();
            assert_eq!(refused.server, Some(Error::InvalidCertificate(error.clone())));
            assert_eq!(refused.client, Some(Error::AlertReceived(*alert)));
        }
        let ca_as_leaf = fleet.ca.issue(&ca_params("pump-17"));
        let refused = hub.handshake(&hub.client(Some(&ca_as_leaf))).unwrap_err();
        assert!(matches!(refused.reason(), Some(VerifierError::Chain(_))), "{refused:?}");
    }
}

#[test]
fn a_stolen_certificate_without_its_key_is_refused() {
    let fleet = Fleet::new();
    let device = fleet.ca.issue(&entity("pump-17"));
    let forged = Held { chain: device.chain.clone(), key: rcgen::KeyPair::generate().unwrap() };
    for version in VERSIONS {
        let hub = fleet.hub(version);
        let refused = hub.handshake(&hub.client(Some(&forged))).unwrap_err();
        assert_eq!(refused.server, Some(CertificateError::BadSignature.into()));
    }
}

#[test]
fn a_client_without_a_mandatory_certificate_is_refused() {
    let fleet = Fleet::new();
    let possession = ProofOfPossessionVerifier::new().with_client_auth(ClientAuth::Mandatory);
    let full = Arc::new(ClientCertificateVerifier::new(possession, Arc::clone(&fleet.trust)));
    for version in VERSIONS {
        fleet.hub(version).handshake(&fleet.hub(version).client(None)).unwrap_err();
        let hub = Hub::new(version, full.clone());
        let refused = hub.handshake(&hub.client(None)).unwrap_err();
        assert_eq!(refused.server, Some(Error::NoCertificatesPresented));
    }
    assert_eq!(
        full.verify(&[], Hub::new(VERSIONS[0], full.clone()).clock.now()).err(),
        Some(VerifierError::NoCertificate)
    );
}

#[test]
fn the_time_provider_of_the_connection_is_used() {
    let fleet = Fleet::new();
    let (device, registered) = (fleet.ca.issue(&entity("pump-17")), self_signed(&entity("pump-18")));
    fleet.change(|trust| trust.add_thumbprint(&sha256(registered.leaf())));
    let lenient = ClientCertificateVerifier::new(ProofOfPossessionVerifier::new(), Arc::clone(&fleet.trust))
        .with_thumbprint_validity(ValidityPolicy::IgnoreForThumbprint);
    for version in VERSIONS {
        for held in [&device, &registered] {
            let hub = fleet.hub(version);
            hub.handshake(&hub.client(Some(held))).unwrap();
            for (seconds, error) in
                [(LATER, CertificateError::Expired), (EARLIER, CertificateError::NotValidYet)]
            {
                hub.clock.set(seconds);
                let refused = hub.handshake(&hub.client(Some(held))).unwrap_err();
                assert_eq!(refused.server, Some(error.into()));
            }
        }
        let hub = fleet.hub(version);
        hub.clock.set(LATER);
        let refusal = fleet.full.verify(&registered.chain, hub.clock.now()).unwrap_err();
        assert!(matches!(refusal, VerifierError::Thumbprint(ThumbprintMatchError::OutsideValidity(_))));
        lenient.verify(&registered.chain, hub.clock.now()).unwrap();
        lenient.verify(&device.chain, hub.clock.now()).unwrap_err();
    }
}

#[test]
fn a_certificate_withdrawn_before_a_resumption_is_refused_by_the_check_after_it() {
    for version in VERSIONS {
        let fleet = Fleet::new();
        let device = fleet.ca.issue(&entity("pump-17"));
        let hub = fleet.hub(version);
        let client = hub.client(Some(&device));
        hub.handshake(&client).unwrap();

        fleet.change(|trust| trust.withdraw(&sha256(device.leaf())));
        // TLS itself accepts it: a resumption calls no verifier
        let resumed = hub.handshake(&client).unwrap().server;
        assert_eq!(resumed.handshake_kind(), Some(HandshakeKind::Resumed));
        let refusal = fleet.full.verify(resumed.peer_certificates().unwrap(), hub.clock.now()).unwrap_err();
        assert_eq!(refusal, VerifierError::Withdrawn);
    }
}

#[test]
fn a_withdrawn_certificate_is_refused_by_the_handshake_without_resumption() {
    for version in VERSIONS {
        let fleet = Fleet::new();
        let device = fleet.ca.issue(&entity("pump-17"));
        let hub = Hub::configured(version, fleet.full.clone(), without_resumption);
        let client = hub.client(Some(&device));
        for _ in 0..2 {
            let pair = hub.handshake(&client).unwrap();
            assert_eq!(pair.server.handshake_kind(), Some(HandshakeKind::Full));
        }
        fleet.change(|trust| trust.withdraw(&sha256(device.leaf())));
        let refused = hub.handshake(&client).unwrap_err();
        assert_eq!(refused.server, Some(CertificateError::Revoked.into()));
    }
}

#[test]
fn every_certificate_is_refused_after_a_writer_panicked() {
    let fleet = Fleet::new();
    let device = fleet.ca.issue(&entity("pump-17"));
    let trust = Arc::clone(&fleet.trust);
    let writer = std::thread::spawn(move || {
        let _guard = trust.write().unwrap();
        panic!("in the middle of a change");
    });
    writer.join().unwrap_err();
    let hub = fleet.hub(VERSIONS[1]);
    hub.handshake(&hub.client(Some(&device))).unwrap_err();
}

#[test]
fn a_ca_that_cannot_be_parsed_is_not_registered() {
    let mut trust = TrustStore::new();
    trust.add_authority(CertificateDer::from(b"no".as_slice())).unwrap_err();
    ProofOfPossessionVerifier::new().with_hints(&[b"no".as_slice().into()]).unwrap_err();
}

type Rules = for<'a> fn(Revocation<'a>) -> Revocation<'a>;

fn allow_unknown(by: Revocation<'_>) -> Revocation<'_> {
    by.with_unknown(UnknownStatus::Allow)
}

/// A lookup with the anchors that a bundle had at one time, each under every name.
#[derive(Debug)]
struct Former(Anchors);

impl TrustLookup for Former {
    fn status(&self, _: &Thumbprint) -> IssuerStatus {
        IssuerStatus::NotRegistered
    }

    fn issuers(&self, _: &Name<'_>) -> Anchors {
        self.0.clone()
    }

    fn crls(&self, _: &Name<'_>) -> Vec<Arc<[u8]>> {
        Vec::new()
    }
}

#[test]
fn anchors_taken_from_a_bundle_are_trusted_until_their_period_ends() {
    let ca = Ca::new("Fleet Root");
    let device = ca.issue(&entity("pump-17"));
    for version in VERSIONS {
        let rules: [Option<Rules>; 2] = [None, Some(allow_unknown)];
        for rules in rules {
            let clock = common::Clock::new();
            let lookup = Former(bundle(&ca.der).anchors(clock.now()).unwrap());
            let full = ClientCertificateVerifier::new(ProofOfPossessionVerifier::new(), lookup);
            let full = match rules {
                Some(rules) => full.with_revocation(rules),
                None => full,
            };
            let hub = Hub::new(version, Arc::new(full));
            hub.clock.set(NOW + 86_400);
            hub.handshake(&hub.client(Some(&device))).unwrap();
            hub.clock.set(NOW + 86_401);
            let refused = hub.handshake(&hub.client(Some(&device))).unwrap_err();
            assert_eq!(refused.server, Some(CertificateError::UnknownIssuer.into()));
        }
    }
}
