#![doc = include_str!("../README.md")]
#![no_std]

mod digest;
mod hmac;
mod seal;

pub use digest::Digests;
pub use hmac::HmacKey;
pub use seal::SealKey;
