//! A leaf's status in a revocation list of a number of entries: below a kept issuer, whose list was verified before, and in
//! a whole verification, which hashes the list for its signature.

use std::hint::black_box;

use hubward_ring::signature;
use hubward_x509::crl::RevocationDepth;
use hubward_x509::{Anchors, Certificate, Chain, Crls, ExpectedSubject, Profile, Revocation, VerifiedIssuer};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber};

use crate::case::Case;
use crate::certificates::webpki;
use crate::minting::{ca, entity, key, now, sign};

/// A chain whose intermediate has issued a list.
pub struct Listed {
    root: &'static [u8],
    intermediate: &'static [u8],
    leaf: &'static [u8],
    list: &'static [u8],
    anchors: Anchors,
    crls: Crls,
    /// The intermediate as a trust anchor, and the list prepared for it.
    direct: (Anchors, Crls),
    kept: VerifiedIssuer,
}

impl Listed {
    pub fn new(entries: u32) -> Self {
        let (root_params, root_key, ca_params, ca_key) = (ca("Root"), key(), ca("Intermediate"), key());
        let root: &[u8] = root_params.self_signed(&root_key).unwrap().der().to_vec().leak();
        let intermediate: &[u8] = sign(&ca_params, &ca_key, &root_params, &root_key).leak();
        let leaf: &[u8] = sign(&entity("pump-17"), &key(), &ca_params, &ca_key).leak();
        let list: &[u8] = list(&ca_params, ca_key, entries).leak();
        let (anchors, crls) = (Anchors::parse([root]).unwrap(), Crls::parse([list]).unwrap());
        let chain = Chain::parse(leaf, [intermediate]).unwrap();
        let (_, kept) = chain.verify_keeping(&anchors, &profile(&crls), signature::ALL, now(0)).unwrap();
        let issuer = Anchors::parse([intermediate]).unwrap();
        let prepared = crls.prepared(&issuer, signature::ALL);
        Self { root, intermediate, leaf, list, anchors, crls, direct: (issuer, prepared), kept }
    }

    /// The next leaf of the fleet.
    pub fn kept(&self, name: &'static str) -> Case<'_> {
        Case::new(name, move || {
            let leaf = Certificate::parse(black_box(self.leaf)).unwrap();
            black_box(self.kept.verify(&leaf, ExpectedSubject::Any, signature::ALL, now(0)).unwrap());
        })
        .calls(8)
    }

    /// A leaf below an anchor whose lists were prepared, as a hub's configuration does.
    pub fn prepared(&self, name: &'static str) -> Case<'_> {
        let (anchors, crls) = &self.direct;
        Case::new(name, move || {
            let chain = Chain::parse(black_box(self.leaf), [] as [&[u8]; 0]).unwrap();
            black_box(chain.verify(anchors, &profile(crls), signature::ALL, now(0)).unwrap());
        })
        .calls(8)
    }

    /// The chain and its list anew.
    pub fn whole(&self, name: &'static str) -> Case<'_> {
        Case::new(name, move || {
            let chain = Chain::parse(black_box(self.leaf), [self.intermediate]).unwrap();
            black_box(chain.verify(&self.anchors, &profile(&self.crls), signature::ALL, now(0)).unwrap());
        })
        .calls(1)
    }

    /// The chain and its list anew by rustls-webpki.
    pub fn webpki(&self, name: &'static str) -> Case<'static> {
        webpki(name, self.root, self.intermediate, self.leaf, Some(self.list)).calls(1)
    }
}

fn profile(crls: &Crls) -> Profile<'_> {
    let rules = Revocation::by(crls).with_depth(RevocationDepth::Leaf);
    Profile::device(ExpectedSubject::Any).with_revocation(rules)
}

/// A list of a thousand entries; only the leaf's status is checked.
pub(crate) fn cases() -> Vec<Case<'static>> {
    let listed: &Listed = Box::leak(Box::new(Listed::new(1000)));
    vec![listed.kept("kept 1000 revoked"), listed.webpki("webpki 1000 revoked")]
}

fn list(ca_params: &rcgen::CertificateParams, ca_key: KeyPair, entries: u32) -> Vec<u8> {
    let at = rcgen::date_time_ymd(2025, 12, 1);
    let revoked = |serial: u32| RevokedCertParams {
        serial_number: SerialNumber::from_slice(&serial.to_be_bytes()),
        revocation_time: at,
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: at,
        next_update: rcgen::date_time_ymd(2026, 2, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: (0x0100_0000..0x0100_0000 + entries).map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let issuer = rcgen::Issuer::new(ca_params.clone(), ca_key);
    params.signed_by(&issuer).unwrap().der().to_vec()
}
