//! Roots in the field: which CAs a device trusts, from when until when, and how that changes over its years.
//! The format is on [`SignedBundle`](crate::SignedBundle).

pub(crate) mod anchor;
pub(crate) mod bundle;
pub(crate) mod contents;
pub(crate) mod draft;
pub(crate) mod error;
pub(crate) mod report;
pub(crate) mod signed;
pub(crate) mod update_key;

/// The first field of what is signed: no certificate, request or list begins like it, so that a signature for one
/// is none for the other.
const FORMAT: &[u8] = b"hubward trust bundle 1";
/// Longest bundle with its signatures. 32 of the largest public roots are a third of it.
const LONGEST: usize = 128 * 1024;
/// Most keys; more people than that sign nothing together.
const MOST_KEYS: usize = 16;
/// Most signatures, and so most that are checked of one update: those of all keys before and of all keys after.
const MOST_SIGNATURES: usize = 32;
/// Most anchors. The hubs of one maker need seven; this is no store for all of the public web.
const MOST_ANCHORS: usize = 32;
