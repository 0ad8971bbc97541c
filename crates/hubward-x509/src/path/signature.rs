//! Selection of the algorithm for a signature, and its verification.

use rustls_pki_types::SignatureVerificationAlgorithm;

use crate::certificate::{PublicKey, Signed};
use crate::error::Problem;

/// Verifies the signature with `key`, with each algorithm that matches both identifiers.
pub(crate) fn check_signature(
    signed: &Signed<'_>,
    key: &PublicKey<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Result<(), Problem> {
    let mut problem = Problem::UnsupportedAlgorithm;
    for algorithm in algorithms {
        if *algorithm.signature_alg_id() != *signed.algorithm {
            continue;
        }
        match key.verify(signed.message, signed.signature, *algorithm) {
            Ok(()) => return Ok(()),
            Err(Problem::UnsupportedAlgorithm) => {}
            Err(bad) => problem = bad,
        }
    }
    Err(problem)
}
