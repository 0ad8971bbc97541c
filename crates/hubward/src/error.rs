//! Why somebody was not admitted, or is not any more. The facts are for the log; the peer gets one word.

use core::fmt;

use hubward_core::{NameError, ResourceError};
use hubward_registry::ProvisionError;
use hubward_sas::{ParseError, VerifyError};
use hubward_x509::{CertificateError, ChainError, Outside, PinError, Problem};

use crate::auth_chain::AuthChainError;
use crate::mqtt::UsernameError;
use crate::sasl::SaslError;

/// Why an admission failed. `Display` is for the log and never shows a token or a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The MQTT username is not one.
    #[error(transparent)]
    Username(#[from] UsernameError),
    /// The SASL username is not one.
    #[error(transparent)]
    Sasl(#[from] SaslError),
    /// The MQTT client id is not the username's identity.
    #[error("the client id is not the identity that the username names")]
    ClientId,
    /// The `auth-chain` is about another than the username names.
    #[error("the auth-chain is for another identity than the username names")]
    AnotherTarget,
    /// A certificate and an `auth-chain`: an edge hub speaks for others by its token.
    #[error("who speaks for another does so by a token, not by a certificate")]
    ChainByCertificate,
    /// The `auth-chain` of a link is none.
    #[error(transparent)]
    AuthChain(#[from] AuthChainError),
    /// No token of the edge hub that the `auth-chain` names was put on the connection, or its time is over.
    #[error("no token of the edge hub that the auth-chain names counts on this connection")]
    NoActor,
    /// The hub's hierarchy does not have the identity below the edge hub that speaks for it.
    #[error("the identity is not below the edge hub that speaks for it")]
    NotBehind,
    /// No password, and nothing else that would prove an identity.
    #[error("no credential was presented")]
    NoCredential,
    /// A certificate and a password.
    #[error("a certificate and a token were presented, and no rule says which counts")]
    BothCredentials,
    /// A certificate, and no rules for certificates ([`Rules::with_x509`](crate::Rules::with_x509)).
    #[error("a certificate was presented, and this hub has no rules for certificates")]
    CertificatesNotJudged,
    /// More certificates than [`MAX_CERTIFICATES`](crate::MAX_CERTIFICATES), or more bytes of them than
    /// [`MAX_CERTIFICATE_BYTES`](crate::MAX_CERTIFICATE_BYTES).
    #[error("more certificates than are read")]
    TooManyCertificates,
    /// A certificate where no device or module is named whose it would be.
    #[error("a certificate was presented, and nobody is named whose it would be")]
    NobodyNamed,
    /// The certificate cannot be read.
    #[error("certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// The identity's thumbprints are not the certificate's, or it is not valid at the time.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// No registered authority vouches for the certificate in the identity's name.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The certificate, or one above it, expired between the question and its answer.
    #[error("the certificate expired {} s ago", .now.saturating_sub(*.until))]
    CertificateExpired {
        /// The last second at which it was good, since 1970.
        until: u64,
        /// The time given, in seconds since 1970.
        now: u64,
    },
    /// The `Host` header or the hostname is not the name of a host, with or without a port.
    #[error("{0}")]
    Host(NameError),
    /// An `Authorization` of another scheme.
    #[error("the authorization is of another scheme")]
    Scheme,
    /// An `Authorization: Bearer` without a token in three parts.
    #[error("no bearer token of three parts")]
    Bearer,
    /// The caller's library refused the bearer token, or it says of nobody.
    #[error("the bearer token was refused")]
    BearerRefused,
    /// The bearer token is for another audience.
    #[error("the bearer token is for another audience")]
    AnotherAudience,
    /// The bearer token's time is over.
    #[error("the bearer token expired {} s ago", .now.saturating_sub(*.expiry))]
    BearerExpired {
        /// When, in seconds since 1970.
        expiry: u64,
        /// The time given, in seconds since 1970.
        now: u64,
    },
    /// A CBS message that is no `put-token`.
    #[error("the CBS operation is not `put-token`")]
    CbsOperation,
    /// A CBS token of another type.
    #[error("the CBS token type is not `servicebus.windows.net:sastoken`")]
    CbsType,
    /// A CBS `name` that is no resource.
    #[error("CBS name: {0}")]
    CbsName(ResourceError),
    /// As many identities as a connection may have are on it.
    #[error("no more identities on this connection")]
    TooManyIdentities,
    /// The token is not one.
    #[error(transparent)]
    Token(#[from] ParseError),
    /// The username or the token names another hub.
    #[error("for another hub")]
    AnotherHub,
    /// The token is not for the identity that the transport names.
    #[error("the token is not for the identity that the transport names")]
    AnotherIdentity,
    /// The names or the token are of another id scope.
    #[error("of another id scope")]
    AnotherScope,
    /// Not the names of a registration at the provisioning service.
    #[error("not `{{id scope}}/registrations/{{id}}`")]
    RegistrationPath,
    /// The enrollment cannot give what is asked.
    #[error(transparent)]
    Provision(ProvisionError),
    /// A token of the provisioning service.
    #[error("a registration's token opens no hub")]
    Registration,
    /// The store holds nobody of that name.
    #[error("unknown identity or policy")]
    Unknown,
    /// The identity does not prove itself by tokens.
    #[error("the identity has no keys for tokens")]
    NotByToken,
    /// The identity does not prove itself by certificates.
    #[error("the identity has no certificate")]
    NotByCertificate,
    /// The store answered with another record than the one asked for, or with one that changed in between.
    #[error("the answer is about somebody else than was asked for")]
    WrongAnswer,
    /// The token did not verify.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The identity is disabled.
    #[error("the identity is disabled")]
    Disabled,
}

/// An error on its way out of a path that is inlined: made out of line, it is moved whole, and what it shares its place
/// with is not taken apart into bytes.
#[cold]
#[inline(never)]
pub(crate) fn refused(error: impl Into<AuthError>) -> AuthError {
    error.into()
}

/// What a peer may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a peer is told one of two words")]
pub enum Public {
    /// Its own bytes cannot be read; nothing was looked up.
    Malformed,
    /// Everything else.
    Unauthorized,
}

impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Public {
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthorized => "unauthorized",
        }
    }
}

impl AuthError {
    /// The one word for the peer: an unknown identity, a wrong key and an expired token are the same to it.
    #[must_use]
    pub const fn public(&self) -> Public {
        match self {
            Self::Username(_)
            | Self::Sasl(_)
            | Self::Host(_)
            | Self::CbsOperation
            | Self::CbsType
            | Self::CbsName(_)
            | Self::AuthChain(_)
            | Self::Token(_)
            | Self::Certificate(_)
            | Self::RegistrationPath
            | Self::TooManyCertificates
            | Self::NoCredential
            | Self::Scheme
            | Self::Bearer => Public::Malformed,
            _ => Public::Unauthorized,
        }
    }

    /// A stable word for logs and counters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Username(_) => "username",
            Self::Sasl(_) => "sasl-username",
            Self::Host(_) => "host",
            Self::CbsOperation => "cbs-operation",
            Self::CbsType => "cbs-type",
            Self::CbsName(_) => "cbs-name",
            Self::TooManyIdentities => "too-many-identities",
            Self::ClientId => "client-id",
            Self::AnotherTarget => "auth-chain-target",
            Self::ChainByCertificate => "auth-chain-certificate",
            Self::AuthChain(_) => "auth-chain",
            Self::NoActor => "auth-chain-no-actor",
            Self::NotBehind => "auth-chain-not-behind",
            Self::NoCredential => "no-credential",
            Self::BothCredentials => "both-credentials",
            Self::CertificatesNotJudged => "certificates-not-judged",
            Self::TooManyCertificates => "too-many-certificates",
            Self::NobodyNamed => "nobody-named",
            Self::Certificate(_) => "certificate-malformed",
            Self::Pin(PinError::Outside(outside)) => outside_code(outside),
            Self::Pin(_) => "certificate-not-pinned",
            Self::Chain(error) => chain_code(error),
            Self::CertificateExpired { .. } => "certificate-expired-meanwhile",
            Self::NotByCertificate => "not-by-certificate",
            Self::Scheme => "authorization-scheme",
            Self::Bearer => "bearer",
            Self::BearerRefused => "bearer-refused",
            Self::AnotherAudience => "another-audience",
            Self::BearerExpired { .. } => "bearer-expired",
            Self::Token(error) => error.code(),
            Self::AnotherHub => "another-hub",
            Self::AnotherIdentity => "another-identity",
            Self::AnotherScope => "another-scope",
            Self::RegistrationPath => "registration-path",
            Self::Provision(_) => "enrollment",
            Self::Registration => "registration-token",
            Self::Unknown => "unknown",
            Self::NotByToken => "not-by-token",
            Self::WrongAnswer => "wrong-answer",
            Self::Verify(error) => error.code(),
            Self::Disabled => "disabled",
        }
    }
}

const fn chain_code(error: &ChainError) -> &'static str {
    match error {
        ChainError::UnknownIssuer { .. } => "certificate-unknown-issuer",
        ChainError::Exhausted(_) => "certificate-too-much-work",
        ChainError::Refused { problem, .. } => match problem {
            Problem::Outside(outside) => outside_code(outside),
            Problem::NameMismatch | Problem::CommonName(_) => "certificate-another-identity",
            Problem::NotCa => "certificate-by-no-authority",
            Problem::CaAsLeaf => "certificate-of-an-authority",
            Problem::BadSignature => "certificate-wrong-signature",
            Problem::Revoked { .. } => "certificate-revoked",
            Problem::RevocationUnknown(_) => "certificate-status-unknown",
            Problem::Purpose | Problem::KeyUsage => "certificate-purpose",
            _ => "certificate-refused",
        },
        _ => "certificate-refused",
    }
}

const fn outside_code(outside: &Outside) -> &'static str {
    match outside {
        Outside::NotYetValid { .. } => "certificate-not-yet-valid",
        _ => "certificate-expired",
    }
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ended {
    /// The time of the token or of the certificate is over.
    #[error("what it was admitted by expired {} s ago", .now.saturating_sub(*.until))]
    Expired {
        /// Until when it was good, leeway included, in seconds since 1970.
        until: u64,
        /// The time given, in seconds since 1970.
        now: u64,
    },
    /// The identity or the policy is not there any more.
    #[error("whom it was admitted as was deleted")]
    Deleted,
    /// Another identity has the name now.
    #[error("whom it was admitted as was deleted, and created anew")]
    Recreated,
    /// The credentials that it was admitted by were changed: the keys of whoever signed, one of them or both, or the
    /// identity's thumbprints.
    #[error("the credentials that it was admitted by were changed")]
    KeysReplaced,
    /// The authority that vouched for its certificate is not registered any more.
    #[error("its authority is not registered any more")]
    AuthorityRemoved,
    /// The policy that admitted it grants less now.
    #[error("its policy grants less")]
    RightsReduced,
    /// The hub's hierarchy does not have it below the edge hub that speaks for it any more.
    #[error("not below the edge hub that speaks for it any more")]
    NotBehind,
    /// The identity, or the edge hub that speaks for it, is disabled.
    #[error("whom it was admitted as is disabled, or the edge hub that speaks for it")]
    Disabled,
    /// The answers do not fit the questions of [`Session::lookups`](crate::Session::lookups).
    #[error("the answers are not to the session's questions")]
    WrongAnswer,
}

impl Ended {
    /// A stable word for metrics and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::Deleted => "deleted",
            Self::Recreated => "recreated",
            Self::KeysReplaced => "keys-replaced",
            Self::AuthorityRemoved => "authority-removed",
            Self::RightsReduced => "rights-reduced",
            Self::NotBehind => "not-behind",
            Self::Disabled => "disabled",
            Self::WrongAnswer => "wrong-answer",
        }
    }
}
