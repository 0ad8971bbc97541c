//! hubward's cryptography on ring.
#![no_std]

/// Signatures of certificates.
pub mod signature;
