//! The configuration of a provisioning service (DPS).

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use hubward_core::{Authority, IdScope, Keys, MacKey};
use hubward_sas::TokenRules;

use super::hub::BothCredentials;
use super::x509::X509Config;
use crate::transport::hub_name::without_port;

/// The service's id scope, its requirements on tokens and certificates, and a dummy key as in [`HubConfig`](crate::HubConfig).
///
/// It owns all of these; a clone shares them.
///
/// ```
/// use hubward::ProvisioningConfig;
/// use hubward::types::{Authority, IdScope, SymmetricKey};
/// use hubward_rustcrypto::HmacKey;
///
/// let dummy_key = HmacKey::new(&SymmetricKey::generate(getrandom::fill)?);
/// let config = ProvisioningConfig::new(IdScope::parse("0ne00000A0A")?, dummy_key)
///     .with_service_host(Authority::parse("contoso-dps.example")?)
///     .with_device_hosts([Authority::parse("global.contoso-dps.example")?]);
/// # let _ = config;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ProvisioningConfig<K> {
    scope: Arc<str>,
    token: TokenRules,
    both: BothCredentials,
    x509: Option<Arc<X509Config>>,
    hosts: Arc<ProvisioningHosts>,
    dummy_key: Arc<K>,
}

/// The host names of a provisioning service.
#[derive(Debug, Clone)]
pub(crate) struct ProvisioningHosts {
    service: Option<Arc<str>>,
    device: Arc<[Box<str>]>,
}

impl ProvisioningHosts {
    /// Returns the service's own host, at which policies' tokens are valid.
    pub(crate) fn service(&self) -> Option<Authority<'_>> {
        self.service.as_deref().map(Authority::assertion)
    }

    /// Returns `true` if a request with this `Host` header, or a URI with this host, is for the service's own host.
    pub(crate) fn is_service(&self, host: &Authority<'_>) -> bool {
        self.service.as_deref().is_some_and(|own| is_same(own, host))
    }

    /// Returns `true` if devices may connect to this host: the service's own, or one that devices connect to, such as the
    /// global endpoint.
    pub(crate) fn is_device(&self, host: &Authority<'_>) -> bool {
        self.is_service(host) || self.device.iter().any(|own| is_same(own, host))
    }
}

/// Compares without regard to ASCII case. The port of `host` is that of the connection, unless the own name has one.
fn is_same(own: &str, host: &Authority<'_>) -> bool {
    own.eq_ignore_ascii_case(host.as_str()) || own.eq_ignore_ascii_case(without_port(host).as_str())
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
            hosts: Arc::new(ProvisioningHosts { service: None, device: Arc::new([]) }),
            dummy_key: Arc::new(dummy_key),
        }
    }

    /// Sets the service's own host name, at which the tokens of its policies are valid. Without this call every policy's
    /// token is rejected.
    #[must_use]
    pub fn with_service_host(mut self, host: Authority<'_>) -> Self {
        Arc::make_mut(&mut self.hosts).service = Some(host.as_str().into());
        self
    }

    /// Sets the host names that devices connect to, such as `global.azure-devices-provisioning.net`. Links whose address
    /// is a URI need one of these, or the service's own.
    #[must_use]
    pub fn with_device_hosts<'h>(mut self, hosts: impl IntoIterator<Item = Authority<'h>>) -> Self {
        let hosts = hosts.into_iter().map(|host| host.as_str().into()).collect();
        Arc::make_mut(&mut self.hosts).device = hosts;
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

    pub(crate) fn hosts(&self) -> &ProvisioningHosts {
        &self.hosts
    }

    pub(crate) fn dummy_key(&self) -> &K {
        &self.dummy_key
    }

    /// Returns the dummy key in both slots.
    pub(crate) fn dummy_keys(&self) -> Keys<'_, K> {
        Keys::pair(self.dummy_key(), self.dummy_key())
    }
}

impl<K> Clone for ProvisioningConfig<K> {
    fn clone(&self) -> Self {
        Self {
            scope: Arc::clone(&self.scope),
            token: self.token,
            both: self.both,
            x509: self.x509.clone(),
            hosts: self.hosts.clone(),
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
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}
