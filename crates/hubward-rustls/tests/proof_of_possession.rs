//! A client is accepted if it has the private key of its certificate; nothing else about the certificate is checked.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::sync::{Arc, Mutex};

use common::{Ca, Held, Hub, VERSIONS, ca_params, entity, rsa_key, self_signed, self_signed_by};
use hubward_rustls::{ClientAuth, Limits, ProofOfPossessionVerifier, VerifierError};
use hubward_x509::Certificate;
use rcgen::{CustomExtension, KeyPair, date_time_ymd};
use rustls::client::ResolvesClientCert;
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{
    AlertDescription, CertificateError, Error, HandshakeKind, PeerMisbehaved, SignatureAlgorithm,
    SignatureScheme,
};

fn hub(version: &'static rustls::SupportedProtocolVersion) -> Hub {
    Hub::new(version, Arc::new(ProofOfPossessionVerifier::new()))
}

#[test]
fn the_contents_of_a_certificate_are_not_checked() {
    let expired = {
        let mut params = entity("pump-17");
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        params
    };
    let critical = {
        let mut params = entity("pump-17");
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 9999, 1], vec![5, 0]);
        extension.set_criticality(true);
        params.custom_extensions = vec![extension];
        params
    };
    let held = [
        self_signed(&entity("pump-17")),
        self_signed(&ca_params("pump-17")),
        self_signed(&expired),
        self_signed(&critical),
        Ca::new("Unregistered Root").issue(&entity("pump-17")),
    ];
    for version in VERSIONS {
        let hub = hub(version);
        for held in &held {
            let pair = hub.handshake(&hub.client(Some(held))).unwrap();
            assert_eq!(pair.server.peer_certificates(), Some(held.chain.as_slice()));
        }
    }
}

#[test]
fn keys_of_every_type_are_accepted() {
    let keys = [
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap(),
        rsa_key(),
    ];
    for key in keys {
        let held = self_signed_by(&entity("pump-17"), key);
        for version in VERSIONS {
            let hub = hub(version);
            let pair = hub.handshake(&hub.client(Some(&held))).unwrap();
            assert!(pair.server.peer_certificates().is_some(), "{held:?} by {version:?}");
        }
    }
}

#[test]
fn a_certificate_is_requested_but_not_required() {
    for version in VERSIONS {
        let hub = hub(version);
        let pair = hub.handshake(&hub.client(None)).unwrap();
        assert_eq!(pair.server.peer_certificates(), None);
    }
}

#[test]
fn a_client_without_a_mandatory_certificate_is_refused() {
    for version in VERSIONS {
        let verifier = ProofOfPossessionVerifier::new().with_client_auth(ClientAuth::Mandatory);
        let hub = Hub::new(version, Arc::new(verifier));
        let refused = hub.handshake(&hub.client(None)).unwrap_err();
        assert_eq!(refused.server, Some(Error::NoCertificatesPresented));
        hub.handshake(&hub.client(Some(&self_signed(&entity("pump-17"))))).unwrap();
    }
}

#[test]
fn a_stolen_certificate_without_its_key_is_refused() {
    for version in VERSIONS {
        let hub = hub(version);
        let stolen = self_signed(&entity("pump-17"));
        // of the same type, on another curve, of another algorithm
        let forgers = [
            KeyPair::generate().unwrap(),
            KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(),
            KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap(),
            rsa_key(),
        ];
        for (at, key) in forgers.into_iter().enumerate() {
            let forged = Held { chain: stolen.chain.clone(), key };
            let refused = hub.handshake(&hub.client(Some(&forged))).unwrap_err();
            if at == 0 {
                let bad = Error::InvalidCertificate(CertificateError::BadSignature);
                assert_eq!(refused.server, Some(bad));
                assert_eq!(refused.client, Some(Error::AlertReceived(AlertDescription::DecryptError)));
            }
            assert!(refused.server.is_some());
        }
        hub.handshake(&hub.client(Some(&stolen))).unwrap();
    }
}

#[test]
fn a_chain_above_the_limits_is_refused() {
    let mut held = self_signed(&entity("pump-17"));
    let other = self_signed(&entity("another")).leaf().clone();
    held.chain.extend(core::iter::repeat_n(other, Limits::DEFAULT.certificates - 1));
    for version in VERSIONS {
        let hub = hub(version);
        hub.handshake(&hub.client(Some(&held))).unwrap();
    }
    held.chain.push(held.leaf().clone());
    for version in VERSIONS {
        let hub = hub(version);
        let refused = hub.handshake(&hub.client(Some(&held))).unwrap_err();
        let Some(VerifierError::TooLarge(too_large)) = refused.reason() else { panic!("{refused:?}") };
        assert_eq!(too_large.certificates, Limits::DEFAULT.certificates + 1);
        let alert = Error::AlertReceived(AlertDescription::CertificateUnknown);
        assert_eq!(refused.client, Some(alert));
    }
}

#[test]
fn a_leaf_that_cannot_be_parsed_is_refused() {
    for version in VERSIONS {
        let hub = hub(version);
        let mut held = self_signed(&entity("pump-17"));
        held.chain[0] = b"not a certificate".to_vec().into();
        let refused = hub.handshake(&hub.client(Some(&held))).unwrap_err();
        assert_eq!(refused.server, Some(Error::InvalidCertificate(CertificateError::BadEncoding)));
    }
}

#[test]
fn a_resumed_handshake_returns_the_certificates_of_the_first_one() {
    for version in VERSIONS {
        let hub = hub(version);
        let held = self_signed(&entity("pump-17"));
        let client = hub.client(Some(&held));
        let first = hub.handshake(&client).unwrap();
        assert_eq!(first.server.handshake_kind(), Some(HandshakeKind::Full));
        let second = hub.handshake(&client).unwrap();
        assert_eq!(second.server.handshake_kind(), Some(HandshakeKind::Resumed));
        assert_eq!(second.server.peer_certificates(), Some(held.chain.as_slice()));
    }
}

/// Signs with one scheme, even if the server did not offer it, and records the received hints.
#[derive(Debug)]
struct OneSchemeClient {
    held: CertifiedKey,
    scheme: SignatureScheme,
    hints: Mutex<Vec<Vec<u8>>>,
}

impl OneSchemeClient {
    fn new(held: &Held, scheme: SignatureScheme) -> Arc<Self> {
        Arc::new(Self { held: held.certified(), scheme, hints: Mutex::default() })
    }
}

impl ResolvesClientCert for OneSchemeClient {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.hints.lock().unwrap() = hints.iter().map(|hint| hint.to_vec()).collect();
        let key = OneScheme(Arc::clone(&self.held.key), self.scheme);
        Some(Arc::new(CertifiedKey::new(self.held.cert.clone(), Arc::new(key))))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct OneScheme(Arc<dyn SigningKey>, SignatureScheme);

impl SigningKey for OneScheme {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.0.choose_scheme(&[self.1])
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

#[test]
fn pkcs1_signatures_are_refused_in_tls13_handshakes() {
    let held = self_signed_by(&entity("pump-17"), rsa_key());
    for (version, scheme, accepted) in [
        (VERSIONS[0], SignatureScheme::RSA_PKCS1_SHA256, true),
        (VERSIONS[1], SignatureScheme::RSA_PSS_SHA256, true),
        (VERSIONS[1], SignatureScheme::RSA_PKCS1_SHA256, false),
    ] {
        let hub = hub(version);
        let outcome = hub.handshake(&hub.client_by(Some(OneSchemeClient::new(&held, scheme))));
        assert_eq!(outcome.is_ok(), accepted, "{scheme:?}: {outcome:?}");
        if let Err(refused) = outcome {
            let misbehaved = PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme;
            assert_eq!(refused.server, Some(misbehaved.into()));
        }
    }
}

#[test]
fn clients_receive_the_names_of_the_configured_cas() {
    let cas = [Ca::new("Fleet A"), Ca::new("Fleet B")];
    let held = cas[0].issue(&entity("pump-17"));
    for version in VERSIONS {
        for hinted in [0, 2] {
            let ders: Vec<_> = cas.iter().take(hinted).map(|ca| ca.der.clone()).collect();
            let hub =
                Hub::new(version, Arc::new(ProofOfPossessionVerifier::new().with_hints(&ders).unwrap()));
            let client = OneSchemeClient::new(&held, SignatureScheme::ECDSA_NISTP256_SHA256);
            hub.handshake(&hub.client_by(Some(client.clone()))).unwrap();
            let hints = client.hints.lock().unwrap();
            assert_eq!(hints.len(), hinted);
            for (hint, der) in hints.iter().zip(&ders) {
                let subject = Certificate::parse(der).unwrap().subject();
                assert!(hint.ends_with(subject.as_der()));
            }
        }
    }
}
