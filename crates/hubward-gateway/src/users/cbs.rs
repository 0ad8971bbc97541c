//! Users over AMQP: their tokens are put on `$cbs`, and their roles permit links.

use hubward::policy::Operation;
use hubward::types::UnixTime;
use hubward::{AuthError, Cbs, CbsRequest, CbsResponse, CbsUser, LinkRole, UserDecision, UserLinkDecision};
use hubward_store::FeedHealth;

use super::{Users, ids, result};
use crate::clock;
use crate::decision_log::{ADMISSION, Entry, Who, record};
use crate::hub::{Hub, SessionDecision};
use crate::peer::Peer;

impl Users {
    /// Authenticates a bearer token that is put on a connection. Both results are logged.
    pub(crate) fn put(&self, hub: &Hub, peer: &Peer, request: CbsRequest<'_>, cbs: &mut Cbs) -> CbsResponse {
        let operation = Operation::amqp_send("cbs");
        let (mut user, response) = (None, cbs.put_bearer(request, &hub.config(), &self.config));
        let response = match response {
            Err(response) => response,
            Ok(pending) => {
                let current = hub.health() == FeedHealth::Current;
                let claims = current.then(|| self.verified(pending.token(), clock::now())).flatten();
                let response = pending.resume(result(claims.as_ref(), &ids(claims.as_ref())), clock::now());
                user = claims.map(|claims| claims.oid);
                response
            }
        };
        match (response.error(), &user) {
            // everyone in the directory has a token: the peer is authenticated by the first link that a role permits
            (None, Some(user)) => {
                self.log(hub, peer, Who::User(user), &operation, Ok("admitted"));
            }
            (error, _) => {
                let error = error.unwrap_or(AuthError::Unknown);
                let (who, rule, code) = (Who::Unknown, ADMISSION, error.code());
                let reason = Some(format_args!("{error}"));
                let operation = &operation;
                record(&hub.metrics, &Entry { peer, who, operation, allow: false, rule, code, reason });
            }
        }
        response
    }

    /// Returns the path of a link's address, if a user of the connection may attach the link. A refusal is logged if the
    /// connection has users only.
    pub(crate) fn link_path(
        &self,
        hub: &Hub,
        peer: &Peer,
        cbs: &Cbs,
        role: LinkRole,
        address: &str,
    ) -> Option<Box<str>> {
        if hub.health() != FeedHealth::Current {
            return None;
        }
        let decision =
            cbs.user_may_attach(role, address, &hub.config(), &self.config, &self.access, clock::now());
        match decision {
            UserLinkDecision::Allow(user, operation) => {
                peer.slot.set_authenticated();
                self.log(hub, peer, Who::User(user.object_id()), &operation, Ok("allowed"));
                Some(operation.address().into())
            }
            UserLinkDecision::Deny(denial) => {
                let user = cbs.users(clock::now()).last().filter(|_| cbs.sessions().next().is_none());
                if let Some(user) = user {
                    let operation = match role {
                        LinkRole::Sender => Operation::amqp_send(address),
                        LinkRole::Receiver => Operation::amqp_receive(address),
                    };
                    self.log(hub, peer, Who::User(user.object_id()), &operation, Err(denial.code()));
                }
                None
            }
        }
    }

    /// Decides on a link or a message of a connection's users. Returns `None`, without a log line, if it has none.
    pub(crate) fn decide(
        &self,
        hub: &Hub,
        peer: &Peer,
        cbs: &Cbs,
        operation: &Operation<'_>,
    ) -> Option<SessionDecision> {
        let allowing = self.allowing(hub, cbs, operation);
        let user = allowing.or_else(|| cbs.users(clock::now()).last())?;
        let who = Who::User(user.object_id());
        if allowing.is_some() {
            self.log(hub, peer, who, operation, Ok("allowed"));
            return Some(SessionDecision::Allowed);
        }
        let code = match user.decide(operation, &self.config, &self.access) {
            UserDecision::Deny(denial) => denial.code(),
            UserDecision::Allow { .. } => "unavailable",
        };
        self.log(hub, peer, who, operation, Err(code));
        Some(SessionDecision::Denied)
    }

    /// Returns the user of a connection whose roles permit an operation, if there is one. The registry's store must have
    /// answered within the grace, as for sessions.
    pub(crate) fn allowing<'c>(
        &self,
        hub: &Hub,
        cbs: &'c Cbs,
        operation: &Operation<'_>,
    ) -> Option<&'c CbsUser> {
        if hub.health() == FeedHealth::Lost {
            return None;
        }
        let permits = |user: &&CbsUser| user.decide(operation, &self.config, &self.access).is_allow();
        cbs.users(clock::now()).find(permits)
    }

    fn log(
        &self,
        hub: &Hub,
        peer: &Peer,
        who: Who<'_>,
        operation: &Operation<'_>,
        code: Result<&'static str, &'static str>,
    ) {
        let rule = operation.endpoint().map_or(ADMISSION, |endpoint| endpoint.name());
        let (allow, code) = match code {
            Ok(code) => (true, code),
            Err(code) => (false, code),
        };
        record(&hub.metrics, &Entry { peer, who, operation, allow, rule, code, reason: None });
    }
}

/// Returns the last second at which every user of a connection is still valid; `None` without users.
pub(crate) fn users_until(cbs: &Cbs) -> Option<UnixTime> {
    cbs.users(clock::now()).map(|user| clock::at(user.until().as_secs().saturating_sub(1))).min()
}
