//! Revocation by lists (RFC 5280 sections 5 and 6.3). A list is parsed before anybody knows whether to trust it,
//! and trusted only while its signer's own path holds.

pub(crate) mod crl;
pub(crate) mod entry;
pub(crate) mod kept;
pub(crate) mod reasons;
pub(crate) mod rules;
mod scope;
pub(crate) mod signer;
pub(crate) mod status;
