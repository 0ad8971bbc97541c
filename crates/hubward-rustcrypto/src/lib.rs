#![doc = include_str!("../README.md")]
#![no_std]

mod digest;
mod general;
mod hmac;
mod message;

pub use digest::Digests;
pub use general::{GeneralKey, GeneralTag};
pub use hmac::HmacKey;
