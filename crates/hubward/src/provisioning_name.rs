//! The username of an MQTT CONNECT at a provisioning service: `{id scope}/registrations/{id}/api-version=..`.

use hubward_core::{IdScope, Lookup, RegistrationId};
use hubward_sas::SasToken;

use crate::error::AuthError;
use crate::mqtt::{UsernameError, UsernameProblem, check_query};

/// What a provisioning service's username names. Its names are bound to the client id here and to the token by
/// [`ProvisioningUsername::agrees`]; whether the enrollment admits them is not judged by this crate.
#[derive(Debug, Clone, Copy)]
pub struct ProvisioningUsername<'a> {
    scope: IdScope<'a>,
    id: RegistrationId<'a>,
}

impl<'a> ProvisioningUsername<'a> {
    /// Parses a username, and compares the client id with it byte by byte.
    ///
    /// # Errors
    /// [`AuthError::Username`] where it is not `{id scope}/registrations/{id}/api-version=..`,
    /// [`AuthError::ClientId`] where the client id is not the registration's.
    pub fn parse(client_id: &str, username: &'a str) -> Result<Self, AuthError> {
        let offset_of = |part: &str| part.as_ptr().addr().saturating_sub(username.as_ptr().addr());
        let err = |part: &str, problem| UsernameError { offset: offset_of(part), problem };
        let mut parts = username.split('/');
        let names = (parts.next(), parts.next(), parts.next(), parts.next(), parts.next());
        let (Some(scope), Some("registrations"), Some(id), Some(query), None) = names else {
            return Err(err(username, UsernameProblem::Registration).into());
        };
        let scope = IdScope::parse(scope).map_err(|e| err(scope, UsernameProblem::Id(e)))?;
        let id = RegistrationId::parse(id).map_err(|e| err(id, UsernameProblem::Id(e)))?;
        check_query(query).map_err(|(part, problem)| err(part, problem))?;
        if client_id != id.as_str() {
            return Err(AuthError::ClientId);
        }
        Ok(Self { scope, id })
    }

    /// The id scope.
    #[must_use]
    pub const fn scope(&self) -> IdScope<'a> {
        self.scope
    }

    /// The registration.
    #[must_use]
    pub const fn id(&self) -> RegistrationId<'a> {
        self.id
    }

    /// Whether the token is for this registration of this scope, byte by byte. Nothing is proven yet.
    #[must_use]
    pub fn agrees(&self, token: &SasToken<'_>) -> bool {
        match token.needs() {
            Lookup::Registration(scope, id) => {
                scope.eq_decoded(self.scope.as_str()) && id.eq_decoded(self.id.as_str())
            }
            _ => false,
        }
    }
}
