//! What a device that registers presents on each transport, parsed once into a credential and its names.

use alloc::boxed::Box;
use alloc::string::String;

use hubward_core::{IdScope, Lookup, RegistrationId, Segment};
use hubward_policy::Transport;
use rustls_pki_types::CertificateDer;

use super::username;
use crate::error::AuthError;
use crate::presented::TokenText;

/// A credential with the names that came along with it: an id scope and a registration id. Nothing is judged yet.
#[derive(Debug, Clone)]
pub struct PresentedRegistration<'a> {
    pub(super) token: Option<TokenText<'a>>,
    pub(super) certificates: &'a [CertificateDer<'a>],
    pub(super) scope: Box<str>,
    pub(super) id: Box<str>,
    /// What is asked for by presenting it.
    pub(super) operation: Option<(Transport, &'a str, &'a str)>,
}

impl<'a> PresentedRegistration<'a> {
    /// The three strings of an MQTT CONNECT, as they came.
    ///
    /// # Errors
    /// [`AuthError::Username`] where it is not `{id scope}/registrations/{id}/api-version=..`,
    /// [`AuthError::ClientId`] where the client id is not the registration's.
    pub fn mqtt(client_id: &str, username: &str, password: Option<&'a str>) -> Result<Self, AuthError> {
        let (scope, id) = username::parse(client_id, username)?;
        let (scope, id) = (scope.as_str().into(), id.as_str().into());
        Ok(Self { token: password.map(TokenText), certificates: &[], scope, id, operation: None })
    }

    /// The two strings of AMQP's SASL PLAIN: `{id scope}/registrations/{id}` and a token.
    ///
    /// # Errors
    /// [`AuthError::RegistrationPath`] where the username is not that.
    pub fn amqp_plain(username: &str, password: &'a str) -> Result<Self, AuthError> {
        let (scope, id) = names(username, false)?;
        Ok(Self { token: Some(TokenText(password)), certificates: &[], scope, id, operation: None })
    }

    /// A link that is attached after SASL EXTERNAL, by its address: `{id scope}/registrations/{id}`; and the
    /// certificates that the peer showed, as [`Presented::with_certificates`](crate::Presented::with_certificates) has
    /// them.
    ///
    /// # Errors
    /// [`AuthError::RegistrationPath`] where the address is not that.
    pub fn amqp_external(
        address: &'a str,
        certificates: &'a [CertificateDer<'a>],
    ) -> Result<Self, AuthError> {
        let (scope, id) = names(address.strip_prefix('/').unwrap_or(address), false)?;
        Ok(Self { token: None, certificates, scope, id, operation: None })
    }

    /// An HTTP request: its method, its path with the query, which begins with `/{id scope}/registrations/{id}`, and the
    /// value of its `Authorization` header if there is one.
    ///
    /// # Errors
    /// [`AuthError::RegistrationPath`] where the path does not, [`AuthError::Scheme`] where the header is of another
    /// scheme.
    pub fn http(method: &'a str, path: &'a str, authorization: Option<&'a str>) -> Result<Self, AuthError> {
        let scheme = authorization.map(|value| value.split(' ').next().unwrap_or_default());
        if scheme.is_some_and(|scheme| !scheme.eq_ignore_ascii_case("SharedAccessSignature")) {
            return Err(AuthError::Scheme);
        }
        let names_of = path.split('?').next().and_then(|path| path.strip_prefix('/'));
        let (scope, id) = names(names_of.ok_or(AuthError::RegistrationPath)?, true)?;
        let operation = Some((Transport::Http, method, path));
        Ok(Self { token: authorization.map(TokenText), certificates: &[], scope, id, operation })
    }

    /// The same on a connection on which the peer showed `certificates`: see
    /// [`Presented::with_certificates`](crate::Presented::with_certificates).
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

    /// The registration that it names, unproven.
    #[must_use]
    pub fn lookup(&self) -> Lookup<'_> {
        Lookup::Registration(self.scope().segment(), self.id().segment())
    }
}

/// The two names of a path; where it is a request's, they may be percent-encoded, and more may follow.
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
