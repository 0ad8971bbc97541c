#![doc = include_str!("../README.md")]
#![no_std]

mod digest;
mod hmac;
mod message;

pub use digest::Digests;
pub use hmac::HmacKey;
