//! Selection of the algorithm for a signature, and its verification.

use rustls_pki_types::SignatureVerificationAlgorithm;

use crate::algorithm;
use crate::certificate::{PublicKey, Signed};
use crate::error::{Problem, UnsupportedAlgorithm};

/// Verifies the signature with `key`, with each algorithm that matches both identifiers.
pub(crate) fn check_signature(
    signed: &Signed<'_>,
    key: &PublicKey<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Result<(), Problem> {
    let mut problem = None;
    for algorithm in algorithms {
        if !fits(*algorithm, signed, key) {
            continue;
        }
        match key.verify(signed.message, signed.signature, *algorithm) {
            Ok(()) => return Ok(()),
            Err(bad) => problem = Some(bad),
        }
    }
    Err(problem.unwrap_or_else(|| UnsupportedAlgorithm::new(signed.algorithm, key).into()))
}

/// Returns `true` if one of the algorithms is that of the signature and of the key.
pub(crate) fn is_supported(
    signed: &Signed<'_>,
    key: &PublicKey<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> bool {
    algorithms.iter().any(|algorithm| fits(*algorithm, signed, key))
}

fn fits(algorithm: &dyn SignatureVerificationAlgorithm, signed: &Signed<'_>, key: &PublicKey<'_>) -> bool {
    *algorithm.public_key_alg_id() == *key.algorithm
        && algorithm::is_same(&algorithm.signature_alg_id(), signed.algorithm)
}
