//! Paths: from a leaf over intermediates to an anchor (RFC 5280 section 6).

pub(crate) mod budget;
pub(crate) mod chain;
mod duties;
mod name_constraints;
pub(crate) mod policy;
pub(crate) mod search;
pub(crate) mod signature;
pub(crate) mod validate;
mod web_pki;
pub(crate) mod work;
