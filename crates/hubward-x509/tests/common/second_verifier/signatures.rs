//! The signatures of a path, verified again without the code that is under test: the parts are split here, and ring verifies.

use core::cell::RefCell;
use std::collections::HashMap;

use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use x509_cert::der::Decode;
use x509_cert::der::asn1::BitStringRef;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::Path;
use super::chains::Case;
use super::der::fields;

/// The results that are kept before all are dropped.
const KEPT: usize = 20_000;

thread_local! {
    static VERIFIED: RefCell<HashMap<Vec<u8>, bool>> = RefCell::default();
}

/// Returns `true` if each certificate of the path is signed with the key of the next one, or the case accepts every signature.
pub fn are_valid(case: &Case, path: &Path) -> bool {
    let below = [&case.leaf].into_iter().chain(&path.intermediates);
    let issuers = path.intermediates.iter().chain([&path.anchor]);
    below.zip(issuers).all(|(one, issuer)| is_signed(case, one, issuer))
}

/// Returns `true` if a certificate or a list is signed with the key of this certificate.
pub fn is_signed(case: &Case, signed: &[u8], signer: &[u8]) -> bool {
    if case.algorithms.iter().any(|algorithm| algorithm.verify_signature(&[], &[], &[]).is_ok()) {
        return true;
    }
    let [message, _, signature] = fields(signed)[..] else { return false };
    let inner = fields(fields(signer)[0]);
    let spki = inner[if inner[0][0] == 0xa0 { 6 } else { 5 }];
    let (Ok(key), Ok(signature)) =
        (SubjectPublicKeyInfoRef::from_der(spki), BitStringRef::from_der(signature))
    else {
        return false;
    };
    let (Some(point), Some(signature)) = (key.subject_public_key.as_bytes(), signature.as_bytes()) else {
        return false;
    };
    VERIFIED.with_borrow_mut(|kept| {
        if kept.len() > KEPT {
            kept.clear();
        }
        let lengths = [point.len(), message.len()].map(usize::to_be_bytes).concat();
        let verify =
            || UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).is_ok();
        *kept.entry([&lengths, point, message, signature].concat()).or_insert_with(verify)
    })
}
