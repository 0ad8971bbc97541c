//! Test tools of hubward's crates. Not published.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    clippy::exhaustive_structs,
    clippy::exhaustive_enums,
    reason = "a test that cannot go on must stop"
)]

pub mod conformance;
pub mod echo;
pub mod provider_suite;
pub mod redaction;
pub mod worlds;

/// The examples of the front page, compiled and run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct FrontPage;
