//! Bearer tokens of the directory (Microsoft Entra ID) that are put on a connection. The caller's JWT library verifies
//! them, as it does those of HTTP requests.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use hubward_core::{MacKey, UnixTime};
use hubward_policy::Operation;
use hubward_policy::roles::Access;

use super::connection::Cbs;
use super::link::LinkRole;
use super::put::CbsResponse;
use crate::bearer::{Bearer, PendingBearer, PrincipalRecord, UserDecision, UserDenial};
use crate::config::{BothCredentials, DirectoryConfig, HubConfig};
use crate::error::AuthError;
use crate::transport::cbs::CbsRequest;
use crate::transport::uri::link_path;

/// A pending put of a bearer token: the result of the caller's JWT library is needed.
#[derive(Debug)]
#[must_use = "a pending put that is dropped puts no token"]
pub struct PendingCbsBearer<'c, 'a> {
    cbs: &'c mut Cbs,
    pending: PendingBearer<'a>,
}

/// A user whose bearer token was put on a connection and verified.
#[derive(Debug)]
pub struct CbsUser {
    /// The object id, then the ids of the user's groups.
    ids: Box<[Box<str>]>,
    /// The first second at which the token is no longer valid.
    until: u64,
}

/// The decision on a link that a user attaches.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "callers must not mistake a third variant for one of these two")]
pub enum UserLinkDecision<'c, 'a> {
    /// The user may attach the link, whose operation has the path of the address.
    Allow(&'c CbsUser, Operation<'a>),
    /// No user of the connection may.
    Deny(UserDenial),
}

impl Cbs {
    /// Puts a bearer token ([`CbsRequest::is_bearer`]), whose `name` must be the hub, or the directory's
    /// audience or scope (`https://iothubs.azure.net/.default`), as a service SDK for Python sends it. Without a call of this function a
    /// hub takes no such token: [`Cbs::put_token`] rejects its type.
    ///
    /// # Errors
    /// The response to send, if the message is malformed or for another hub.
    pub fn put_bearer<'c, 'a, K: MacKey>(
        &'c mut self,
        put: CbsRequest<'a>,
        hub: &HubConfig<K>,
        directory: &'a DirectoryConfig,
    ) -> Result<PendingCbsBearer<'c, 'a>, CbsResponse> {
        if self.by_certificate && hub.both_credentials() != BothCredentials::TokenWins {
            return Err(CbsResponse::refused(AuthError::BothCredentials));
        }
        let name = put.name_of_bearer(directory.audience());
        let name = name.map_err(|error| CbsResponse::refused(error.into()))?;
        if name.is_some_and(|name| !hub.is_named(name.hub)) {
            return Err(CbsResponse::refused(AuthError::HubMismatch));
        }
        let bearer = Bearer::cbs(put.token()).map_err(CbsResponse::refused)?;
        Ok(PendingCbsBearer { cbs: self, pending: bearer.start(directory) })
    }

    /// Decides whether a user of the connection may attach a link to `address`, at the time `now`, by the hub's role
    /// assignments. Call it if [`Cbs::may_attach`] denies the link.
    pub fn user_may_attach<'c, 'a, K: MacKey>(
        &'c self,
        role: LinkRole,
        address: &'a str,
        hub: &HubConfig<K>,
        directory: &DirectoryConfig,
        access: &Access,
        now: UnixTime,
    ) -> UserLinkDecision<'c, 'a> {
        let Ok(path) = link_path(address, |name| hub.is_named(name)) else {
            return UserLinkDecision::Deny(UserDenial::UnknownOperation);
        };
        let operation = role.operation(path);
        let mut denial = UserDenial::NoUser;
        for user in self.users(now) {
            match user.decide(&operation, directory, access) {
                UserDecision::Allow { .. } => return UserLinkDecision::Allow(user, operation),
                UserDecision::Deny(own) => denial = own,
            }
        }
        UserLinkDecision::Deny(denial)
    }

    /// Returns the users whose tokens are valid at the time `now`, in the order in which the tokens were put.
    pub fn users(&self, now: UnixTime) -> impl Iterator<Item = &CbsUser> {
        self.users.iter().filter(move |user| user.is_valid(now))
    }

    /// Keeps the users for which `is_valid` returns `true`: call it when the directory's issuer, audience or keys changed.
    /// Detach the links of the removed users.
    pub fn retain_users(&mut self, is_valid: impl FnMut(&CbsUser) -> bool) {
        self.users.retain(is_valid);
    }
}

impl<'a> PendingCbsBearer<'_, 'a> {
    /// Returns the token for the caller's JWT library, as [`PendingBearer::token`] does.
    #[must_use]
    pub const fn token(&self) -> &'a str {
        self.pending.token()
    }

    /// Completes the put with the library's result, at the time `now`.
    pub fn resume(self, found: PrincipalRecord<'_>, now: UnixTime) -> CbsResponse {
        let Self { cbs, pending } = self;
        match pending.resume(found, now) {
            Ok(user) => {
                let ids = user.ids().iter().map(|id| Box::from(*id)).collect();
                cbs.users.retain(|other| other.object_id() != user.object_id());
                if let Err(error) = cbs.make_room(now) {
                    return CbsResponse::refused(error);
                }
                cbs.users.push(CbsUser { ids, until: user.until().as_secs() });
                CbsResponse::taken()
            }
            Err(error) => CbsResponse::refused(error),
        }
    }
}

impl CbsUser {
    /// Returns the object id.
    #[must_use]
    pub fn object_id(&self) -> &str {
        self.ids.first().map_or("", |id| id)
    }

    /// Returns the first second at which the token is no longer valid.
    #[must_use]
    pub fn until(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.until))
    }

    /// Decides on an operation by the hub's role assignments, while the token is valid.
    pub fn decide(
        &self,
        operation: &Operation<'_>,
        directory: &DirectoryConfig,
        access: &Access,
    ) -> UserDecision {
        let ids: Vec<&str> = self.ids.iter().map(|id| &**id).collect();
        UserDecision::of(&ids, operation, access, directory.hub())
    }

    pub(super) const fn is_valid(&self, now: UnixTime) -> bool {
        self.until > now.as_secs()
    }
}

impl UserLinkDecision<'_, '_> {
    /// Returns `true` if the link is permitted.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow(..))
    }
}
