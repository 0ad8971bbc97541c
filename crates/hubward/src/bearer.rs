//! Users of the directory: an HTTP request with `Authorization: Bearer`. The caller's JWT library verifies the token.

use core::fmt;

use hubward_core::UnixTime;
use hubward_policy::roles::{Access, ArmScope, Ruling, Shortfall};
use hubward_policy::{Caller, Operation};

use crate::error::AuthError;
use crate::presented::TokenText;

/// The longest token: one that lists the groups of a user in very many.
const MAX_TOKEN: usize = 16 * 1024;

/// The audience of the directory's tokens for IoT hubs.
pub const HUB_AUDIENCE: &str = "https://iothubs.azure.net";

/// What a hub admits users by.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct UserRules<'r> {
    /// The resource id of the hub: where its role assignments are.
    pub hub: ArmScope<'r>,
    /// The audience that a token must be for, exactly. [`HUB_AUDIENCE`] unless a sovereign cloud has its own.
    pub audience: &'r str,
    /// Seconds after its expiry in which a token still counts, for clocks that differ.
    pub leeway: u64,
}

/// A request with a bearer token. Nothing is judged yet.
#[derive(Debug, Clone, Copy)]
pub struct Bearer<'a> {
    token: TokenText<'a>,
    operation: Operation<'a>,
}

/// The question for whose token it is, to be consumed by its answer.
#[derive(Debug)]
#[must_use = "nobody is admitted until the question is answered"]
pub struct PrincipalQuestion<'a> {
    bearer: Bearer<'a>,
    rules: UserRules<'a>,
}

/// What the caller's JWT library made of a token.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum FoundPrincipal<'p> {
    /// Its signature, its issuer or anything else was refused.
    Refused,
    /// It is authentic, and this is what it says.
    Verified(Principal<'p>),
}

/// What an authentic token says.
#[derive(Debug, Clone, Copy)]
pub struct Principal<'p> {
    ids: &'p [&'p str],
    audience: &'p str,
    expiry: u64,
}

/// A user or a service of the directory whose token is good. Only an answered [`PrincipalQuestion`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct User<'a, 'p> {
    ids: &'p [&'p str],
    object_id: &'p str,
    hub: ArmScope<'a>,
    operation: Operation<'a>,
    until: u64,
}

/// Whether a user may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a third answer would be read as one of these two")]
pub enum UserDecision {
    /// It may.
    Allow {
        /// By which assignment of the [`Access`].
        assignment: usize,
    },
    /// It may not.
    Deny(UserDenial),
}

/// Why a user may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserDenial {
    /// No endpoint has this method and path.
    #[error("there is no such operation")]
    UnknownOperation,
    /// A device's or a module's own endpoint: no role opens one.
    #[error("a device's own endpoint, and a user is no device")]
    DeviceEndpoint,
    /// No role grants it.
    #[error("{}", Ruling::Deny(*.0))]
    Role(Shortfall),
}

impl<'r> UserRules<'r> {
    /// Rules for the hub of that resource id: tokens for [`HUB_AUDIENCE`], without leeway.
    #[must_use]
    pub const fn new(hub: ArmScope<'r>) -> Self {
        Self { hub, audience: HUB_AUDIENCE, leeway: 0 }
    }
}

impl<'a> Bearer<'a> {
    /// An HTTP request: its method, its path with the query, and the value of its `Authorization` header.
    ///
    /// # Errors
    /// [`AuthError::Scheme`] where the header is of another scheme, so that
    /// [`Presented::http`](crate::Presented::http) may be tried; [`AuthError::Bearer`] where no token follows.
    pub fn http(method: &'a str, path: &'a str, authorization: &'a str) -> Result<Self, AuthError> {
        let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(AuthError::Scheme);
        }
        // three parts of base64url (RFC 7515, 7.1)
        let part = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        if token.len() > MAX_TOKEN || token.split('.').count() != 3 || !token.split('.').all(part) {
            return Err(AuthError::Bearer);
        }
        Ok(Self { token: TokenText(token), operation: Operation::http(method, path) })
    }

    /// Asks whose token it is.
    pub const fn start(self, rules: &UserRules<'a>) -> PrincipalQuestion<'a> {
        PrincipalQuestion { bearer: self, rules: *rules }
    }
}

impl<'a> PrincipalQuestion<'a> {
    /// The token, for the caller's JWT library. The library must hold it to the directory's keys, to an algorithm of
    /// the caller's choice and to the tenant's issuer.
    #[must_use]
    pub const fn token(&self) -> &'a str {
        self.bearer.token.0
    }

    /// Judges with what the library found, at the time `now`. A token counts before its expiry (RFC 7519, 4.1.4).
    ///
    /// # Errors
    /// [`AuthError`]: it was refused, or is for another audience, or its time is over, or it says of nobody.
    pub fn answer<'p>(self, found: FoundPrincipal<'p>, now: UnixTime) -> Result<User<'a, 'p>, AuthError> {
        let FoundPrincipal::Verified(Principal { ids, audience, expiry }) = found else {
            return Err(AuthError::BearerRefused);
        };
        if audience != self.rules.audience {
            return Err(AuthError::AnotherAudience);
        }
        let (until, now) = (expiry.saturating_add(self.rules.leeway), now.as_secs());
        if until <= now {
            return Err(AuthError::BearerExpired { expiry, now });
        }
        let object_id = *ids.first().filter(|id| !id.is_empty()).ok_or(AuthError::BearerRefused)?;
        Ok(User { ids, object_id, hub: self.rules.hub, operation: self.bearer.operation, until })
    }
}

impl<'p> Principal<'p> {
    /// `ids` are the object id (`oid`), and after it those of the groups it is in; `audience` is `aud`, `expires` is
    /// `exp`.
    #[must_use]
    pub fn new(ids: &'p [&'p str], audience: &'p str, expires: UnixTime) -> Self {
        Self { ids, audience, expiry: expires.as_secs() }
    }
}

impl<'a, 'p> User<'a, 'p> {
    /// Who it is.
    #[must_use]
    pub const fn object_id(&self) -> &'p str {
        self.object_id
    }

    /// The first second, since 1970, at which it is good no more.
    #[must_use]
    pub const fn until(&self) -> u64 {
        self.until
    }

    /// What was asked for.
    #[must_use]
    pub const fn operation(&self) -> &Operation<'a> {
        &self.operation
    }

    /// The decision on the request itself, by the hub's role assignments.
    pub fn decision(&self, access: &Access) -> UserDecision {
        self.decide(&self.operation, access)
    }

    /// The decision on another operation. A device's own endpoint is never a user's, whatever a role says.
    pub fn decide(&self, operation: &Operation<'_>, access: &Access) -> UserDecision {
        let Some(endpoint) = operation.endpoint() else {
            return UserDecision::Deny(UserDenial::UnknownOperation);
        };
        match endpoint.caller() {
            Caller::Service | Caller::ServiceOrSibling => {}
            _ => return UserDecision::Deny(UserDenial::DeviceEndpoint),
        }
        match access.check_endpoint(self.ids, endpoint, self.hub) {
            Ruling::Allow { assignment } => UserDecision::Allow { assignment },
            Ruling::Deny(shortfall) => UserDecision::Deny(UserDenial::Role(shortfall)),
        }
    }
}

impl UserDecision {
    /// Whether it may go on.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

impl UserDenial {
    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownOperation => "unknown-operation",
            Self::DeviceEndpoint => "device-endpoint",
            Self::Role(shortfall) => shortfall.code(),
        }
    }
}

impl fmt::Display for UserDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow { assignment } => Ruling::Allow { assignment: *assignment }.fmt(f),
            Self::Deny(denial) => denial.fmt(f),
        }
    }
}
