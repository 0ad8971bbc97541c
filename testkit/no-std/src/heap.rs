//! The crates that need a heap.

use hubward::{Credentials, HubConfig};
use hubward_connection_string::ConnectionString;
use hubward_core::HostName;
use hubward_policy::Operation;
use hubward_registry::Registry;
use hubward_rustcrypto::HmacKey;
use hubward_x509::{Chain, TrustBundle};

#[global_allocator]
static HEAP: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// Calls each of them once, for the linker.
pub fn each(text: &str, der: &[u8], dummy: HmacKey) -> bool {
    let registry = Registry::<HmacKey>::unseeded();
    let config = HostName::parse(text).map(|hub| HubConfig::new(hub, dummy));
    let others: [&[u8]; 0] = [];
    Chain::parse(der, &others).is_ok()
        && TrustBundle::load(der, &[]).is_ok()
        && ConnectionString::parse(text, &hubward_connection_string::ParseOptions::STRICT).is_ok()
        && Credentials::mqtt(text, text, Some(text)).is_ok()
        && Operation::mqtt_publish(text).endpoint().is_some()
        && config.is_ok_and(|_| core::mem::size_of_val(&registry) > 0)
}
