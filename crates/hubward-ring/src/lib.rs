#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod digest;
mod hmac;
mod seal;
/// Signatures of certificates.
pub mod signature;
mod signing;

pub use digest::Digests;
pub use hmac::HmacKey;
pub use seal::SealKey;
pub use signing::{NoSigningKey, NotSigned, SigningKey};
