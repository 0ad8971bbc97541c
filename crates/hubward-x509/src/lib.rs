#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod algorithm;
pub mod certificate;
pub mod crl;
pub mod error;
mod identity;
#[cfg(feature = "issue")]
pub mod issue;
mod issuer;
mod path;
pub mod pem;
pub mod possession;
pub mod profile;
pub mod thumbprint;
mod tlv;
pub mod trust;

pub use certificate::{Certificate, CertificateRequest, Name, PublicKey, Seconds, Validity, VerifiedRequest};
pub use crl::{Crls, Revocation, RevocationStatus};
pub use error::{CertificatePosition, ChainError, Problem};
pub use issuer::VerifiedIssuer;
pub use path::budget::Budget;
pub use path::chain::{Chain, VerifiedChain};
pub use possession::{CaVerification, VerificationCode, VerifiedCa};
pub use profile::{ExpectedSubject, Profile, Purpose};
pub use rustls_pki_types::{ServerName, UnixTime};
pub use thumbprint::{ExpectedThumbprints, ThumbprintMatch, ValidityPolicy};
pub use trust::{Anchors, BundleDraft, SignedBundle, TrustBundle, TrustPeriod, UpdateKey};
