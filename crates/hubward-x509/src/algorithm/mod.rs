//! Algorithms of signatures and keys: the comparison of their identifiers ([`is_same`]) and their names in messages.

mod identifier;
mod name;

pub(crate) use identifier::is_same;
pub use name::{KeyAlgorithm, SignatureAlgorithm, UnsupportedAlgorithm, UnsupportedKey};
