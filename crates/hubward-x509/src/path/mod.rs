//! Certification paths from a leaf through intermediates to an anchor (RFC 5280 section 6): [`chain`] is the entry
//! point, [`search`] finds a path, [`validate`] checks it, and [`work`] counts the effort against a [`budget`].

pub(crate) mod budget;
mod ca_requirements;
pub(crate) mod chain;
mod critical;
mod name_constraints;
pub(crate) mod policy;
pub(crate) mod search;
pub(crate) mod signature;
pub(crate) mod validate;
mod web_pki;
pub(crate) mod work;
