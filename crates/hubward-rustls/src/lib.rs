#![doc = include_str!("../README.md")]

mod error;
mod handshake;
mod limits;
mod possession_only;
mod schemes;

pub use error::Refusal;
pub use limits::{Limits, TooLarge};
pub use possession_only::{ClientAuth, PossessionOnly};
pub use schemes::ALGORITHMS;
