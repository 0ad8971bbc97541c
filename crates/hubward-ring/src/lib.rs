#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod aead;
mod digest;
mod hmac;
/// Signature algorithms for certificates.
pub mod signature;
mod signing;

pub use aead::AeadKey;
pub use digest::Digests;
pub use hmac::HmacKey;
pub use signing::{SignError, SigningKey, SigningKeyError};
