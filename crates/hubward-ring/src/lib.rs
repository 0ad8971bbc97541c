#![doc = include_str!("../README.md")]
#![no_std]

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
