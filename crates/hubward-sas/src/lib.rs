#![doc = include_str!("../README.md")]
#![no_std]

mod error;
mod fields;
mod parse;
mod rules;
mod sign;
mod signature;
mod token;
mod verify;

pub use error::{ExpiryProblem, Field, ParseError, ParseProblem, SignatureProblem, VerifyError};
pub use rules::{
    DoubleEncoding, IdCase, RegistrationPolicy, SchemeCase, SknAsDeviceId, TokenRules, UnknownFields,
};
pub use sign::{SignedToken, Unsigned};
pub use token::{SasToken, VerifiedToken};
