//! What a provisioning service admits by.

use core::fmt;

use hubward_core::{IdScope, MacKey};
use hubward_sas::TokenRules;

use crate::rules::BothCredentials;
use crate::x509_rules::X509Rules;

/// The service's id scope, its rules for tokens and for certificates, and a decoy as [`Rules`](crate::Rules) has one.
pub struct ProvisioningRules<'r, K> {
    pub(super) scope: IdScope<'r>,
    pub(super) token: TokenRules,
    pub(super) both: BothCredentials,
    pub(super) x509: Option<X509Rules<'r>>,
    pub(super) decoy: K,
}

impl<'r, K: MacKey> ProvisioningRules<'r, K> {
    /// Rules for the service of that id scope, by [`TokenRules::STRICT`].
    #[must_use]
    pub const fn new(scope: IdScope<'r>, decoy: K) -> Self {
        Self { scope, token: TokenRules::STRICT, both: BothCredentials::Refuse, x509: None, decoy }
    }

    /// Other rules for tokens.
    #[must_use]
    pub const fn with_token_rules(mut self, rules: TokenRules) -> Self {
        self.token = rules;
        self
    }

    /// What counts where a certificate and a token are presented; without this, neither.
    #[must_use]
    pub const fn with_both_credentials(mut self, both: BothCredentials) -> Self {
        self.both = both;
        self
    }

    /// What certificates are judged by; without this, none is. Its anchors are the authorities whose holders proved
    /// to the service that they have the key.
    #[must_use]
    pub const fn with_x509(mut self, rules: X509Rules<'r>) -> Self {
        self.x509 = Some(rules);
        self
    }
}

impl<K> fmt::Debug for ProvisioningRules<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvisioningRules")
            .field("scope", &self.scope)
            .field("token", &self.token)
            .field("x509", &self.x509)
            .finish_non_exhaustive()
    }
}
