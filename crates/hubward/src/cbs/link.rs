//! The decision on a link.

use core::{fmt, ptr};

use hubward_policy::{Decision, Denial, Grant, Operation};

use super::connection::Cbs;
use crate::session::{CheckedSession, Session};

/// The client's role on a link (AMQP 1.0, 2.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a link has two ends (AMQP 1.0, 2.6.1)")]
pub enum LinkRole {
    /// The client sends.
    Sender,
    /// The client receives.
    Receiver,
}

/// The decision on a link.
#[derive(Debug, Clone, Copy)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "callers must not mistake a third variant for one of these two")]
pub enum LinkDecision<'s> {
    /// Attach the link: this session permits it.
    Allow(&'s Session, Grant<'s>),
    /// Refuse the link.
    Deny(LinkDenial<'s>),
}

/// The reason for which a link may not be attached.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum LinkDenial<'s> {
    /// The connection has no valid session.
    NoToken,
    /// No session permits the link. This is the denial of the session that was added last.
    Denied(Denial<'s>),
}

impl Cbs {
    /// Decides whether the client may attach a link to `address`, a path. `recheck` returns a session if it is still valid:
    /// pass [`HubConfig::recheck`](crate::HubConfig::recheck) or [`Session::recheck`].
    ///
    /// ```
    /// use hubward::registry::Registry;
    /// use hubward::types::UnixTime;
    /// use hubward::{Cbs, HubConfig, LinkRole};
    /// use hubward_rustcrypto::HmacKey;
    ///
    /// fn attach(config: &HubConfig<HmacKey>, cbs: &Cbs, store: &Registry<HmacKey>, now: UnixTime) -> bool {
    ///     let address = "/devices/pump-7/messages/events";
    ///     let recheck = |session| config.recheck(session, store, || now).ok();
    ///     cbs.may_attach(LinkRole::Sender, address, recheck).is_allow()
    /// }
    /// ```
    pub fn may_attach<'s>(
        &'s self,
        role: LinkRole,
        address: &'s str,
        mut recheck: impl FnMut(&'s Session) -> Option<CheckedSession<'s>>,
    ) -> LinkDecision<'s> {
        let operation = match role {
            LinkRole::Sender => Operation::amqp_send(address),
            LinkRole::Receiver => Operation::amqp_receive(address),
        };
        let mut reason = LinkDenial::NoToken;
        for session in self.sessions() {
            let Some(checked) = recheck(session).filter(|it| ptr::eq(it.session(), session)) else {
                continue;
            };
            match checked.decide(&operation) {
                Decision::Allow(permit) => return LinkDecision::Allow(session, permit),
                Decision::Deny(denial) => reason = LinkDenial::Denied(denial),
            }
        }
        LinkDecision::Deny(reason)
    }
}

impl LinkDecision<'_> {
    /// Returns `true` if the link may be attached.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow(..))
    }
}

impl fmt::Display for LinkDecision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(_, permit) => permit.fmt(f),
            Self::Deny(LinkDenial::Denied(denial)) => denial.fmt(f),
            Self::Deny(LinkDenial::NoToken) => f.write_str("this connection has no valid token"),
        }
    }
}
