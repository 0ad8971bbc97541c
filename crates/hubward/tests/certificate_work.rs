//! The cost of a certificate, counted in signatures and thumbprints.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;
#[path = "common/fleet.rs"]
mod fleet;

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::LazyLock;

use common::{HUB, at, device, key, username};
use fleet::{Fleet, Shown, TODAY, entity, self_signed, sha1, sha256};
use hubward::types::{
    Credential, Digest, HostName, Identity, IdentityRecord, Keys, LookupResult, RecordVersion, Status,
    Thumbprint,
};
use hubward::{Credentials, HubConfig, X509Config};
use hubward_ring::{Digests, signature};
use hubward_rustcrypto::HmacKey;
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

static SIGNATURES: AtomicUsize = AtomicUsize::new(0);
static DIGESTS: AtomicUsize = AtomicUsize::new(0);

/// The algorithms that count the signatures that they verify.
static COUNTED: LazyLock<Vec<Counted>> =
    LazyLock::new(|| signature::ALL.iter().map(|one| Counted(*one)).collect());
static ALGORITHMS: LazyLock<Vec<&dyn SignatureVerificationAlgorithm>> =
    LazyLock::new(|| COUNTED.iter().map(|one| one as _).collect());

#[derive(Debug)]
struct Counted(&'static dyn SignatureVerificationAlgorithm);

impl SignatureVerificationAlgorithm for Counted {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        SIGNATURES.fetch_add(1, Ordering::Relaxed);
        self.0.verify_signature(key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.0.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.0.signature_alg_id()
    }
}

#[derive(Debug)]
struct CountedDigests;

impl Digest for CountedDigests {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        DIGESTS.fetch_add(1, Ordering::Relaxed);
        Digests.sha256(data)
    }

    fn sha1_for_legacy_thumbprints(&self, data: &[u8]) -> [u8; 20] {
        DIGESTS.fetch_add(1, Ordering::Relaxed);
        Digests.sha1_for_legacy_thumbprints(data)
    }
}

/// Returns the code of the first result, and the number of signatures and thumbprints that it took.
fn judge(fleet: &Fleet, shown: &Shown, found: LookupResult<'_, HmacKey>) -> (&'static str, usize, usize) {
    let anchors = fleet.anchors();
    let x509 = X509Config::new(anchors, &ALGORITHMS, &CountedDigests);
    let rules = HubConfig::new(HostName::parse(HUB).unwrap(), key("dummy")).with_x509(x509);
    let name = username("dev1");
    let presented = Credentials::mqtt("dev1", &name, None).unwrap().with_certificates(shown);
    let question = presented.start(&rules).unwrap();
    SIGNATURES.store(0, Ordering::Relaxed);
    DIGESTS.store(0, Ordering::Relaxed);
    let code = question.resume(found, at(TODAY)).map_or_else(|error| error.code(), |_| "ok");
    (code, SIGNATURES.load(Ordering::Relaxed), DIGESTS.load(Ordering::Relaxed))
}

fn record<'k>(id: &'static str, credential: Credential<'k, HmacKey>) -> LookupResult<'k, HmacKey> {
    let identity = Identity::Device(device(id));
    LookupResult::Identity(IdentityRecord::new(
        identity,
        Status::Enabled,
        RecordVersion::new(1, 1),
        credential,
    ))
}

// one test, because the counters are global
#[test]
fn every_rejection_costs_the_same() {
    let fleet = Fleet::new();
    let (primary, other) = (key("dev1 primary"), Thumbprint::Sha256([7; 32]));
    let old = Thumbprint::Sha1([7; 20]);
    let pins = |primary, secondary| Credential::Thumbprints { primary, secondary };
    for (shown, signatures, by_chain) in [
        // a signature in the name of the registered root
        (fleet.forged(&entity("dev1")), 1, "certificate-wrong-signature"),
        // self-signed
        (self_signed(&entity("dev1")), 0, "certificate-unknown-issuer"),
        // another device's, issued below the registered root
        (fleet.lasting(&entity("dev10")), 0, "certificate-identity-mismatch"),
    ] {
        for (found, code) in [
            (record("dev1", Credential::CertificateAuthority), by_chain),
            (record("dev1", pins(Some(&other), None)), "certificate-not-pinned"),
            (record("dev1", pins(None, Some(&old))), "certificate-not-pinned"),
            (record("dev1", pins(Some(&other), Some(&other))), "certificate-not-pinned"),
            (record("dev1", Credential::Keys(Keys::one(&primary))), "not-by-certificate"),
            (record("dev1", Credential::None), "not-by-certificate"),
            (record("dev10", Credential::CertificateAuthority), "record-mismatch"),
            (LookupResult::NotFound, "unknown"),
        ] {
            assert_eq!(judge(&fleet, &shown, found), (code, signatures, 2), "{by_chain}");
        }
    }

    // a successful authentication costs less: the path and the thumbprints above the leaf, two of them for the
    // intermediate, or the leaf's own thumbprints
    let shown = fleet.lasting(&entity("dev1"));
    assert_eq!(judge(&fleet, &shown, record("dev1", Credential::CertificateAuthority)), ("ok", 2, 3));
    let (own, own_sha1) = (sha256(&shown[0]), sha1(&shown[0]));
    assert_eq!(judge(&fleet, &shown, record("dev1", pins(Some(&own), None))), ("ok", 0, 1));
    assert_eq!(judge(&fleet, &shown, record("dev1", pins(Some(&own_sha1), Some(&old)))), ("ok", 0, 2));

    // the budget is the maximum
    let crowd = fleet.crowd(&entity("dev1"), 9);
    let (code, signatures, digests) = judge(&fleet, &crowd, LookupResult::NotFound);
    assert_eq!((code, signatures, digests), ("unknown", 16, 2), "16 signatures are the budget");
}
