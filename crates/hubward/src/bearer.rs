//! Users of the directory (Microsoft Entra ID): an HTTP request with `Authorization: Bearer`. The caller's JWT library
//! verifies the signature.

use core::fmt;
use core::time::Duration;

use hubward_core::UnixTime;
use hubward_policy::roles::{Access, ArmScope, MissingPermission, RoleDecision};
use hubward_policy::{Caller, Operation};

use crate::config::DirectoryConfig;
use crate::credentials::TokenText;
use crate::error::AuthError;
use crate::transport::http::{bearer_token, three_parts};

/// An HTTP request with a bearer token. Nothing is verified yet.
///
/// ```
/// use hubward::Bearer;
///
/// assert!(Bearer::http("GET", "/devices/pump-7?api-version=2021-04-12", "Bearer header.claims.signature").is_ok());
/// assert!(Bearer::http("GET", "/devices/pump-7?api-version=2021-04-12", "Basic dXNlcg==").is_err());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Bearer<'a> {
    token: TokenText<'a>,
    operation: Operation<'a>,
}

/// A pending authentication: the result of the caller's JWT library is needed.
#[derive(Debug)]
#[must_use = "a pending authentication has authenticated no user yet"]
pub struct PendingBearer<'a> {
    bearer: Bearer<'a>,
    rules: &'a DirectoryConfig,
}

/// The result of the caller's JWT library.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum PrincipalRecord<'p> {
    /// The library rejected the token: its signature, its issuer or another part.
    Refused,
    /// The token is authentic and has these claims.
    Verified(Principal<'p>),
}

/// The claims of an authentic token.
///
/// ```
/// use hubward::types::UnixTime;
/// use hubward::{HUB_AUDIENCE, Principal};
///
/// // `oid`, then the ids of the user's groups
/// let ids = ["7c1d9a6e-0000-0000-0000-000000000001", "51c2b3a4-0000-0000-0000-000000000002"];
/// let expires = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_003_600));
/// let claims = Principal::new(&ids, HUB_AUDIENCE, expires);
/// # let _ = claims;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Principal<'p> {
    ids: &'p [&'p str],
    audience: &'p str,
    expiry: u64,
}

/// An authenticated user or service of the directory. Only [`PendingBearer::resume`] creates one.
#[derive(Debug, Clone, Copy)]
pub struct User<'a, 'p> {
    ids: &'p [&'p str],
    object_id: &'p str,
    hub: ArmScope<'a>,
    operation: Operation<'a>,
    until: u64,
}

/// The decision on a user's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "callers must not mistake a third variant for one of these two")]
pub enum UserDecision {
    /// The request is permitted.
    Allow {
        /// The index of the role assignment in the [`Access`].
        assignment: usize,
    },
    /// The request is denied.
    Deny(UserDenial),
}

/// The reason for which a user's request is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserDenial {
    /// No endpoint has this method and path.
    #[error("no endpoint has this method and path")]
    UnknownOperation,
    /// An endpoint that devices and modules call for themselves. No role grants access to it.
    #[error("only a device or module can call this endpoint, for itself")]
    DeviceEndpoint,
    /// The AMQP connection has no valid token of a user.
    #[error("this connection has no valid bearer token")]
    NoUser,
    /// No role of the user permits it.
    #[error("{}", RoleDecision::Deny(*.0))]
    Role(MissingPermission),
}

impl<'a> Bearer<'a> {
    /// Parses an HTTP request: its method, its path with the query, and the value of its `Authorization` header.
    ///
    /// # Errors
    /// - [`AuthError::Scheme`]: the scheme is not `Bearer`. Try [`Credentials::http`](crate::Credentials::http).
    /// - [`AuthError::Bearer`]: no token of three base64url parts follows.
    pub fn http(method: &'a str, path: &'a str, authorization: &'a str) -> Result<Self, AuthError> {
        let token = bearer_token(authorization)?;
        Ok(Self { token: TokenText(token), operation: Operation::http(method, path) })
    }

    /// Takes a token that is put by CBS, with or without the word `Bearer`. It requests no operation.
    pub(crate) fn cbs(token: &'a str) -> Result<Self, AuthError> {
        let token = if token.contains(' ') { bearer_token(token)? } else { three_parts(token)? };
        Ok(Self { token: TokenText(token), operation: Operation::amqp_send("") })
    }

    /// Starts the authentication, which needs the result of the caller's JWT library.
    pub const fn start(self, rules: &'a DirectoryConfig) -> PendingBearer<'a> {
        PendingBearer { bearer: self, rules }
    }
}

impl<'a> PendingBearer<'a> {
    /// Returns the token for the caller's JWT library. The library must require the directory's keys, an algorithm of the
    /// caller's choice and the tenant's issuer.
    #[must_use]
    pub const fn token(&self) -> &'a str {
        self.bearer.token.0
    }

    /// Resumes the authentication with the library's result, at the time `now`. A token is valid before its expiry, not
    /// at it (RFC 7519, 4.1.4).
    ///
    /// # Errors
    /// - [`AuthError::BearerRefused`]: the library rejected the token, or it has no object id.
    /// - [`AuthError::AudienceMismatch`]: the token is for another audience.
    /// - [`AuthError::BearerExpired`]: the token expired.
    pub fn resume<'p>(self, found: PrincipalRecord<'p>, now: UnixTime) -> Result<User<'a, 'p>, AuthError> {
        let PrincipalRecord::Verified(Principal { ids, audience, expiry }) = found else {
            return Err(AuthError::BearerRefused);
        };
        if audience != self.rules.audience() {
            return Err(AuthError::AudienceMismatch);
        }
        let (until, now) = (expiry.saturating_add(self.rules.leeway()), now.as_secs());
        if until <= now {
            return Err(AuthError::BearerExpired { expiry, now });
        }
        let object_id = *ids.first().filter(|id| !id.is_empty()).ok_or(AuthError::BearerRefused)?;
        Ok(User { ids, object_id, hub: self.rules.hub(), operation: self.bearer.operation, until })
    }
}

impl<'p> Principal<'p> {
    /// Takes the object id (`oid`), followed by the ids of the user's groups, the audience (`aud`) and the expiry
    /// (`exp`).
    #[must_use]
    pub fn new(ids: &'p [&'p str], audience: &'p str, expires: UnixTime) -> Self {
        Self { ids, audience, expiry: expires.as_secs() }
    }
}

impl<'a, 'p> User<'a, 'p> {
    /// Returns the object id.
    #[must_use]
    pub const fn object_id(&self) -> &'p str {
        self.object_id
    }

    pub(crate) const fn ids(&self) -> &'p [&'p str] {
        self.ids
    }

    /// Returns the first second at which the token is no longer valid.
    #[must_use]
    pub fn until(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.until))
    }

    /// Returns the requested operation.
    #[must_use]
    pub const fn operation(&self) -> &Operation<'a> {
        &self.operation
    }

    /// Decides on the request by the hub's role assignments.
    pub fn decision(&self, access: &Access) -> UserDecision {
        self.decide(&self.operation, access)
    }

    /// Decides on another operation. A user cannot call an endpoint that devices call for themselves, regardless of
    /// roles.
    pub fn decide(&self, operation: &Operation<'_>, access: &Access) -> UserDecision {
        UserDecision::of(self.ids, operation, access, self.hub)
    }
}

impl UserDecision {
    /// Decides on an operation of the principals `ids`, by the role assignments of `hub`.
    pub(crate) fn of(ids: &[&str], operation: &Operation<'_>, access: &Access, hub: ArmScope<'_>) -> Self {
        let Some(endpoint) = operation.endpoint() else {
            return Self::Deny(UserDenial::UnknownOperation);
        };
        match endpoint.caller() {
            Caller::Service | Caller::ServiceOrSibling | Caller::ServiceOrEdgeDevice => {}
            _ => return Self::Deny(UserDenial::DeviceEndpoint),
        }
        match access.check_endpoint(ids, endpoint, hub) {
            RoleDecision::Allow { assignment } => Self::Allow { assignment },
            RoleDecision::Deny(shortfall) => Self::Deny(UserDenial::Role(shortfall)),
        }
    }

    /// Returns `true` if the request is permitted.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

impl UserDenial {
    /// Returns a stable code for logs and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownOperation => "unknown-operation",
            Self::DeviceEndpoint => "device-endpoint",
            Self::NoUser => "no-user",
            Self::Role(shortfall) => shortfall.code(),
        }
    }
}

impl fmt::Display for UserDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow { assignment } => RoleDecision::Allow { assignment: *assignment }.fmt(f),
            Self::Deny(denial) => denial.fmt(f),
        }
    }
}
