//! The configuration of a hub.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use hubward_core::{Authority, HostName, Keys, MacKey, ResourcePath, Segment};
use hubward_sas::TokenRules;

use super::x509::X509Config;
use crate::transport::hub_name::{HubName, is_first_label, without_port};

/// The behaviour if a client presents a certificate and a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BothCredentials {
    /// Verify the certificate and ignore the token.
    CertificateWins,
    /// Reject the client, because a guess could select the wrong credential.
    Refuse,
    /// Verify the token and ignore the certificate.
    TokenWins,
}

/// A hub's names, its requirements on tokens and certificates, and a dummy key.
///
/// It owns all of these. A clone shares them, so a server keeps one, hands out clones, and replaces it as a whole when
/// its files change. An authentication borrows from it and allocates nothing for it.
///
/// ```
/// use hubward::{BothCredentials, HubConfig, types::{Authority, HostName, SymmetricKey}};
/// use hubward_rustcrypto::HmacKey;
///
/// let dummy_key = HmacKey::new(&SymmetricKey::generate(getrandom::fill)?);
/// let config = HubConfig::new(HostName::parse("contoso.example")?, dummy_key)
///     .with_aliases([Authority::parse("localhost:8443")?])
///     .with_both_credentials(BothCredentials::TokenWins);
/// assert_eq!(config.token().leeway, std::time::Duration::ZERO);
/// assert!(config.x509().is_none(), "certificates are rejected until an X509Config is set");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct HubConfig<K> {
    hub: Arc<str>,
    aliases: Arc<[Box<str>]>,
    token: TokenRules,
    both: BothCredentials,
    x509: Option<Arc<X509Config>>,
    dummy_key: Arc<K>,
}

impl<K: MacKey> HubConfig<K> {
    /// Configures the hub of that name, with [`TokenRules::STRICT`] and without certificates.
    ///
    /// `dummy_key` is a key of fresh random bytes that no identity has. It equalises timing: the hub computes a
    /// signature with it if an identity is unknown or has one key only, so a client cannot distinguish these cases.
    /// A token that is signed with it is rejected.
    #[must_use]
    pub fn new(hub: HostName<'_>, dummy_key: K) -> Self {
        Self {
            hub: hub.as_str().into(),
            aliases: Arc::default(),
            token: TokenRules::STRICT,
            both: BothCredentials::Refuse,
            x509: None,
            dummy_key: Arc::new(dummy_key),
        }
    }

    /// Sets other names by which tokens and usernames may refer to this hub, such as `localhost:8443`.
    #[must_use]
    pub fn with_aliases<'n>(mut self, aliases: impl IntoIterator<Item = Authority<'n>>) -> Self {
        self.aliases = aliases.into_iter().map(|alias| alias.as_str().into()).collect();
        self
    }

    /// Sets the requirements on tokens.
    #[must_use]
    pub const fn with_token_rules(mut self, rules: TokenRules) -> Self {
        self.token = rules;
        self
    }

    /// Selects a credential for a client that presents a certificate and a token. The default is
    /// [`BothCredentials::Refuse`].
    #[must_use]
    pub const fn with_both_credentials(mut self, both: BothCredentials) -> Self {
        self.both = both;
        self
    }

    /// Enables certificates and sets the requirements on them. Without this call every certificate is rejected.
    #[must_use]
    pub fn with_x509(mut self, x509: X509Config) -> Self {
        self.x509 = Some(Arc::new(x509));
        self
    }

    pub(crate) const fn both_credentials(&self) -> BothCredentials {
        self.both
    }

    /// Returns the requirements on tokens.
    #[must_use]
    pub const fn token(&self) -> &TokenRules {
        &self.token
    }

    /// Returns the requirements on certificates, or `None` if certificates are rejected.
    #[must_use]
    pub fn x509(&self) -> Option<&X509Config> {
        self.x509.as_deref()
    }

    /// Returns `true` if a transport's name for the hub is this hub's name or an alias.
    #[inline(always)]
    pub(crate) fn is_named(&self, hub: HubName<'_>) -> bool {
        match hub {
            HubName::Host(host) => self.is_host(host),
            HubName::FirstLabel(label) => {
                is_first_label(label, &self.hub)
                    || self.aliases.iter().any(|alias| is_first_label(label, alias))
            }
            HubName::Header(host) => {
                self.is_host(host.segment()) || self.is_host(without_port(&host).segment())
            }
        }
    }

    /// Compares without regard to ASCII case.
    #[inline(always)]
    fn is_host(&self, host: Segment<'_>) -> bool {
        host.eq_decoded_ignore_ascii_case(&self.hub)
            || self.aliases.iter().any(|alias| host.eq_decoded_ignore_ascii_case(alias))
    }

    /// Returns `true` if a token's resource is this hub or below it.
    #[inline(always)]
    pub(crate) fn has_resource(&self, resource: ResourcePath<'_>) -> bool {
        resource.is_rooted_at(&self.hub) || self.aliases.iter().any(|alias| resource.is_rooted_at(alias))
    }

    #[inline(always)]
    pub(crate) fn dummy_key(&self) -> &K {
        &self.dummy_key
    }

    /// Returns the dummy key in both slots.
    pub(crate) fn dummy_keys(&self) -> Keys<'_, K> {
        Keys::pair(self.dummy_key(), self.dummy_key())
    }
}

impl<K> Clone for HubConfig<K> {
    fn clone(&self) -> Self {
        Self {
            hub: Arc::clone(&self.hub),
            aliases: Arc::clone(&self.aliases),
            token: self.token,
            both: self.both,
            x509: self.x509.clone(),
            dummy_key: Arc::clone(&self.dummy_key),
        }
    }
}

impl<K> fmt::Debug for HubConfig<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubConfig")
            .field("hub", &self.hub)
            .field("aliases", &self.aliases)
            .field("token", &self.token)
            .field("x509", &self.x509)
            .finish_non_exhaustive()
    }
}
