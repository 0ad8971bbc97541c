#![doc = include_str!("../README.md")]

mod error;
mod full;
mod handshake;
mod limits;
mod possession_only;
mod resumption;
mod schemes;
mod server_verifier;
mod trust;

pub use error::Refusal;
pub use full::{Full, Verified};
pub use limits::{Limits, TooLarge};
pub use possession_only::{ClientAuth, PossessionOnly};
pub use resumption::without_resumption;
pub use schemes::ALGORITHMS;
pub use server_verifier::ServerVerifier;
pub use trust::{Lookup, Standing, Trust};
