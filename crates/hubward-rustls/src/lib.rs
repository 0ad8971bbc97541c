#![doc = include_str!("../README.md")]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client_certificate;
mod error;
mod limits;
mod proof_of_possession;
mod resumption;
mod schemes;
mod server_certificate;
mod tls_verifier;
mod trust;

pub use client_certificate::{ClientCertificateVerifier, VerifiedClient};
pub use error::VerifierError;
pub use limits::{Limits, TooLarge};
pub use proof_of_possession::{ClientAuth, ProofOfPossessionVerifier};
pub use resumption::without_resumption;
pub use schemes::ALGORITHMS;
pub use server_certificate::ServerVerifier;
pub use trust::{IssuerStatus, TrustLookup, TrustStore};
