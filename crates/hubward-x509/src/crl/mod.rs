//! Revocation by CRLs (RFC 5280 sections 5 and 6.3): parsed lists ([`Crls`]), the configuration of the check
//! ([`Revocation`]) and its result ([`RevocationStatus`]). A revocation list is parsed before it is verified, and is
//! used only if its signer has a valid path of its own.
//!
//! The private module `status` decides whether a certificate is revoked, `scope` which certificates a list covers,
//! `signer` finds and verifies the signer of a list. These modules are recursive with the module `path`, as RFC 5280
//! 6.3.3 (f) is: the status of a certificate depends on a signer, the signer on a path, and each certificate of that
//! path on its status. The [`Budget`](crate::Budget) and the certificates in progress (`status`) bound the recursion.

mod entry;
pub(crate) mod list;
mod own_list;
pub(crate) mod owned;
mod prepared;
mod reasons;
mod rules;
mod scope;
pub(crate) mod signer;
pub(crate) mod status;

pub use entry::Revoked;
pub use list::{Crl, CrlError, Crls};
pub use reasons::{Reasons, RevocationReason};
pub use rules::{
    CrlProblem, CrlRequirement, ExpiredCrl, NextUpdate, Revocation, RevocationDepth, RevocationStatus,
    StatusUnknown, UnknownStatus,
};
pub(crate) use scope::check_distribution_points;
