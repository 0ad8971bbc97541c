//! The configuration of a provisioning service (DPS).

use alloc::sync::Arc;
use core::fmt;

use hubward_core::{IdScope, MacKey};
use hubward_sas::TokenRules;

use super::hub::BothCredentials;
use super::x509::X509Config;

/// The service's id scope, its requirements on tokens and certificates, and a dummy key as in [`HubConfig`](crate::HubConfig).
///
/// It owns all of these; a clone shares them.
///
/// ```
/// use hubward::ProvisioningConfig;
/// use hubward::types::{IdScope, SymmetricKey};
/// use hubward_rustcrypto::HmacKey;
///
/// let dummy_key = HmacKey::new(&SymmetricKey::generate(getrandom::fill)?);
/// let config = ProvisioningConfig::new(IdScope::parse("0ne00000A0A")?, dummy_key);
/// # let _ = config;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ProvisioningConfig<K> {
    scope: Arc<str>,
    token: TokenRules,
    both: BothCredentials,
    x509: Option<Arc<X509Config>>,
    dummy_key: Arc<K>,
}

impl<K: MacKey> ProvisioningConfig<K> {
    /// Configures the service of that id scope, with [`TokenRules::STRICT`] and without certificates.
    #[must_use]
    pub fn new(scope: IdScope<'_>, dummy_key: K) -> Self {
        Self {
            scope: scope.as_str().into(),
            token: TokenRules::STRICT,
            both: BothCredentials::Refuse,
            x509: None,
            dummy_key: Arc::new(dummy_key),
        }
    }

    /// Sets the requirements on tokens.
    #[must_use]
    pub const fn with_token_rules(mut self, rules: TokenRules) -> Self {
        self.token = rules;
        self
    }

    /// Selects a credential for a device that presents a certificate and a token. The default is
    /// [`BothCredentials::Refuse`].
    #[must_use]
    pub const fn with_both_credentials(mut self, both: BothCredentials) -> Self {
        self.both = both;
        self
    }

    /// Enables certificates and sets the requirements on them. Without this call every certificate is rejected. The
    /// trust anchors are the authorities whose owners have proven to the service that they hold the private key.
    #[must_use]
    pub fn with_x509(mut self, x509: X509Config) -> Self {
        self.x509 = Some(Arc::new(x509));
        self
    }

    pub(crate) fn scope(&self) -> IdScope<'_> {
        IdScope::assertion(&self.scope)
    }

    pub(crate) const fn token(&self) -> &TokenRules {
        &self.token
    }

    pub(crate) const fn both_credentials(&self) -> BothCredentials {
        self.both
    }

    pub(crate) fn x509(&self) -> Option<&X509Config> {
        self.x509.as_deref()
    }

    pub(crate) fn dummy_key(&self) -> &K {
        &self.dummy_key
    }
}

impl<K> Clone for ProvisioningConfig<K> {
    fn clone(&self) -> Self {
        Self {
            scope: Arc::clone(&self.scope),
            token: self.token,
            both: self.both,
            x509: self.x509.clone(),
            dummy_key: Arc::clone(&self.dummy_key),
        }
    }
}

impl<K> fmt::Debug for ProvisioningConfig<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvisioningConfig")
            .field("scope", &self.scope)
            .field("token", &self.token)
            .field("x509", &self.x509)
            .finish_non_exhaustive()
    }
}
