//! Bearer tokens of the directory (Microsoft Entra ID) that are put on a connection. The caller's JWT library verifies
//! them, as it does those of HTTP requests.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hubward_core::{MacKey, UnixTime};
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

/// A user whose bearer token was put on a connection.
#[derive(Debug)]
pub(super) struct CbsUser {
    /// The object id, then the ids of the user's groups.
    ids: Box<[Box<str>]>,
    /// The first second at which the token is no longer valid.
    until: u64,
}

impl Cbs {
    /// Puts a bearer token ([`CbsRequest::is_bearer`]), whose `name` must be the hub. Without a call of this function a
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
        let name = put.name_of_bearer().map_err(|error| CbsResponse::refused(error.into()))?;
        if !hub.is_named(name.hub) {
            return Err(CbsResponse::refused(AuthError::HubMismatch));
        }
        let bearer = Bearer::cbs(put.token()).map_err(CbsResponse::refused)?;
        Ok(PendingCbsBearer { cbs: self, pending: bearer.start(directory) })
    }

    /// Decides whether a user of the connection may attach a link to `address`, at the time `now`, by the hub's role
    /// assignments. Call it if [`Cbs::may_attach`] denies the link.
    pub fn user_may_attach<K: MacKey>(
        &self,
        role: LinkRole,
        address: &str,
        hub: &HubConfig<K>,
        directory: &DirectoryConfig,
        access: &Access,
        now: UnixTime,
    ) -> UserDecision {
        let Ok(path) = link_path(address, |name| hub.is_named(name)) else {
            return UserDecision::Deny(UserDenial::UnknownOperation);
        };
        let operation = role.operation(path);
        let mut decision = UserDecision::Deny(UserDenial::NoUser);
        for user in self.users.iter().filter(|user| user.is_valid(now)) {
            let ids: Vec<&str> = user.ids.iter().map(|id| &**id).collect();
            decision = UserDecision::of(&ids, &operation, access, directory.hub());
            if decision.is_allow() {
                break;
            }
        }
        decision
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
                cbs.users.retain(|other| !other.is(user.object_id()));
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
    pub(super) const fn is_valid(&self, now: UnixTime) -> bool {
        self.until > now.as_secs()
    }

    fn is(&self, object_id: &str) -> bool {
        self.ids.first().is_some_and(|id| **id == *object_id)
    }
}
