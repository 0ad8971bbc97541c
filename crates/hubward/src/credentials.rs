//! The credentials that a client presents, with every name that the transport carries. Parsed, not verified.
//!
//! [`Credentials`] has one constructor for each transport. [`Credentials::start`] begins the authentication.

use alloc::borrow::Cow;
use core::fmt;

use hubward_core::{
    Authority, DeviceId, Identity, Lookup, ModuleId, PolicyName, ResourcePath, Segment, Shape,
};
use hubward_policy::Operation;
use hubward_x509::{Certificate, certificate::common_name};
use rustls_pki_types::CertificateDer;

use crate::config::BothCredentials;
use crate::error::{AuthError, refused};
use crate::transport::cbs::{CbsName, CbsRequest};
use crate::transport::claimed_identity::ClaimedIdentity;
use crate::transport::http::{claimed_in_path, require_shared_access_signature};
use crate::transport::hub_name::{HubName, is_first_label};
use crate::transport::mqtt::Username;
use crate::transport::sasl::SaslUsername;

/// A token, certificates or both, with the names that the transport carries. Nothing is verified yet.
///
/// ```
/// use hubward::Credentials;
///
/// // the client id, the username and the password of an MQTT CONNECT
/// let username = "contoso.example/pump-7/?api-version=2021-04-12";
/// assert!(Credentials::mqtt("pump-7", username, Some("SharedAccessSignature sr=...")).is_ok());
/// let error = Credentials::mqtt("pump-8", username, None).unwrap_err();
/// assert_eq!(error.to_string(), "the client id differs from the identity that the username names");
/// ```
#[derive(Debug, Clone)]
pub struct Credentials<'a> {
    pub(crate) token: Option<TokenText<'a>>,
    /// The client's certificate and those sent with it; empty if the client sent none.
    pub(crate) certificates: &'a [CertificateDer<'a>],
    /// The hub that the transport names.
    pub(crate) hub: Option<HubName<'a>>,
    /// The device or module that the transport names.
    pub(crate) claimed: Option<ClaimedIdentity<'a>>,
    pub(crate) context: TransportContext<'a>,
    pub(crate) operation: RequestedOperation<'a>,
}

/// The name that a transport carries in addition to the hub and the identity. No transport carries more than one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TransportContext<'a> {
    Empty,
    /// The edge device whose edge hub acts on behalf of the claimed identity (`auth-chain`).
    Actor(Segment<'a>),
    /// The claimed identity is the device of a CBS name. Its own token or that of one of its modules may be put for it:
    /// some clients name the device of their module.
    DeviceName,
    /// The claimed identity is the device whose modules a request manages. It is the caller if it presents its own
    /// credential; any other token names another caller.
    EdgeDevice,
    /// The policy that must have signed the token (SASL PLAIN).
    Policy(PolicyName<'a>),
    /// The resource that a policy's token is put for (CBS): the token's resource must cover it, and limits the grant
    /// to it.
    Audience(ResourcePath<'a>),
}

/// The operation that a client requests by presenting the credentials. Kept in this short form until a decision is
/// made, because an [`Operation`] is large.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RequestedOperation<'a> {
    /// An MQTT CONNECT.
    Connect,
    /// An HTTP request: its method and its target.
    Http(&'a str, &'a str),
    /// No operation yet: AMQP links are attached later.
    Deferred,
}

impl<'a> RequestedOperation<'a> {
    /// Returns `true` for an HTTP request, whose path is about a device and does not claim to be one.
    pub(crate) const fn is_request(&self) -> bool {
        matches!(self, Self::Http(..))
    }

    #[inline]
    pub(crate) fn operation(&self) -> Operation<'a> {
        match self {
            Self::Connect => Operation::mqtt_connect(),
            Self::Http(method, target) => Operation::http(method, target),
            // no endpoint has this address, so the decision is a denial
            Self::Deferred => Operation::amqp_send(""),
        }
    }
}

/// The text of a token. `Debug` does not print it.
#[derive(Clone, Copy)]
pub(crate) struct TokenText<'a>(pub(crate) &'a str);

impl fmt::Debug for TokenText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(redacted)")
    }
}

/// The credential that is verified, of those that were presented.
pub(crate) enum SelectedCredential<'a> {
    Token(&'a str),
    Certificates(&'a [CertificateDer<'a>]),
}

impl<'a> SelectedCredential<'a> {
    /// Selects the only credential, or the one that the configuration prefers.
    pub(crate) fn select(
        token: Option<TokenText<'a>>,
        certificates: &'a [CertificateDer<'a>],
        both: BothCredentials,
    ) -> Result<Self, AuthError> {
        match (token, certificates) {
            (None, []) => Err(AuthError::NoCredential),
            (Some(token), []) => Ok(Self::Token(token.0)),
            (None, certificates) => Ok(Self::Certificates(certificates)),
            (Some(token), certificates) => match both {
                BothCredentials::Refuse => Err(AuthError::BothCredentials),
                BothCredentials::TokenWins => Ok(Self::Token(token.0)),
                BothCredentials::CertificateWins => Ok(Self::Certificates(certificates)),
            },
        }
    }
}

impl<'a> Credentials<'a> {
    /// Parses the client id, the username and the password of an MQTT CONNECT.
    ///
    /// # Errors
    /// - [`AuthError::Username`]: the username is not `{host}/{device}[/{module}]/?api-version=..`.
    /// - [`AuthError::ClientId`]: the client id names another identity.
    /// - [`AuthError::DelegationTargetMismatch`]: the first element of an `auth-chain` names another identity.
    #[inline(always)]
    pub fn mqtt(client_id: &str, username: &'a str, password: Option<&'a str>) -> Result<Self, AuthError> {
        let parsed = Username::for_client(client_id, username).map_err(refused)?;
        if parsed.chain.is_some_and(|chain| !chain.target().is(&parsed.identity)) {
            return Err(refused(AuthError::DelegationTargetMismatch));
        }
        let token = password.map(TokenText);
        let claimed = ClaimedIdentity::device_or_module(parsed.identity);
        let context = match parsed.chain.and_then(|chain| chain.actor()) {
            Some(actor) => TransportContext::Actor(actor),
            None => TransportContext::Empty,
        };
        let hub = Some(HubName::Host(parsed.host));
        Ok(Self { hub, claimed, context, ..Self::unnamed(token, RequestedOperation::Connect) })
    }

    /// Adds the certificates of the TLS connection: the client's own first, the others in any order, as rustls'
    /// `peer_certificates()` returns them. Pass an empty slice if the client sent none.
    ///
    /// A certificate is no secret: **the TLS handshake of this connection, or of the one that it resumes, must have
    /// proven that the client holds the private key.** Without a token the certificate proves the identity. With a
    /// token too, [`HubConfig::with_both_credentials`](crate::HubConfig::with_both_credentials) selects one of the two.
    #[must_use]
    pub const fn with_certificates(mut self, certificates: &'a [CertificateDer<'a>]) -> Self {
        self.certificates = certificates;
        self
    }

    /// Parses the username of AMQP's SASL PLAIN, `{policy}@sas.root.{hub}`, `{device}@sas.{hub}` or
    /// `{device}/modules/{module}@sas.{hub}`, and takes the password as the token. `{hub}` is the first label of the
    /// hub's host name.
    ///
    /// SASL requests no operation, so [`Authenticated::decision`](crate::Authenticated::decision) returns a denial: decide on each
    /// link that is attached.
    ///
    /// # Errors
    /// [`AuthError::Sasl`] if the username has none of these forms.
    pub fn amqp_plain(username: &'a str, password: &'a str) -> Result<Self, AuthError> {
        let SaslUsername { identity, hub } = SaslUsername::parse(username)?;
        let (claimed, context) = match identity {
            Identity::Policy(name) => (None, TransportContext::Policy(name)),
            identity => (ClaimedIdentity::device_or_module(identity), TransportContext::Empty),
        };
        let hub = Some(HubName::FirstLabel(hub));
        let token = Some(TokenText(password));
        Ok(Self { hub, claimed, context, ..Self::unnamed(token, RequestedOperation::Deferred) })
    }

    /// Parses the response of AMQP's SASL EXTERNAL and the hostname of `sasl-init`, if there is one, and takes the
    /// certificates of the connection as [`Credentials::with_certificates`] does.
    ///
    /// The response is `{device}@{hub}` or `{device}/modules/{module}@{hub}`, where `{hub}` is the first label of the
    /// hub's host name. If it is empty, the certificate's common name, a device id or `device/module`, is the claimed
    /// identity (RFC 4422, A.1). A claim from the certificate is verified like any other: by a registered authority or a
    /// registered thumbprint.
    ///
    /// SASL requests no operation: pass the session to [`Cbs::with_session`](crate::Cbs::with_session) and decide on each
    /// link that is attached.
    ///
    /// # Errors
    /// - [`AuthError::Sasl`]: the response has none of these forms.
    /// - [`AuthError::Host`]: the hostname is malformed.
    /// - [`AuthError::HubMismatch`]: the response and the hostname name different hubs.
    /// - [`AuthError::NoCredential`], [`AuthError::Certificate`] and [`AuthError::NoIdentityClaimed`]: the response is
    ///   empty, and there is no certificate, it is malformed, or it has no common name that is an id in the encoding of
    ///   ASCII or UTF-8.
    pub fn amqp_external(
        response: &'a str,
        hostname: Option<&'a str>,
        certificates: &'a [CertificateDer<'a>],
    ) -> Result<Self, AuthError> {
        let host = hostname.map(Authority::parse).transpose().map_err(AuthError::Host)?;
        let header = host.map(HubName::Header);
        let (identity, hub) = if response.is_empty() {
            (identity_in_certificate(certificates)?, header)
        } else {
            let SaslUsername { identity, hub } = SaslUsername::parse_external(response)?;
            if host.is_some_and(|host| !is_first_label(hub, host.as_str())) {
                return Err(AuthError::HubMismatch);
            }
            (identity, header.or(Some(HubName::FirstLabel(hub))))
        };
        let claimed = ClaimedIdentity::device_or_module(identity);
        Ok(Self { hub, claimed, certificates, ..Self::unnamed(None, RequestedOperation::Deferred) })
    }

    /// Parses a `put-token` of AMQP's CBS. Its `name` is `{host}/devices/{device}[/modules/{module}]`, or for a
    /// service the host, also as a URI, or a resource below it.
    pub(crate) fn cbs(put: CbsRequest<'a>) -> Result<Self, AuthError> {
        let CbsName { hub, audience } = put.name_of_sas()?;
        let (claimed, context) = match audience.shape() {
            Shape::Device(id) => (Some(Lookup::Device(id)), TransportContext::DeviceName),
            Shape::Module(device, module) => (Some(Lookup::Module(device, module)), TransportContext::Empty),
            _ => (None, TransportContext::Audience(audience)),
        };
        let (hub, claimed) = (Some(hub), checked(claimed)?);
        let token = Some(TokenText(put.token()));
        Ok(Self { hub, claimed, context, ..Self::unnamed(token, RequestedOperation::Deferred) })
    }

    /// Parses an HTTP request: its method, its path with the query, the value of its `Host` header, and the value of
    /// `Authorization` if there is one. Without `Authorization`, the certificate of
    /// [`Credentials::with_certificates`] must prove the identity that the path of a device's own endpoint names.
    ///
    /// # Errors
    /// - [`AuthError::Host`]: the host is malformed.
    /// - [`AuthError::Scheme`]: the scheme of the authorization is not `SharedAccessSignature`.
    /// - [`AuthError::IdentityMismatch`]: the path of a device's own endpoint has a name that is not an id.
    pub fn http(
        method: &'a str,
        path: &'a str,
        host: &'a str,
        authorization: Option<&'a str>,
    ) -> Result<Self, AuthError> {
        let hub = Some(HubName::Header(Authority::parse(host).map_err(AuthError::Host)?));
        require_shared_access_signature(authorization)?;
        let (claimed, context) = claimed_in_path(&Operation::http(method, path)).unzip();
        let (claimed, context) = (checked(claimed)?, context.unwrap_or(TransportContext::Empty));
        let operation = RequestedOperation::Http(method, path);
        Ok(Self { hub, claimed, context, ..Self::unnamed(authorization.map(TokenText), operation) })
    }

    const fn unnamed(token: Option<TokenText<'a>>, operation: RequestedOperation<'a>) -> Self {
        let context = TransportContext::Empty;
        Self { token, certificates: &[], hub: None, claimed: None, context, operation }
    }
}

/// Checks the names of a path or a resource against the rules for ids.
fn checked(claimed: Option<Lookup<'_>>) -> Result<Option<ClaimedIdentity<'_>>, AuthError> {
    claimed
        .map(|claimed| ClaimedIdentity::from_lookup(&claimed).ok_or(AuthError::IdentityMismatch))
        .transpose()
}

/// Returns the identity that the common name of a certificate states. The certificate is not verified.
fn identity_in_certificate<'a>(certificates: &'a [CertificateDer<'a>]) -> Result<Identity<'a>, AuthError> {
    let leaf = certificates.first().ok_or(AuthError::NoCredential)?;
    // the names are borrowed, so a BMPString or UniversalString, which must be decoded, needs the response to name the id
    let Ok(Cow::Borrowed(name)) = common_name(&Certificate::parse(leaf)?.subject()) else {
        return Err(AuthError::NoIdentityClaimed);
    };
    let identity = match name.split_once('/') {
        None => DeviceId::parse(name).map(Identity::Device),
        Some((device, module)) => {
            DeviceId::parse(device).and_then(|device| Ok(Identity::Module(device, ModuleId::parse(module)?)))
        }
    };
    identity.map_err(|_| AuthError::NoIdentityClaimed)
}
