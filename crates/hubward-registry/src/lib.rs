#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod record;
mod registry;

pub use record::{Authentication, KeyPair};
pub use registry::{Registry, RegistryError};
