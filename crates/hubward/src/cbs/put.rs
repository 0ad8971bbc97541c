//! Putting a token on a connection.

use core::fmt;

use hubward_core::{Identity, Lookup, LookupResult, MacKey, UnixTime};

use super::connection::{Cbs, Entry};
use crate::authentication::authenticated::Authenticated;
use crate::authentication::state_machine::{AuthenticationStep, PendingAuthentication};
use crate::config::{BothCredentials, HubConfig};
use crate::credentials::Credentials;
use crate::error::{AuthError, PublicError};
use crate::transport::cbs::CbsRequest;

/// The result of one step of a put.
#[derive(Debug)]
#[must_use = "the token counts only after the lookups"]
#[expect(clippy::exhaustive_enums, reason = "a put is pending or has a response")]
pub enum CbsStep<'c, 'a, K> {
    /// A record is needed.
    NeedsLookup(PendingCbs<'c, 'a, K>),
    /// The put is complete: send this response.
    Replied(CbsResponse),
}

/// A pending put. It borrows the connection's [`Cbs`], so puts are processed one after the other, in the order in which
/// they arrive. Dropping it changes nothing.
#[must_use = "a pending put that is dropped puts no token"]
pub struct PendingCbs<'c, 'a, K> {
    cbs: &'c mut Cbs,
    pending: PendingAuthentication<'a, 'a, K>,
}

/// The response to a `put-token`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CbsResponse(pub(super) Result<(), AuthError>);

impl Cbs {
    /// Puts a token. It permits links after the lookups and its verification, not before. It then replaces an earlier
    /// token for the same name. If it is rejected, the earlier token stays until it expires.
    pub fn put_token<'c, 'a, K: MacKey>(
        &'c mut self,
        put: CbsRequest<'a>,
        rules: &'a HubConfig<K>,
    ) -> CbsStep<'c, 'a, K> {
        let presented = self.presented(put, rules);
        match presented.and_then(|presented| presented.start(rules)) {
            Ok(pending) => CbsStep::NeedsLookup(PendingCbs { cbs: self, pending }),
            Err(error) => CbsStep::Replied(CbsResponse(Err(error))),
        }
    }

    /// Parses a put-token, unless a certificate opened the connection and the configuration prefers no token.
    pub(super) fn presented<'a, K: MacKey>(
        &self,
        put: CbsRequest<'a>,
        rules: &HubConfig<K>,
    ) -> Result<Credentials<'a>, AuthError> {
        if self.by_certificate && rules.both_credentials() != BothCredentials::TokenWins {
            return Err(AuthError::BothCredentials);
        }
        Credentials::cbs(put)
    }

    /// Adds the session of a verified token.
    pub(super) fn keep(&mut self, authenticated: Authenticated<'_>, now: UnixTime) -> Result<(), AuthError> {
        let audience = match authenticated.identity() {
            Identity::Policy(_) => authenticated.resource().map(|path| path.as_received().into()),
            _ => None,
        };
        self.add(Entry { audience, source: None, session: authenticated.into_session() }, now)
    }
}

impl<'c, 'a, K: MacKey> PendingCbs<'c, 'a, K> {
    /// Returns the record that is needed.
    #[must_use]
    pub const fn lookup(&self) -> Lookup<'a> {
        self.pending.lookup()
    }

    /// Resumes the put with the record that the store returned, at the time `now`.
    pub fn resume(self, found: LookupResult<'_, K>, now: UnixTime) -> CbsStep<'c, 'a, K> {
        let Self { cbs, pending } = self;
        let result = match pending.resume(found, now) {
            Ok(AuthenticationStep::NeedsLookup(pending)) => {
                return CbsStep::NeedsLookup(PendingCbs { cbs, pending });
            }
            Ok(AuthenticationStep::Authenticated(authenticated)) => cbs.keep(authenticated, now),
            Err(error) => Err(error),
        };
        CbsStep::Replied(CbsResponse(result))
    }
}

impl CbsResponse {
    pub(super) const fn taken() -> Self {
        Self(Ok(()))
    }

    pub(super) const fn refused(error: AuthError) -> Self {
        Self(Err(error))
    }

    /// Returns the `status-code` of the response: 200, 400 for a malformed message, or 401 for a rejected token.
    #[must_use]
    pub const fn status_code(&self) -> i32 {
        match self.0 {
            Ok(()) => 200,
            Err(error) => match error.public() {
                PublicError::Malformed => 400,
                PublicError::Unauthorized => 401,
            },
        }
    }

    /// Returns the `status-description` of the response: one word for the client.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        match self.0 {
            Ok(()) => "ok",
            Err(error) => error.public().as_str(),
        }
    }

    /// Returns the reason for a rejection, for the log.
    #[must_use]
    pub const fn error(&self) -> Option<AuthError> {
        match self.0 {
            Ok(()) => None,
            Err(error) => Some(error),
        }
    }
}

impl<K> fmt::Debug for PendingCbs<'_, '_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingCbs").field("pending", &self.pending).finish_non_exhaustive()
    }
}
