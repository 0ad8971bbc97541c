#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

mod digest;
mod general;
mod hmac;
mod message;

pub use digest::Digests;
pub use general::{GeneralKey, GeneralTag};
pub use hmac::HmacKey;
