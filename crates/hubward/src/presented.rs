//! What a peer presents on each transport, parsed once into a credential and the identity that the transport names.

use hubward_core::{Identity, Lookup, PolicyName, ResourcePath, Shape};
use hubward_policy::{Caller, Operation, Target};
use rustls_pki_types::CertificateDer;

use crate::cbs::PutToken;
use crate::client::{CBS_OPERATION, CBS_TYPE};
use crate::error::AuthError;
use crate::hub_name::HubName;
use crate::mqtt::Username;
use crate::sasl::SaslUsername;

/// A credential with every name that came along with it. Nothing is judged yet.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    pub(crate) token: Option<TokenText<'a>>,
    /// The certificates that the peer showed on the connection below, its own first; none where it showed none.
    pub(crate) certificates: &'a [CertificateDer<'a>],
    /// What the transport's names call the hub.
    pub(crate) hub: Option<HubName<'a>>,
    /// The identity that the transport names.
    pub(crate) named: Option<Lookup<'a>>,
    /// The policy that the transport names.
    pub(crate) policy: Option<PolicyName<'a>>,
    /// What a policy's token is put for: its resource must cover it, and the rights reach no further.
    pub(crate) audience: Option<ResourcePath<'a>>,
    /// What is asked for by presenting it.
    pub(crate) operation: Operation<'a>,
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
    /// [`AuthError::ClientId`] where the client id names another identity.
    pub fn mqtt(client_id: &str, username: &'a str, password: Option<&'a str>) -> Result<Self, AuthError> {
        let parsed = Username::parse(username)?;
        if !parsed.is_client(client_id) {
            return Err(AuthError::ClientId);
        }
        let token = password.map(TokenText);
        let named = Some(parsed.identity.lookup());
        let hub = Some(HubName::Host(parsed.host));
        Ok(Self { hub, named, token, ..Self::bare(None, Operation::mqtt_connect()) })
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
        let (named, policy) = match identity {
            Identity::Policy(name) => (None, Some(name)),
            identity => (Some(identity.lookup()), None),
        };
        let hub = Some(HubName::FirstLabel(hub));
        Ok(Self { hub, named, policy, ..Self::bare(Some(TokenText(password)), Operation::amqp_send("")) })
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
        let (named, audience) = match name.shape() {
            Shape::Device(id) => (Some(Lookup::Device(id)), None),
            Shape::Module(device, module) => (Some(Lookup::Module(device, module)), None),
            _ => (None, Some(name)),
        };
        let hub = Some(HubName::Host(name.root()));
        Ok(Self { hub, named, audience, ..Self::bare(Some(TokenText(put.token)), Operation::amqp_send("")) })
    }

    const fn bare(token: Option<TokenText<'a>>, operation: Operation<'a>) -> Self {
        let (hub, named, policy, audience) = (None, None, None, None);
        Self { token, certificates: &[], hub, named, policy, audience, operation }
    }

    /// An HTTP request: its method, its path with the query, and the value of its `Authorization` header.
    ///
    /// # Errors
    /// [`AuthError::Scheme`] where the header is of another scheme.
    pub fn http(method: &'a str, path: &'a str, authorization: &'a str) -> Result<Self, AuthError> {
        let scheme = authorization.split(' ').next().unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("SharedAccessSignature") {
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
        Ok(Self { named, ..Self::bare(Some(TokenText(authorization)), operation) })
    }
}
