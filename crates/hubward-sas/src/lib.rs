#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod explain;
mod fields;
mod lifetime;
mod mint;
mod parse;
mod requirements;
mod rules;
#[cfg(feature = "serde")]
mod serialize;
mod sign;
mod signature;
mod token;
mod verify;
mod writer;

pub use error::{ExpiryProblem, ParseProblem, TokenField, TokenParseError, VerifyError};
pub use explain::explain;
pub use hubward_core::SignatureProblem;
pub use lifetime::{ClockHint, LifetimeError, Margin, RenewalPlan, expires_after};
pub use mint::{DeviceTokens, MintError, derive_device_key};
pub use requirements::{RequirementError, Requirements};
pub use rules::{
    DoubleEncoding, IdCase, ManyDevices, RegistrationPolicy, SchemeCase, SknAsDeviceId, TokenRules,
    UnknownFields,
};
pub use sign::{SignedToken, UnsignedToken};
pub use token::{SasToken, VerifiedToken};
