#![doc = include_str!("../README.md")]
#![no_std]

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
pub use certificate::time::{Outside, Seconds, Validity};
pub use certificate::{Certificate, PublicKey, Version};
pub use error::{
    CertificateError, ChainError, Duty, Exhausted, Known, NameForm, ParseError, Place, Problem, WebPkiRule,
};
pub use identity::{CommonNameError, common_name};
pub use issuer::VerifiedIssuer;
pub use path::budget::Budget;
pub use path::chain::{Chain, Explained, VerifiedChain};
pub use path::policy::Policies;
pub use possession::{CaClaim, NoCode, PossessionError, Unproven, VerificationCode, VerifiedCa};
pub use profile::{
    AnchorChecks, CommonNames, Duties, ExtendedKeyUsage, PolicyInputs, Profile, Purpose, Subject,
};
pub use revocation::crl::{Crl, CrlError, Crls};
pub use revocation::entry::Revoked;
pub use revocation::reasons::{Reasons, RevocationReason};
pub use revocation::rules::{
    CrlDuty, CrlProblem, ExpiredCrl, NextUpdate, Revocation, RevocationDepth, RevocationStatus,
    StatusUnknown, UnknownStatus,
};
pub use roots::anchor::Anchors;
pub use roots::bundle::TrustBundle;
pub use roots::contents::{BundledAnchor, Window};
pub use roots::draft::BundleDraft;
pub use roots::error::{BundleError, BundleExpired, Part, Side, SignError, UpdateError, UpdateKeyError};
pub use roots::report::{Cause, Lapse, Report, Term};
pub use roots::signed::SignedBundle;
pub use roots::update_key::UpdateKey;
pub use rustls_pki_types::UnixTime;
pub use thumbprint::{PinError, PinSlot, Pins, ValidityPolicy, VerifiedPin, thumbprint_from_pasted};
pub use tlv::Malformed;
