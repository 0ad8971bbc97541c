#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod certificate;
mod error;
mod identity;
mod issuer;
mod path;
pub mod pem;
mod possession;
mod profile;
mod revocation;
mod roots;
mod thumbprint;
mod tlv;
mod write;

pub use certificate::extensions::{BasicConstraints, Extension, Extensions, KeyUsage};
pub use certificate::general_name::{GeneralName, SubjectAltNames};
pub use certificate::name::Name;
pub use certificate::request::{CertificateRequest, VerifiedRequest};
pub use certificate::time::{OutsideValidity, Seconds, Validity};
pub use certificate::{Certificate, PublicKey, Version};
pub use error::{
    BudgetExceeded, CaRequirement, CertificateError, CertificatePosition, ChainError, KnownExtension,
    NameForm, ParseError, Problem, WebPkiRule,
};
pub use identity::{CommonNameError, common_name};
pub use issuer::VerifiedIssuer;
pub use path::budget::Budget;
pub use path::chain::{Chain, ExplainedError, VerifiedChain};
pub use path::policy::Policies;
pub use possession::{
    CaVerification, FailedProof, PossessionError, VerificationCode, VerificationCodeError, VerifiedCa,
};
pub use profile::{
    AnchorChecks, CaRequirements, CommonNames, ExpectedSubject, ExtendedKeyUsage, PolicyInputs, Profile,
    Purpose,
};
pub use revocation::crl::{Crl, CrlError, Crls};
pub use revocation::entry::Revoked;
pub use revocation::reasons::{Reasons, RevocationReason};
pub use revocation::rules::{
    CrlProblem, CrlRequirement, ExpiredCrl, NextUpdate, Revocation, RevocationDepth, RevocationStatus,
    StatusUnknown, UnknownStatus,
};
pub use roots::anchor::Anchors;
pub use roots::bundle::TrustBundle;
pub use roots::contents::{BundledAnchor, TrustPeriod};
pub use roots::draft::BundleDraft;
pub use roots::error::{
    BundleError, BundleExpired, BundlePart, SignError, UpdateError, UpdateKeyError, UpdateKeySet,
};
pub use roots::report::{AnchorExpiry, AnchorPeriod, ExpiryCause, Report};
pub use roots::signed::SignedBundle;
pub use roots::update_key::UpdateKey;
pub use rustls_pki_types::UnixTime;
pub use thumbprint::{
    ExpectedThumbprints, ThumbprintMatch, ThumbprintMatchError, ThumbprintSlot, ValidityPolicy,
    parse_pasted_thumbprint,
};
pub use tlv::Malformed;
