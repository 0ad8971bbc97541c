//! Revocation lists are checked in the handshake, and again after a resumption.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::sync::{Arc, RwLock};

use common::{Ca, Held, Hub, VERSIONS, entity};
use hubward_rustls::{ClientCertificateVerifier, ProofOfPossessionVerifier, TrustStore, VerifierError};
use hubward_x509::{CertificatePosition, ChainError, Problem, Revocation, crl::UnknownStatus};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber, date_time_ymd};
use rustls::{AlertDescription, CertificateError, Error, HandshakeKind};

fn serial(number: u8) -> SerialNumber {
    SerialNumber::from_slice(&[number])
}

fn device(ca: &Ca, number: u8) -> Held {
    let mut params = entity("pump-17");
    params.serial_number = Some(serial(number));
    ca.issue(&params)
}

/// Returns a list of the CA that revokes these certificates, current until 2026-02.
fn list(ca: &Ca, revoked: &[u8]) -> Arc<[u8]> {
    list_until(ca, revoked, 2026, 2)
}

fn list_until(ca: &Ca, revoked: &[u8], year: i32, month: u8) -> Arc<[u8]> {
    let entry = |number: &u8| RevokedCertParams {
        serial_number: serial(*number),
        revocation_time: date_time_ymd(2025, 11, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2025, 11, 1),
        next_update: date_time_ymd(year, month, 1),
        crl_number: serial(1),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&ca.issuer).unwrap().der().to_vec().into()
}

fn fleet(lists: Vec<Arc<[u8]>>, ca: &Ca) -> (Arc<RwLock<TrustStore>>, ClientCertificateVerifier) {
    let mut trust = TrustStore::new();
    trust.add_authority(ca.der.clone()).unwrap();
    trust.set_crls(lists).unwrap();
    let trust = Arc::new(RwLock::new(trust));
    let full = ClientCertificateVerifier::new(ProofOfPossessionVerifier::new(), Arc::clone(&trust))
        .with_revocation(|by| by);
    (trust, full)
}

#[test]
fn a_revoked_device_gets_the_alert_and_another_device_is_accepted() {
    let ca = Ca::new("Fleet Root");
    let (good, revoked) = (device(&ca, 1), device(&ca, 2));
    let full = Arc::new(fleet(vec![list(&ca, &[2])], &ca).1);
    for version in VERSIONS {
        let hub = Hub::new(version, full.clone());
        hub.handshake(&hub.client(Some(&good))).unwrap();
        let refused = hub.handshake(&hub.client(Some(&revoked))).unwrap_err();
        assert_eq!(refused.server, Some(CertificateError::Revoked.into()));
        assert_eq!(refused.client, Some(Error::AlertReceived(AlertDescription::CertificateRevoked)));
    }
}

#[test]
fn an_unknown_status_is_refused_unless_the_rules_allow_it() {
    let (ca, impostor) = (Ca::new("Fleet Root"), Ca::new("Fleet Root"));
    let good = device(&ca, 1);
    // no list; one that is expired at NOW; one signed by another CA
    let stale = list_until(&ca, &[], 2025, 12);
    for lists in [vec![], vec![stale], vec![list(&impostor, &[])]] {
        let (trust, full) = fleet(lists, &ca);
        let lenient = ClientCertificateVerifier::new(ProofOfPossessionVerifier::new(), trust)
            .with_revocation(|by| Revocation::with_unknown(by, UnknownStatus::Allow));
        for version in VERSIONS {
            let hub = Hub::new(version, Arc::new(ProofOfPossessionVerifier::new()));
            lenient.verify(&good.chain, hub.clock.now()).unwrap();
            let refusal = full.verify(&good.chain, hub.clock.now()).unwrap_err();
            assert_eq!(Error::from(refusal), CertificateError::UnknownRevocationStatus.into());
        }
    }
}

#[test]
fn a_certificate_revoked_before_a_resumption_is_refused_by_the_check_after_it() {
    for version in VERSIONS {
        let ca = Ca::new("Fleet Root");
        let device = device(&ca, 1);
        let (trust, full) = fleet(vec![list(&ca, &[])], &ca);
        let full = Arc::new(full);
        let hub = Hub::new(version, full.clone());
        let client = hub.client(Some(&device));
        hub.handshake(&client).unwrap();

        trust.write().unwrap().set_crls(vec![list(&ca, &[1])]).unwrap();
        let resumed = hub.handshake(&client).unwrap().server;
        assert_eq!(resumed.handshake_kind(), Some(HandshakeKind::Resumed));
        let refusal = full.verify(resumed.peer_certificates().unwrap(), hub.clock.now()).unwrap_err();
        let VerifierError::Chain(ChainError::Refused {
            place: CertificatePosition::Leaf,
            problem: Problem::Revoked { .. },
        }) = refusal
        else {
            panic!("{refusal:?}")
        };
    }
}

#[test]
fn lists_that_cannot_be_parsed_do_not_replace_the_current_ones() {
    let ca = Ca::new("Fleet Root");
    let (trust, full) = fleet(vec![list(&ca, &[1])], &ca);
    trust.write().unwrap().set_crls(vec![b"no".as_slice().into()]).unwrap_err();
    let hub = Hub::new(VERSIONS[0], Arc::new(ProofOfPossessionVerifier::new()));
    let refusal = full.verify(&device(&ca, 1).chain, hub.clock.now()).unwrap_err();
    assert_eq!(Error::from(refusal), CertificateError::Revoked.into());
}

#[test]
fn an_unreadable_list_is_reported_and_does_the_others_no_harm() {
    let ca = Ca::new("Fleet Root");
    let (good, revoked) = (device(&ca, 1), device(&ca, 2));
    let (trust, full) = fleet(Vec::new(), &ca);
    let passed_over = trust.write().unwrap().set_readable_crls(vec![vec![0x30, 0].into(), list(&ca, &[2])]);
    assert_eq!(passed_over.iter().map(|error| error.crl).collect::<Vec<_>>(), [0]);
    let hub = Hub::new(VERSIONS[0], Arc::new(full));
    hub.handshake(&hub.client(Some(&good))).unwrap();
    let refused = hub.handshake(&hub.client(Some(&revoked))).unwrap_err();
    assert_eq!(refused.server, Some(CertificateError::Revoked.into()));
}
