//! The credentials that a device presents to register, with the names that the transport carries.

use alloc::boxed::Box;
use alloc::string::String;

use hubward_core::{Authority, IdScope, Lookup, RegistrationId, Segment};
use hubward_policy::Transport;
use rustls_pki_types::CertificateDer;

use super::username;
use crate::credentials::TokenText;
use crate::error::AuthError;
use crate::transport::http::require_shared_access_signature;
use crate::transport::uri::{ADDRESS_SCHEMES, Uri};

/// A token, certificates or both, with an id scope and a registration id. Nothing is verified yet.
///
/// ```
/// use hubward::RegistrationCredentials;
///
/// let username = "0ne00000A0A/registrations/sn-7/api-version=2019-03-31";
/// let presented = RegistrationCredentials::mqtt("sn-7", username, Some("SharedAccessSignature sr=..."))?;
/// assert_eq!(presented.lookup().to_string(), "registration sn-7 in scope 0ne00000A0A");
/// # Ok::<(), hubward::AuthError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RegistrationCredentials<'a> {
    pub(super) token: Option<TokenText<'a>>,
    pub(super) certificates: &'a [CertificateDer<'a>],
    pub(super) scope: Box<str>,
    pub(super) id: Box<str>,
    /// The host of a request or of a URI.
    pub(super) host: Option<Authority<'a>>,
    /// The name of the group that a token's key belongs to, if it is known.
    pub(super) group: Option<&'a str>,
    /// The requested operation: transport, method and path. `None` for MQTT and AMQP.
    pub(super) operation: Option<(Transport, &'a str, &'a str)>,
}

impl<'a> RegistrationCredentials<'a> {
    /// Parses the client id, the username and the password of an MQTT CONNECT.
    ///
    /// # Errors
    /// - [`AuthError::Username`]: the username is not `{id scope}/registrations/{id}/api-version=..`.
    /// - [`AuthError::ClientId`]: the client id is not the registration id.
    pub fn mqtt(client_id: &str, username: &str, password: Option<&'a str>) -> Result<Self, AuthError> {
        let (scope, id) = username::parse(client_id, username)?;
        let (scope, id) = (scope.as_str().into(), id.as_str().into());
        Ok(Self {
            token: password.map(TokenText),
            certificates: &[],
            scope,
            id,
            host: None,
            group: None,
            operation: None,
        })
    }

    /// Parses the username of AMQP's SASL PLAIN, `{id scope}/registrations/{id}`, and takes the password as the token.
    ///
    /// # Errors
    /// [`AuthError::RegistrationPath`] if the username has another form.
    pub fn amqp_plain(username: &str, password: &'a str) -> Result<Self, AuthError> {
        let (scope, id) = names(username, false)?;
        Ok(Self {
            token: Some(TokenText(password)),
            certificates: &[],
            scope,
            id,
            host: None,
            group: None,
            operation: None,
        })
    }

    /// Parses the address of a link that is attached after SASL EXTERNAL, `{id scope}/registrations/{id}` or a URI
    /// `amqps://{host}[:port]/..` with that path, whose host must be one of the service's, and takes the certificates of the connection as [`Credentials::with_certificates`](crate::Credentials::with_certificates) does.
    ///
    /// # Errors
    /// [`AuthError::RegistrationPath`] if the address has another form.
    pub fn amqp_external(
        address: &'a str,
        certificates: &'a [CertificateDer<'a>],
    ) -> Result<Self, AuthError> {
        let uri = Uri::split(address, ADDRESS_SCHEMES).map_err(|_| AuthError::RegistrationPath)?;
        let path = uri.map_or(address, |uri| uri.path());
        let (scope, id) = names(path.strip_prefix('/').unwrap_or(path), false)?;
        let host = uri.map(|uri| uri.host());
        Ok(Self { token: None, certificates, scope, id, host, group: None, operation: None })
    }

    /// Parses an HTTP request: its method, its path with the query, which must begin with
    /// `/{id scope}/registrations/{id}`, and the value of its `Authorization` header if there is one.
    ///
    /// # Errors
    /// - [`AuthError::Scheme`]: the scheme of the authorization is not `SharedAccessSignature`.
    /// - [`AuthError::RegistrationPath`]: the path begins differently.
    pub fn http(method: &'a str, path: &'a str, authorization: Option<&'a str>) -> Result<Self, AuthError> {
        require_shared_access_signature(authorization)?;
        let names_of = path.split('?').next().and_then(|path| path.strip_prefix('/'));
        let (scope, id) = names(names_of.ok_or(AuthError::RegistrationPath)?, true)?;
        let operation = Some((Transport::Http, method, path));
        Ok(Self {
            token: authorization.map(TokenText),
            certificates: &[],
            scope,
            id,
            host: None,
            group: None,
            operation,
        })
    }

    /// Adds the value of the request's `Host` header, which must then be one of the service's hosts.
    ///
    /// # Errors
    /// [`AuthError::Host`] if the host is malformed.
    pub fn with_host(mut self, host: &'a str) -> Result<Self, AuthError> {
        self.host = Some(Authority::parse(host).map_err(AuthError::Host)?);
        Ok(self)
    }

    /// Adds the name of the enrollment group that the device belongs to, as its request or its address states it. A token is
    /// then verified with the keys of that group alone, so that the cost does not depend on the number of groups. The name
    /// is a claim: it selects the key, and only a token that this key verifies proves the membership. An individual
    /// enrollment still has precedence, and certificates select their group by their issuers.
    ///
    /// ```
    /// use hubward::RegistrationCredentials;
    ///
    /// let username = "0ne00000A0A/registrations/sn-7/api-version=2019-03-31";
    /// let presented = RegistrationCredentials::mqtt("sn-7", username, Some("SharedAccessSignature sr=..."))?;
    /// let presented = presented.with_group("line-4");
    /// assert_eq!(presented.lookup().to_string(), "registration sn-7 in scope 0ne00000A0A");
    /// # Ok::<(), hubward::AuthError>(())
    /// ```
    #[must_use]
    pub const fn with_group(mut self, name: &'a str) -> Self {
        self.group = Some(name);
        self
    }

    /// Adds the certificates of the TLS connection: see
    /// [`Credentials::with_certificates`](crate::Credentials::with_certificates).
    #[must_use]
    pub const fn with_certificates(mut self, certificates: &'a [CertificateDer<'a>]) -> Self {
        self.certificates = certificates;
        self
    }

    pub(super) fn scope(&self) -> IdScope<'_> {
        IdScope::assertion(&self.scope)
    }

    pub(super) fn id(&self) -> RegistrationId<'_> {
        RegistrationId::assertion(&self.id)
    }

    /// Returns the registration that the names refer to. It is not verified.
    #[must_use]
    pub fn lookup(&self) -> Lookup<'_> {
        Lookup::Registration(self.scope().segment(), self.id().segment())
    }
}

/// Parses the two names of a path. In a request's path they may be percent-encoded, and more parts may follow.
fn names(path: &str, request: bool) -> Result<(Box<str>, Box<str>), AuthError> {
    let mut parts = path.split('/');
    let (Some(scope), Some("registrations"), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(AuthError::RegistrationPath);
    };
    if !request && parts.next().is_some() {
        return Err(AuthError::RegistrationPath);
    }
    let decoded = |part| {
        let segment = if request { Segment::encoded(part) } else { Segment::plain(part) };
        segment.map(|segment| segment.bytes().map(char::from).collect::<String>())
    };
    let (Some(scope), Some(id)) = (decoded(scope), decoded(id)) else {
        return Err(AuthError::RegistrationPath);
    };
    if IdScope::parse(&scope).is_err() || RegistrationId::parse(&id).is_err() {
        return Err(AuthError::RegistrationPath);
    }
    Ok((scope.into(), id.into()))
}
