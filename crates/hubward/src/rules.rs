//! What a hub admits by.

use core::fmt;

use hubward_core::{Authority, HostName, Keys, MacKey, ResourcePath, Segment};
use hubward_sas::TokenRules;
use rustls_pki_types::CertificateDer;

use crate::error::AuthError;
use crate::hub_name::is_first_label;
use crate::presented::TokenText;
use crate::x509_rules::X509Rules;

/// A certificate and a password on one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BothCredentials {
    /// The certificate is judged, and the token in the password is not read.
    CertificateWins,
    /// Nobody is admitted: which of the two speaks is not to be guessed.
    Refuse,
    /// The token in the password is judged, and the certificate proves nothing.
    TokenWins,
}

/// The credential that speaks.
pub(crate) enum Speaking<'a> {
    Token(&'a str),
    Certificates(&'a [CertificateDer<'a>]),
}

/// Which of the credentials that were presented it is.
pub(crate) fn speaking<'a>(
    token: Option<TokenText<'a>>,
    certificates: &'a [CertificateDer<'a>],
    both: BothCredentials,
) -> Result<Speaking<'a>, AuthError> {
    match (token, certificates) {
        (None, []) => Err(AuthError::NoCredential),
        (Some(token), []) => Ok(Speaking::Token(token.0)),
        (None, peer) => Ok(Speaking::Certificates(peer)),
        (Some(token), peer) => match both {
            BothCredentials::Refuse => Err(AuthError::BothCredentials),
            BothCredentials::TokenWins => Ok(Speaking::Token(token.0)),
            BothCredentials::CertificateWins => Ok(Speaking::Certificates(peer)),
        },
    }
}

/// The hub's names, its rules for tokens and for certificates, and the key that stands in where there is none.
pub struct Rules<'r, K> {
    hub: HostName<'r>,
    aliases: &'r [Authority<'r>],
    token: TokenRules,
    both: BothCredentials,
    x509: Option<X509Rules<'r>>,
    decoy: K,
}

impl<'r, K: MacKey> Rules<'r, K> {
    /// Rules for the hub of that name, by [`TokenRules::STRICT`].
    ///
    /// `decoy` is a key of fresh random bytes that nobody holds. Its work is done where an identity is unknown or
    /// has one key only, so that a peer cannot tell them apart; its tags are never accepted.
    #[must_use]
    pub const fn new(hub: HostName<'r>, decoy: K) -> Self {
        let (token, both) = (TokenRules::STRICT, BothCredentials::Refuse);
        Self { hub, aliases: &[], token, both, x509: None, decoy }
    }

    /// Other names by which tokens and usernames may call this hub, such as `localhost:8443`.
    #[must_use]
    pub const fn with_aliases(mut self, aliases: &'r [Authority<'r>]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Other rules for tokens.
    #[must_use]
    pub const fn with_token_rules(mut self, rules: TokenRules) -> Self {
        self.token = rules;
        self
    }

    /// What counts where a certificate and a password are presented; without this, neither.
    #[must_use]
    pub const fn with_both_credentials(mut self, both: BothCredentials) -> Self {
        self.both = both;
        self
    }

    /// What certificates are judged by; without this, none is.
    #[must_use]
    pub const fn with_x509(mut self, rules: X509Rules<'r>) -> Self {
        self.x509 = Some(rules);
        self
    }

    pub(crate) const fn both_credentials(&self) -> BothCredentials {
        self.both
    }

    /// The rules for tokens.
    #[must_use]
    pub const fn token(&self) -> &TokenRules {
        &self.token
    }

    /// The rules for certificates, where there are any.
    #[must_use]
    pub const fn x509(&self) -> Option<&X509Rules<'r>> {
        self.x509.as_ref()
    }

    /// Whether `host` is this hub, without regard to ASCII case.
    #[inline(always)]
    pub(crate) fn is_this_hub(&self, host: Segment<'_>) -> bool {
        host.eq_decoded_ignore_ascii_case(self.hub.as_str())
            || self.aliases.iter().any(|alias| host.eq_decoded_ignore_ascii_case(alias.as_str()))
    }

    /// Whether a token's resource is this hub's or below it.
    #[inline(always)]
    pub(crate) fn is_of_this_hub(&self, resource: ResourcePath<'_>) -> bool {
        resource.is_rooted_at(self.hub.as_str())
            || self.aliases.iter().any(|alias| resource.is_rooted_at(alias.as_str()))
    }

    /// Whether `label` is the first label of this hub's host or of an alias', without regard to ASCII case.
    pub(crate) fn is_first_label(&self, label: &str) -> bool {
        is_first_label(label, self.hub.as_str())
            || self.aliases.iter().any(|alias| is_first_label(label, alias.as_str()))
    }

    pub(crate) const fn decoy(&self) -> &K {
        &self.decoy
    }

    pub(crate) const fn decoys(&self) -> Keys<'_, K> {
        Keys::pair(&self.decoy, &self.decoy)
    }
}

impl<K> fmt::Debug for Rules<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("hub", &self.hub)
            .field("aliases", &self.aliases)
            .field("token", &self.token)
            .field("x509", &self.x509)
            .finish_non_exhaustive()
    }
}
