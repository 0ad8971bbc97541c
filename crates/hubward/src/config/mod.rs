//! The configuration of each kind of authentication.
//!
//! - [`HubConfig`]: a hub, for devices, modules and services.
//! - [`X509Config`]: the verification of certificates, at a hub or at a provisioning service.
//! - [`ProvisioningConfig`]: a provisioning service (DPS).
//! - [`DirectoryConfig`]: users of the directory with bearer tokens.

mod directory;
mod hub;
mod provisioning;
mod x509;

pub use directory::{DirectoryConfig, HUB_AUDIENCE};
pub use hub::{BothCredentials, HubConfig};
pub use provisioning::ProvisioningConfig;
pub(crate) use provisioning::ProvisioningHosts;
pub use x509::X509Config;
