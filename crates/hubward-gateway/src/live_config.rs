//! The configuration of this moment, which is replaced as a whole when its files change.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use hubward::types::{Authority, SymmetricKey};
use hubward::{HubConfig, X509Config};
use hubward_rustcrypto::HmacKey;

/// A configuration with the number of its version.
pub(crate) struct LiveConfig {
    config: RwLock<HubConfig<HmacKey>>,
    version: AtomicU64,
}

impl LiveConfig {
    pub(crate) const fn new(config: HubConfig<HmacKey>) -> Self {
        Self { config: RwLock::new(config), version: AtomicU64::new(0) }
    }

    /// Returns the configuration.
    pub(crate) fn get(&self) -> HubConfig<HmacKey> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the version of the verification of certificates. A configuration that is read later is of this version or
    /// a newer one.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Replaces the other names of the hub. Sessions stay: each new authentication requires a name of this moment.
    pub(crate) fn set_aliases(&self, aliases: Vec<Authority<'_>>) {
        let mut config = self.config.write().unwrap_or_else(PoisonError::into_inner);
        *config = config.clone().with_aliases(aliases);
    }

    /// Replaces the verification of certificates.
    pub(crate) fn set_x509(&self, x509: X509Config) {
        let mut config = self.config.write().unwrap_or_else(PoisonError::into_inner);
        *config = config.clone().with_x509(x509);
        self.version.fetch_add(1, Ordering::AcqRel);
    }
}

/// Returns a new dummy key, which no identity has.
pub(crate) fn dummy_key() -> Result<HmacKey, getrandom::Error> {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes)?;
    // 32 bytes are a valid key length
    let key = SymmetricKey::from_bytes(&*bytes).map_err(|_| getrandom::Error::UNEXPECTED)?;
    Ok(HmacKey::new(&key))
}
