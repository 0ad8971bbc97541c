//! The configuration of a provisioning service (DPS).

use core::fmt;

use hubward_core::{IdScope, MacKey};
use hubward_sas::TokenRules;

use super::hub::BothCredentials;
use super::x509::X509Config;

/// The service's id scope, its requirements on tokens and certificates, and a dummy key as in [`HubConfig`](crate::HubConfig).
///
/// ```
/// use hubward::ProvisioningConfig;
/// use hubward::types::{IdScope, SymmetricKey};
/// use hubward_rustcrypto::HmacKey;
///
/// // in production: 32 bytes of a random number generator
/// let dummy_key = HmacKey::new(&SymmetricKey::from_bytes(b"random, used by no device")?);
/// let rules = ProvisioningConfig::new(IdScope::parse("0ne00000A0A")?, dummy_key);
/// # let _ = rules;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ProvisioningConfig<'r, K> {
    pub(crate) scope: IdScope<'r>,
    pub(crate) token: TokenRules,
    pub(crate) both: BothCredentials,
    pub(crate) x509: Option<X509Config<'r>>,
    pub(crate) dummy_key: K,
}

impl<'r, K: MacKey> ProvisioningConfig<'r, K> {
    /// Configures the service of that id scope, with [`TokenRules::STRICT`] and without certificates.
    #[must_use]
    pub const fn new(scope: IdScope<'r>, dummy_key: K) -> Self {
        Self { scope, token: TokenRules::STRICT, both: BothCredentials::Refuse, x509: None, dummy_key }
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
    pub const fn with_x509(mut self, rules: X509Config<'r>) -> Self {
        self.x509 = Some(rules);
        self
    }
}

impl<K> fmt::Debug for ProvisioningConfig<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvisioningConfig")
            .field("scope", &self.scope)
            .field("token", &self.token)
            .field("x509", &self.x509)
            .finish_non_exhaustive()
    }
}
