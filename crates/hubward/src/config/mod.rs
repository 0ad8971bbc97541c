//! The configuration of each kind of authentication.
//!
//! - [`Rules`]: a hub, for devices, modules and services.
//! - [`X509Rules`]: the verification of certificates, at a hub or at a provisioning service.
//! - [`ProvisioningRules`]: a provisioning service (DPS).
//! - [`UserRules`]: users of the directory with bearer tokens.

mod directory;
mod hub;
mod provisioning;
mod x509;

pub use directory::{HUB_AUDIENCE, UserRules};
pub use hub::{BothCredentials, Rules};
pub use provisioning::ProvisioningRules;
pub use x509::X509Rules;
