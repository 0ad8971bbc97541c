//! The decision on a link.

use core::fmt;

use hubward_core::{MacKey, UnixTime};
use hubward_policy::{Decision, Denial, Grant, Operation};

use super::connection::Cbs;
use super::many_devices::{PendingLink, policy_for};
use crate::config::HubConfig;
use crate::error::AuthError;
use crate::session::Session;
use crate::transport::uri::link_path;

/// The client's role on a link (AMQP 1.0, 2.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a link has two ends (AMQP 1.0, 2.6.1)")]
pub enum LinkRole {
    /// The client sends.
    Sender,
    /// The client receives.
    Receiver,
}

/// The result of one step of a decision on a link.
#[derive(Debug)]
#[must_use = "a link that needs a lookup is not permitted yet"]
#[expect(clippy::exhaustive_enums, reason = "a decision is pending or made")]
pub enum LinkStep<'s> {
    /// The record of the device or module in the address is needed: a policy's token for many devices is on the
    /// connection.
    NeedsLookup(PendingLink<'s>),
    /// The decision.
    Decided(LinkDecision<'s>),
}

/// The decision on a link.
#[derive(Debug, Clone, Copy)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "callers must not mistake a third variant for one of these two")]
pub enum LinkDecision<'s> {
    /// Attach the link: this session permits it. The path of the address is that of [`Grant::operation`].
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
    /// The address is a URI of another host, or has no host that is valid.
    HubMismatch,
    /// The device or module of the address may not be connected by the policy's token: it is unknown or disabled, or the
    /// connection has the maximum number of identities. The client is told the same in each case.
    Device(AuthError),
    /// No session permits the link. This is the denial of the session that was added last.
    Denied(Denial<'s>),
}

impl Cbs {
    /// Decides whether the client may attach a link to `address`, at the time `now`. The address is a path, or a URI
    /// `amqps://{host}[:port]/path` whose host must be this hub's. If records can change, call [`Cbs::retain`] first.
    ///
    /// Each link is one identity's: its session is in the decision. If only a policy's token for many devices can permit
    /// the link ([`ManyDevices`](hubward_sas::ManyDevices)), the record of the device is needed, and its session is added.
    pub fn may_attach<'s, K: MacKey>(
        &'s mut self,
        role: LinkRole,
        address: &'s str,
        config: &HubConfig<'_, K>,
        now: UnixTime,
    ) -> LinkStep<'s> {
        let Ok(path) = link_path(address, |hub| config.is_named(hub)) else {
            return LinkStep::Decided(LinkDecision::Deny(LinkDenial::HubMismatch));
        };
        let operation = match role {
            LinkRole::Sender => Operation::amqp_send(path),
            LinkRole::Receiver => Operation::amqp_receive(path),
        };
        let is_valid = |session: &Session| session.until() >= now.as_secs();
        let permits = |session: &Session| is_valid(session) && session.decide(&operation).is_allow();
        if !self.sessions().any(permits)
            && let Some((policy_at, target)) = policy_for(self, &operation, now)
        {
            return PendingLink::start(self, policy_at, target, operation, config);
        }
        LinkStep::Decided(self.decide(&operation, now))
    }

    /// Decides by the sessions of the connection.
    pub(super) fn decide<'s>(&'s self, operation: &Operation<'s>, now: UnixTime) -> LinkDecision<'s> {
        let mut reason = LinkDenial::NoToken;
        for session in self.sessions().filter(|session| session.until() >= now.as_secs()) {
            match session.decide(operation) {
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

impl LinkDenial<'_> {
    /// Returns a stable code for logs and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "no-token",
            Self::HubMismatch => "hub-mismatch",
            Self::Device(error) => error.code(),
            Self::Denied(denial) => denial.code(),
        }
    }
}

impl fmt::Display for LinkDecision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(_, permit) => permit.fmt(f),
            Self::Deny(denial) => denial.fmt(f),
        }
    }
}

impl fmt::Display for LinkDenial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => denial.fmt(f),
            Self::NoToken => f.write_str("this connection has no valid token"),
            Self::HubMismatch => f.write_str("the address is a URI whose host is not this hub"),
            Self::Device(error) => {
                write!(f, "the policy's token cannot connect the device of the address: {error}")
            }
        }
    }
}
