//! What a peer presents on each transport, parsed once into a token and the identity that the transport names.

use hubward_core::{Lookup, Segment};
use hubward_policy::{Caller, Operation, Target};

use crate::error::AuthError;
use crate::mqtt::Username;

/// A credential with every name that came along with it. Nothing is judged yet.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    pub(crate) token: TokenText<'a>,
    /// The host that the transport's names call the hub by.
    pub(crate) host: Option<Segment<'a>>,
    /// The identity that the transport names.
    pub(crate) named: Option<Lookup<'a>>,
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
    /// [`AuthError::ClientId`] where the client id names another identity, [`AuthError::NoCredential`] without a
    /// password.
    pub fn mqtt(client_id: &str, username: &'a str, password: Option<&'a str>) -> Result<Self, AuthError> {
        let parsed = Username::parse(username)?;
        if !parsed.is_client(client_id) {
            return Err(AuthError::ClientId);
        }
        let token = TokenText(password.ok_or(AuthError::NoCredential)?);
        let named = Some(parsed.identity.lookup());
        Ok(Self { token, host: Some(parsed.host), named, operation: Operation::mqtt_connect() })
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
        Ok(Self { token: TokenText(authorization), host: None, named, operation })
    }
}
