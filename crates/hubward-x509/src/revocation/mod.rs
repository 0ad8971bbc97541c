//! Revocation by CRLs (RFC 5280 sections 5 and 6.3). A revocation list is parsed before it is verified, and is used
//! only if its signer has a valid path of its own.
//!
//! [`status`] decides whether a certificate is revoked, [`scope`] which certificates a list covers, [`signer`] finds
//! and verifies the signer of a list. These modules are recursive with [`crate::path`], as RFC 5280 6.3.3 (f) is: the
//! status of a certificate depends on a signer, the signer on a path, and each certificate of that path on its status.
//! The [budget](crate::path::budget) and the certificates in progress ([`status`]) bound the recursion.

pub(crate) mod crl;
pub(crate) mod entry;
pub(crate) mod owned;
pub(crate) mod reasons;
pub(crate) mod rules;
mod scope;
pub(crate) mod signer;
pub(crate) mod status;
