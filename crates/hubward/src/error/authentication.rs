//! The reasons for which an authentication fails.

use hubward_core::{NameError, ResourceError};
use hubward_registry::ProvisionError;
use hubward_sas::{TokenParseError, VerifyError};
use hubward_x509::{
    ChainError, Problem,
    error::{CertificateError, OutsideValidity},
    thumbprint::ThumbprintMatchError,
};

use super::PublicError;
use crate::transport::auth_chain::AuthChainError;
use crate::transport::cbs::PutTokenError;
use crate::transport::http::AuthorizationError;
use crate::transport::mqtt::{ConnectError, UsernameError};
use crate::transport::sasl::SaslError;

/// The reason for which an authentication failed. `Display` is for the log and never shows a token or a key; the
/// client is told [`AuthError::public`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The MQTT username is malformed.
    #[error(transparent)]
    Username(#[from] UsernameError),
    /// The SASL username is malformed.
    #[error(transparent)]
    Sasl(#[from] SaslError),
    /// The MQTT client id differs from the username's identity.
    #[error("the client id differs from the identity that the username names")]
    ClientId,
    /// The first element of the `auth-chain` differs from the username's identity.
    #[error("the first element of the auth-chain differs from the identity that the username names")]
    DelegationTargetMismatch,
    /// A certificate with an `auth-chain`: an edge hub proves itself by a token.
    #[error("an auth-chain needs the edge hub's token; a certificate was presented")]
    DelegationByCertificate,
    /// The `auth-chain` of a link is malformed.
    #[error(transparent)]
    AuthChain(#[from] AuthChainError),
    /// No token of the edge hub that the `auth-chain` names was put on the connection, or it expired.
    #[error("this connection has no valid token of the edge hub that the auth-chain names")]
    NoDelegationToken,
    /// The identity is not below the edge hub in the hub's hierarchy.
    #[error("the identity is not below the edge hub that acts on its behalf")]
    NotInHierarchy,
    /// Neither a token nor a certificate.
    #[error("neither a token nor a certificate was presented")]
    NoCredential,
    /// A certificate and a token.
    #[error("both a certificate and a token were presented, and the configuration prefers neither")]
    BothCredentials,
    /// A certificate at a hub without [`HubConfig::with_x509`](crate::HubConfig::with_x509).
    #[error("a certificate was presented, and this hub is not configured for certificates")]
    CertificatesNotJudged,
    /// More certificates than [`MAX_CERTIFICATES`](crate::MAX_CERTIFICATES), or more bytes than
    /// [`MAX_CERTIFICATE_BYTES`](crate::MAX_CERTIFICATE_BYTES).
    #[error("too many certificates, or too many bytes of certificates")]
    TooManyCertificates,
    /// A certificate without the name of a device or a module.
    #[error("a certificate was presented, but no device or module is named")]
    NoIdentityClaimed,
    /// The certificate is malformed.
    #[error("certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// The certificate's thumbprint is not registered for the identity, or the certificate is outside its validity
    /// period.
    #[error(transparent)]
    Pin(#[from] ThumbprintMatchError),
    /// No path leads from the certificate to a registered authority, or the certificate is for another identity.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A certificate of the path expired between two lookups of one authentication.
    #[error("the certificate expired {} s ago, between two lookups", .now.saturating_sub(*.until))]
    CertificateExpired {
        /// The last second of validity, in seconds since 1970.
        until: u64,
        /// The given time in seconds since 1970.
        now: u64,
    },
    /// The `Host` header or the hostname is not a host with an optional port.
    #[error("host: {0}")]
    Host(NameError),
    /// An `Authorization` header with another scheme.
    #[error("the scheme of the `Authorization` header is not the expected one")]
    Scheme,
    /// An `Authorization: Bearer` header without a token of three parts.
    #[error("the bearer token does not have three base64url parts")]
    Bearer,
    /// The caller's JWT library rejected the bearer token, or the token has no object id.
    #[error("the bearer token was rejected, or has no object id")]
    BearerRefused,
    /// The audience of the bearer token is not this hub's.
    #[error("the bearer token is for another audience")]
    AudienceMismatch,
    /// The bearer token expired.
    #[error("the bearer token expired {} s ago", .now.saturating_sub(*.expiry))]
    BearerExpired {
        /// The expiry in seconds since 1970.
        expiry: u64,
        /// The given time in seconds since 1970.
        now: u64,
    },
    /// The operation of a CBS message is not `put-token`.
    #[error("the CBS operation is not `put-token`")]
    CbsOperation,
    /// The type of a CBS token is unknown.
    #[error(
        "the CBS token type is neither `servicebus.windows.net:sastoken` nor `azure-devices.net:sastoken`"
    )]
    CbsType,
    /// The `name` of a CBS message is not a resource.
    #[error("CBS name: {0}")]
    CbsName(ResourceError),
    /// The `name` of a CBS message is a URI that is not the hub alone.
    #[error("CBS name: a URI must be `amqps://` or `https://` and the hub's host, with nothing below it")]
    CbsUri,
    /// A device or a module was named, and the policy that signed the token has no DeviceConnect.
    #[error("the policy that signed the token has no DeviceConnect, so it connects no device")]
    PolicyConnectsNoDevice,
    /// The connection has the maximum number of identities.
    #[error("this connection has the maximum number of identities")]
    TooManyIdentities,
    /// The token is malformed.
    #[error(transparent)]
    Token(#[from] TokenParseError),
    /// The transport or the token names another hub.
    #[error("the credential is for another hub")]
    HubMismatch,
    /// The token is not for the identity that the transport names.
    #[error("the token is not for the identity that the transport names")]
    IdentityMismatch,
    /// The names or the token have another id scope.
    #[error("the registration is for another id scope")]
    IdScopeMismatch,
    /// The path does not name a registration at the provisioning service.
    #[error("expected `{{id scope}}/registrations/{{id}}`")]
    RegistrationPath,
    /// The enrollment cannot provision the device.
    #[error(transparent)]
    Provision(ProvisionError),
    /// A token for the provisioning service, presented to a hub.
    #[error("a DPS registration token is not valid at a hub")]
    Registration,
    /// The store has no record of that name.
    #[error("unknown identity or policy")]
    Unknown,
    /// The identity is not registered with keys.
    #[error("the identity has no symmetric keys")]
    NotByToken,
    /// The identity is not registered with a certificate.
    #[error("the identity is not registered with a certificate")]
    NotByCertificate,
    /// The store returned a record for a different identity, or one that changed between two lookups.
    #[error("the store returned a record for a different identity, or one that changed between two lookups")]
    RecordMismatch,
    /// The token's signature or expiry is invalid.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The identity is disabled.
    #[error("the identity is disabled")]
    Disabled,
}

/// Converts an error out of line. On an inlined path this keeps the error's bytes out of the registers of the result:
/// it is moved whole.
#[cold]
#[inline(never)]
pub(crate) fn refused(error: impl Into<AuthError>) -> AuthError {
    error.into()
}

impl From<ConnectError> for AuthError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Username(error) => Self::Username(error),
            ConnectError::ClientId => Self::ClientId,
        }
    }
}

impl From<AuthorizationError> for AuthError {
    fn from(error: AuthorizationError) -> Self {
        match error {
            AuthorizationError::Scheme => Self::Scheme,
            AuthorizationError::Bearer => Self::Bearer,
        }
    }
}

impl From<PutTokenError> for AuthError {
    fn from(error: PutTokenError) -> Self {
        match error {
            PutTokenError::Operation => Self::CbsOperation,
            PutTokenError::Type => Self::CbsType,
            PutTokenError::Name(error) => Self::CbsName(error),
            PutTokenError::Uri => Self::CbsUri,
        }
    }
}

impl AuthError {
    /// Returns the error class that the client may be told. An unknown identity, a wrong key and an expired token
    /// are the same class.
    #[must_use]
    pub const fn public(&self) -> PublicError {
        match self {
            Self::Username(_)
            | Self::Sasl(_)
            | Self::Host(_)
            | Self::CbsOperation
            | Self::CbsType
            | Self::CbsName(_)
            | Self::CbsUri
            | Self::AuthChain(_)
            | Self::Token(_)
            | Self::Certificate(_)
            | Self::RegistrationPath
            | Self::TooManyCertificates
            | Self::NoCredential
            | Self::Scheme
            | Self::Bearer => PublicError::Malformed,
            _ => PublicError::Unauthorized,
        }
    }

    /// Returns a stable code for logs and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Username(_) => "username",
            Self::Sasl(_) => "sasl-username",
            Self::Host(_) => "host",
            Self::CbsOperation => "cbs-operation",
            Self::CbsType => "cbs-type",
            Self::CbsName(_) => "cbs-name",
            Self::CbsUri => "cbs-uri",
            Self::PolicyConnectsNoDevice => "policy-connects-no-device",
            Self::TooManyIdentities => "too-many-identities",
            Self::ClientId => "client-id",
            Self::DelegationTargetMismatch => "auth-chain-target",
            Self::DelegationByCertificate => "auth-chain-certificate",
            Self::AuthChain(_) => "auth-chain",
            Self::NoDelegationToken => "no-delegation-token",
            Self::NotInHierarchy => "not-in-hierarchy",
            Self::NoCredential => "no-credential",
            Self::BothCredentials => "both-credentials",
            Self::CertificatesNotJudged => "certificates-not-judged",
            Self::TooManyCertificates => "too-many-certificates",
            Self::NoIdentityClaimed => "no-identity-claimed",
            Self::Certificate(_) => "certificate-malformed",
            Self::Pin(ThumbprintMatchError::OutsideValidity(outside)) => outside_code(outside),
            Self::Pin(_) => "certificate-not-pinned",
            Self::Chain(error) => chain_code(error),
            Self::CertificateExpired { .. } => "certificate-expired-meanwhile",
            Self::NotByCertificate => "not-by-certificate",
            Self::Scheme => "authorization-scheme",
            Self::Bearer => "bearer",
            Self::BearerRefused => "bearer-refused",
            Self::AudienceMismatch => "audience-mismatch",
            Self::BearerExpired { .. } => "bearer-expired",
            Self::Token(error) => error.code(),
            Self::HubMismatch => "hub-mismatch",
            Self::IdentityMismatch => "identity-mismatch",
            Self::IdScopeMismatch => "id-scope-mismatch",
            Self::RegistrationPath => "registration-path",
            Self::Provision(_) => "enrollment",
            Self::Registration => "registration-token",
            Self::Unknown => "unknown",
            Self::NotByToken => "not-by-token",
            Self::RecordMismatch => "record-mismatch",
            Self::Verify(error) => error.code(),
            Self::Disabled => "disabled",
        }
    }
}

const fn chain_code(error: &ChainError) -> &'static str {
    match error {
        ChainError::UnknownIssuer { .. } => "certificate-unknown-issuer",
        ChainError::BudgetExceeded(_) => "certificate-too-much-work",
        ChainError::Refused { problem, .. } => match problem {
            Problem::OutsideValidity(outside) => outside_code(outside),
            Problem::NameMismatch | Problem::CommonName(_) => "certificate-identity-mismatch",
            Problem::NotCa => "certificate-by-no-authority",
            Problem::CaAsLeaf => "certificate-of-an-authority",
            Problem::BadSignature => "certificate-wrong-signature",
            Problem::UnsupportedAlgorithm(_) | Problem::UnsupportedKey(_) => "certificate-algorithm",
            Problem::Revoked { .. } => "certificate-revoked",
            Problem::RevocationUnknown(_) => "certificate-status-unknown",
            Problem::Purpose | Problem::KeyUsage => "certificate-purpose",
            _ => "certificate-refused",
        },
        _ => "certificate-refused",
    }
}

const fn outside_code(outside: &OutsideValidity) -> &'static str {
    match outside {
        OutsideValidity::NotYetValid { .. } => "certificate-not-yet-valid",
        _ => "certificate-expired",
    }
}
