//! The configuration of a provisioning service (DPS).

use alloc::boxed::Box;
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
    shared: Arc<Shared<K>>,
}

struct Shared<K> {
    scope: Box<str>,
    token: TokenRules,
    both: BothCredentials,
    x509: Option<X509Config>,
    dummy_key: Arc<K>,
}

impl<K: MacKey> ProvisioningConfig<K> {
    /// Configures the service of that id scope, with [`TokenRules::STRICT`] and without certificates.
    #[must_use]
    pub fn new(scope: IdScope<'_>, dummy_key: K) -> Self {
        let shared = Shared {
            scope: scope.as_str().into(),
            token: TokenRules::STRICT,
            both: BothCredentials::Refuse,
            x509: None,
            dummy_key: Arc::new(dummy_key),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Sets the requirements on tokens.
    #[must_use]
    pub fn with_token_rules(mut self, rules: TokenRules) -> Self {
        Arc::make_mut(&mut self.shared).token = rules;
        self
    }

    /// Selects a credential for a device that presents a certificate and a token. The default is
    /// [`BothCredentials::Refuse`].
    #[must_use]
    pub fn with_both_credentials(mut self, both: BothCredentials) -> Self {
        Arc::make_mut(&mut self.shared).both = both;
        self
    }

    /// Enables certificates and sets the requirements on them. Without this call every certificate is rejected. The
    /// trust anchors are the authorities whose owners have proven to the service that they hold the private key.
    #[must_use]
    pub fn with_x509(mut self, x509: X509Config) -> Self {
        Arc::make_mut(&mut self.shared).x509 = Some(x509);
        self
    }

    pub(crate) fn scope(&self) -> IdScope<'_> {
        IdScope::assertion(&self.shared.scope)
    }

    pub(crate) fn token(&self) -> &TokenRules {
        &self.shared.token
    }

    pub(crate) fn both_credentials(&self) -> BothCredentials {
        self.shared.both
    }

    pub(crate) fn x509(&self) -> Option<&X509Config> {
        self.shared.x509.as_ref()
    }

    pub(crate) fn dummy_key(&self) -> &K {
        &self.shared.dummy_key
    }
}

impl<K> Clone for ProvisioningConfig<K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<K> Clone for Shared<K> {
    fn clone(&self) -> Self {
        Self {
            scope: self.scope.clone(),
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
            .field("scope", &self.shared.scope)
            .field("token", &self.shared.token)
            .field("x509", &self.shared.x509)
            .finish_non_exhaustive()
    }
}
