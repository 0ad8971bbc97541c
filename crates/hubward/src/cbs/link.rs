//! The decision on a link.

use core::{fmt, ptr};

use hubward_core::MacKey;
use hubward_policy::{Decision, Denial, Grant, Operation};
use hubward_sas::ManyDevices;

use super::connection::Cbs;
use super::many_devices::{LinkTarget, PendingLink};
use crate::config::HubConfig;
use crate::error::AuthError;
use crate::session::{CheckedSession, Session};
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
    /// Decides whether the client may attach a link to `address`: a path, or a URI `amqps://{host}[:port]/path` whose host
    /// must be this hub's. `recheck` returns a session if it is still valid, as [`Session::recheck`] does; no other session
    /// decides. [`HubConfig::may_attach`] does the lookups itself.
    ///
    /// Each link is one identity's: its session is in the decision. If only a policy's token for many devices can permit
    /// the link ([`ManyDevices`]), the record of the device is needed, and its session is added.
    ///
    /// ```
    /// use hubward::registry::Registry;
    /// use hubward::types::UnixTime;
    /// use hubward::{Cbs, HubConfig, LinkRole, LinkStep};
    /// use hubward_rustcrypto::HmacKey;
    ///
    /// fn attach(config: &HubConfig<HmacKey>, cbs: &mut Cbs, store: &Registry<HmacKey>, now: UnixTime) -> bool {
    ///     let address = "/devices/pump-7/messages/events";
    ///     let step = cbs.may_attach(LinkRole::Sender, address, config, |session| {
    ///         config.recheck(session, store, || now).ok()
    ///     });
    ///     let decision = match step {
    ///         LinkStep::Decided(decision) => decision,
    ///         LinkStep::NeedsLookup(pending) => {
    ///             let found = store.find(&pending.lookup(), &[]);
    ///             pending.resume(&found, now)
    ///         }
    ///     };
    ///     decision.is_allow()
    /// }
    /// ```
    pub fn may_attach<'s, K: MacKey>(
        &'s mut self,
        role: LinkRole,
        address: &'s str,
        config: &HubConfig<K>,
        mut recheck: impl FnMut(&Session) -> Option<CheckedSession<'_>>,
    ) -> LinkStep<'s> {
        let mut search = match LinkSearch::start(role, address, config) {
            Ok(search) => search,
            Err(denial) => return LinkStep::Decided(LinkDecision::Deny(denial)),
        };
        for (at, session) in self.sessions().enumerate() {
            let checked = recheck(session).filter(|checked| ptr::eq(checked.session(), session));
            if checked.is_some_and(|checked| search.judge(at, &checked)) {
                break;
            }
        }
        search.end(self)
    }

    /// Decides by one session of the connection, which was rechecked or added in the same call.
    pub(super) fn decide_by<'s>(&'s self, at: Option<usize>, operation: &Operation<'s>) -> LinkDecision<'s> {
        let Some(entry) = at.and_then(|at| self.entries.get(at)) else {
            return LinkDecision::Deny(LinkDenial::NoToken);
        };
        match CheckedSession::new(&entry.session).decide(operation) {
            Decision::Allow(grant) => LinkDecision::Allow(&entry.session, grant),
            Decision::Deny(denial) => LinkDecision::Deny(LinkDenial::Denied(denial)),
        }
    }
}

/// The search for the session that permits a link, among those of the connection that passed the recheck. Sessions are
/// held by their index, since the connection may change after the search.
#[derive(Debug)]
pub(super) struct LinkSearch<'s> {
    operation: Operation<'s>,
    /// The device or module in the address.
    target: Option<LinkTarget<'s>>,
    many_devices: ManyDevices,
    allowing: Option<usize>,
    /// The first policy that may connect the target.
    connecting: Option<usize>,
    /// The last one that denied.
    denying: Option<usize>,
}

impl<'s> LinkSearch<'s> {
    /// Starts a search, unless the address is a URI of another host.
    pub(super) fn start<K: MacKey>(
        role: LinkRole,
        address: &'s str,
        config: &HubConfig<K>,
    ) -> Result<Self, LinkDenial<'s>> {
        let path = link_path(address, |hub| config.is_named(hub)).map_err(|_| LinkDenial::HubMismatch)?;
        let operation = role.operation(path);
        Ok(Self {
            operation,
            target: LinkTarget::of(&operation),
            many_devices: config.token().many_devices,
            allowing: None,
            connecting: None,
            denying: None,
        })
    }

    /// Considers a session that passed the recheck. Returns `true` if it permits the link.
    pub(super) fn judge(&mut self, at: usize, checked: &CheckedSession<'_>) -> bool {
        if checked.decide(&self.operation).is_allow() {
            self.allowing = Some(at);
            return true;
        }
        self.denying = Some(at);
        if self.connecting.is_none() && self.target.as_ref().is_some_and(|it| it.is_covered_by(checked)) {
            self.connecting = Some(at);
        }
        false
    }

    /// Ends the search on the connection whose sessions were considered.
    pub(super) fn end(self, cbs: &'s mut Cbs) -> LinkStep<'s> {
        let Self { operation, target, many_devices, allowing, connecting, denying } = self;
        match (allowing, connecting, target) {
            (None, Some(policy_at), Some(target)) if many_devices == ManyDevices::ExistingAndEnabled => {
                LinkStep::NeedsLookup(PendingLink::new(cbs, policy_at, target, operation))
            }
            _ => LinkStep::Decided(cbs.decide_by(allowing.or(connecting).or(denying), &operation)),
        }
    }
}

impl LinkRole {
    pub(super) fn operation(self, path: &str) -> Operation<'_> {
        match self {
            Self::Sender => Operation::amqp_send(path),
            Self::Receiver => Operation::amqp_receive(path),
        }
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
