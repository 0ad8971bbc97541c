//! What a peer presents on each transport, parsed once into a credential and the identity that the transport names.

use hubward_core::{
    Authority, DeviceId, Identity, Lookup, ModuleId, PolicyName, ResourcePath, Segment, Shape,
};
use hubward_policy::{Caller, Operation, Target};
use hubward_x509::{Certificate, common_name};
use rustls_pki_types::CertificateDer;

use crate::cbs::PutToken;
use crate::client::{CBS_OPERATION, CBS_TYPE};
use crate::error::{AuthError, refused};
use crate::hub_name::{HubName, is_first_label};
use crate::mqtt::Username;
use crate::party::Party;
use crate::sasl::SaslUsername;

/// A credential with every name that came along with it. Nothing is judged yet.
#[derive(Debug, Clone)]
pub struct Presented<'a> {
    pub(crate) token: Option<TokenText<'a>>,
    /// The certificates that the peer showed on the connection below, its own first; none where it showed none.
    pub(crate) certificates: &'a [CertificateDer<'a>],
    /// What the transport's names call the hub.
    pub(crate) hub: Option<HubName<'a>>,
    /// The identity that the transport names.
    pub(crate) named: Option<Party<'a>>,
    pub(crate) beside: Beside<'a>,
    /// What is asked for by presenting it.
    pub(crate) asks: Asks<'a>,
}

/// What a transport names beside the hub and the identity: one thing at most.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Beside<'a> {
    Nothing,
    /// The edge device whose hub speaks for whom is named.
    Actor(Segment<'a>),
    /// A policy.
    Policy(PolicyName<'a>),
    /// What a policy's token is put for: its resource must cover it, and the rights reach no further.
    Audience(ResourcePath<'a>),
}

/// What is asked for by presenting a credential: few bytes, until somebody decides on it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asks<'a> {
    /// To connect over MQTT.
    Connect,
    /// A request: its method and its target.
    Http(&'a str, &'a str),
    /// Nothing yet: links are attached later.
    Nothing,
}

impl<'a> Asks<'a> {
    #[inline]
    pub(crate) fn operation(&self) -> Operation<'a> {
        match self {
            Self::Connect => Operation::mqtt_connect(),
            Self::Http(method, target) => Operation::http(method, target),
            // an address that no endpoint has
            Self::Nothing => Operation::amqp_send(""),
        }
    }
}

/// The text of a token; not printed.
#[derive(Clone, Copy)]
pub(crate) struct TokenText<'a>(pub(crate) &'a str);

impl core::fmt::Debug for TokenText<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TokenText(redacted)")
    }
}

impl<'a> Presented<'a> {
    /// The three strings of an MQTT CONNECT, as they came.
    ///
    /// # Errors
    /// [`AuthError::Username`] where it is not `{host}/{device}[/{module}]/?api-version=..`,
    /// [`AuthError::ClientId`] where the client id names another identity, [`AuthError::AnotherTarget`] where an
    /// `auth-chain` is about another.
    #[inline(always)]
    pub fn mqtt(client_id: &str, username: &'a str, password: Option<&'a str>) -> Result<Self, AuthError> {
        let parsed = Username::of_client(client_id, username)?;
        if parsed.chain.is_some_and(|chain| !chain.target().is(&parsed.identity)) {
            return Err(refused(AuthError::AnotherTarget));
        }
        let token = password.map(TokenText);
        let named = Party::named(parsed.identity);
        let beside = match parsed.chain.and_then(|chain| chain.actor()) {
            Some(actor) => Beside::Actor(actor),
            None => Beside::Nothing,
        };
        let hub = Some(HubName::Host(parsed.host));
        Ok(Self { hub, named, beside, ..Self::bare(token, Asks::Connect) })
    }

    /// The same on a connection on which the peer showed `certificates`, its own first, the others in any order; none
    /// at all if it showed none. They are what rustls' `peer_certificates()` gives.
    ///
    /// A certificate is no secret: **the TLS handshake of this connection, or of the one that it resumes, must have
    /// shown that the peer holds the key.** Without a token the certificate is what proves the identity. With a token
    /// too, [`Rules::with_both_credentials`](crate::Rules::with_both_credentials) says which of them does.
    #[must_use]
    pub const fn with_certificates(mut self, certificates: &'a [CertificateDer<'a>]) -> Self {
        self.certificates = certificates;
        self
    }

    /// The two strings of AMQP's SASL PLAIN: `{policy}@sas.root.{hub}`, `{device}@sas.{hub}` or
    /// `{device}/modules/{module}@sas.{hub}`, where `{hub}` is the first label of the hub's host name; and a token.
    ///
    /// Connecting asks for no operation, so that [`Admitted::decision`](crate::Admitted::decision) is to deny: decide
    /// on each link that is attached.
    ///
    /// # Errors
    /// [`AuthError::Sasl`] where the username is none of them.
    pub fn amqp_plain(username: &'a str, password: &'a str) -> Result<Self, AuthError> {
        let SaslUsername { identity, hub } = SaslUsername::parse(username)?;
        let (named, beside) = match identity {
            Identity::Policy(name) => (None, Beside::Policy(name)),
            identity => (Party::named(identity), Beside::Nothing),
        };
        let hub = Some(HubName::FirstLabel(hub));
        Ok(Self { hub, named, beside, ..Self::bare(Some(TokenText(password)), Asks::Nothing) })
    }

    /// AMQP's SASL EXTERNAL: the response that names whom the certificate is for, the hostname of `sasl-init` if there is
    /// one, and the certificates that the peer showed, as [`Presented::with_certificates`] has them.
    ///
    /// The response is `{device}@{hub}` or `{device}/modules/{module}@{hub}`, where `{hub}` is the first label of the
    /// hub's host name. Where it is empty, the certificate's own common name, a device's id or `device/module`, is whom
    /// it is for (RFC 4422, A.1): then too it proves nobody but whom the registered authority, or the thumbprint that
    /// is registered, says.
    ///
    /// Connecting asks for no operation: give the session to [`Cbs::opened_by`](crate::Cbs::opened_by) and decide on
    /// each link that is attached.
    ///
    /// # Errors
    /// [`AuthError::Sasl`] where the response is none of them, [`AuthError::Host`] where the hostname is none,
    /// [`AuthError::AnotherHub`] where the two differ; for an empty response [`AuthError::Certificate`] and
    /// [`AuthError::NobodyNamed`].
    pub fn amqp_external(
        response: &'a str,
        hostname: Option<&'a str>,
        certificates: &'a [CertificateDer<'a>],
    ) -> Result<Self, AuthError> {
        let host = hostname.map(Authority::parse).transpose().map_err(AuthError::Host)?;
        let header = host.map(HubName::Header);
        let (named, hub) = if response.is_empty() {
            (subject(certificates)?, header)
        } else {
            let SaslUsername { identity, hub } = SaslUsername::parse_external(response)?;
            if host.is_some_and(|host| !is_first_label(hub, host.as_str())) {
                return Err(AuthError::AnotherHub);
            }
            (identity, header.or(Some(HubName::FirstLabel(hub))))
        };
        let named = Party::named(named);
        Ok(Self { hub, named, certificates, ..Self::bare(None, Asks::Nothing) })
    }

    /// A `put-token` of AMQP's CBS. Its `name` is `{host}/devices/{device}[/modules/{module}]`, or of a service the
    /// host or a resource below it.
    pub(crate) fn cbs(put: PutToken<'a>) -> Result<Self, AuthError> {
        if put.operation != CBS_OPERATION {
            return Err(AuthError::CbsOperation);
        }
        if put.kind != CBS_TYPE {
            return Err(AuthError::CbsType);
        }
        let name = ResourcePath::parse(put.name).map_err(AuthError::CbsName)?;
        let (named, beside) = match name.shape() {
            Shape::Device(id) => (Some(Lookup::Device(id)), Beside::Nothing),
            Shape::Module(device, module) => (Some(Lookup::Module(device, module)), Beside::Nothing),
            _ => (None, Beside::Audience(name)),
        };
        let named = party(named)?;
        let hub = Some(HubName::Host(name.root()));
        Ok(Self { hub, named, beside, ..Self::bare(Some(TokenText(put.token)), Asks::Nothing) })
    }

    const fn bare(token: Option<TokenText<'a>>, asks: Asks<'a>) -> Self {
        Self { token, certificates: &[], hub: None, named: None, beside: Beside::Nothing, asks }
    }

    /// An HTTP request: its method, its path with the query, the value of its `Host` header, and of `Authorization` if
    /// there is one. Without, it is for [`Presented::with_certificates`] to prove an identity, the one that the path
    /// of a device's own endpoint names.
    ///
    /// # Errors
    /// [`AuthError::Host`] where the host is none, [`AuthError::Scheme`] where the authorization is of another scheme.
    pub fn http(
        method: &'a str,
        path: &'a str,
        host: &'a str,
        authorization: Option<&'a str>,
    ) -> Result<Self, AuthError> {
        let hub = Some(HubName::Header(Authority::parse(host).map_err(AuthError::Host)?));
        let scheme = authorization.map(|value| value.split(' ').next().unwrap_or_default());
        if scheme.is_some_and(|scheme| !scheme.eq_ignore_ascii_case("SharedAccessSignature")) {
            return Err(AuthError::Scheme);
        }
        let operation = Operation::http(method, path);
        // the path of a device's endpoint names the device that speaks; elsewhere it names whom is spoken of
        let of_a_device = operation.endpoint().is_some_and(|endpoint| endpoint.caller() == Caller::Itself);
        let named = match operation.target() {
            Target::Device(id) if of_a_device => Some(Lookup::Device(id)),
            Target::Module(device, module) if of_a_device => Some(Lookup::Module(device, module)),
            _ => None,
        };
        let (named, asks) = (party(named)?, Asks::Http(method, path));
        Ok(Self { hub, named, ..Self::bare(authorization.map(TokenText), asks) })
    }
}

/// Whom the names of a path are of; they must be of their kind.
fn party(named: Option<Lookup<'_>>) -> Result<Option<Party<'_>>, AuthError> {
    named.map(|named| Party::of(&named).ok_or(AuthError::AnotherIdentity)).transpose()
}

/// Whom a certificate says that it is about. Nothing is proven.
fn subject<'a>(certificates: &'a [CertificateDer<'a>]) -> Result<Identity<'a>, AuthError> {
    let leaf = certificates.first().ok_or(AuthError::NoCredential)?;
    let name = common_name(&Certificate::parse(leaf)?.subject()).map_err(|_| AuthError::NobodyNamed)?;
    let identity = match name.split_once('/') {
        None => DeviceId::parse(name).map(Identity::Device),
        Some((device, module)) => {
            DeviceId::parse(device).and_then(|device| Ok(Identity::Module(device, ModuleId::parse(module)?)))
        }
    };
    identity.map_err(|_| AuthError::NobodyNamed)
}
