#![doc = include_str!("../README.md")]
#![no_std]

mod digest;
mod hmac;
mod seal;
/// Signatures of certificates.
pub mod signature;

pub use digest::Digests;
pub use hmac::HmacKey;
pub use seal::SealKey;
