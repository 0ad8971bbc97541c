//! The configuration of a provisioning service (DPS).

use core::fmt;

use hubward_core::{Authority, IdScope, MacKey};
use hubward_sas::TokenRules;

use super::hub::BothCredentials;
use super::x509::X509Config;
use crate::transport::hub_name::without_port;

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
    pub(crate) hosts: ProvisioningHosts<'r>,
    pub(crate) dummy_key: K,
}

/// The host names of a provisioning service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProvisioningHosts<'r> {
    /// The service's own host, at which policies' tokens are valid.
    pub(crate) service: Option<Authority<'r>>,
    /// The hosts that devices connect to, such as the global endpoint.
    pub(crate) device: &'r [Authority<'r>],
}

impl ProvisioningHosts<'_> {
    /// Returns `true` if a request with this `Host` header, or a URI with this host, is for the service's own host.
    pub(crate) fn is_service(&self, host: &Authority<'_>) -> bool {
        self.service.is_some_and(|own| is_same(&own, host))
    }

    /// Returns `true` if devices may connect to this host.
    pub(crate) fn is_device(&self, host: &Authority<'_>) -> bool {
        self.is_service(host) || self.device.iter().any(|own| is_same(own, host))
    }
}

/// Compares without regard to ASCII case. The port of `host` is that of the connection, unless the own name has one.
fn is_same(own: &Authority<'_>, host: &Authority<'_>) -> bool {
    own.as_str().eq_ignore_ascii_case(host.as_str())
        || own.as_str().eq_ignore_ascii_case(without_port(host).as_str())
}

impl<'r, K: MacKey> ProvisioningConfig<'r, K> {
    /// Configures the service of that id scope, with [`TokenRules::STRICT`] and without certificates.
    #[must_use]
    pub const fn new(scope: IdScope<'r>, dummy_key: K) -> Self {
        let (token, both) = (TokenRules::STRICT, BothCredentials::Refuse);
        let hosts = ProvisioningHosts { service: None, device: &[] };
        Self { scope, token, both, x509: None, hosts, dummy_key }
    }

    /// Sets the service's own host name, at which the tokens of its policies are valid. Without this call every policy's
    /// token is rejected.
    #[must_use]
    pub const fn with_service_host(mut self, host: Authority<'r>) -> Self {
        self.hosts.service = Some(host);
        self
    }

    /// Sets the host names that devices connect to, such as `global.azure-devices-provisioning.net`. Links whose address
    /// is a URI need one of these, or the service's own.
    #[must_use]
    pub const fn with_device_hosts(mut self, hosts: &'r [Authority<'r>]) -> Self {
        self.hosts.device = hosts;
        self
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
