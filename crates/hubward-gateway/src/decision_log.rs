//! Writes every decision as one structured line: subject, operation, verdict, rule, code. Never a secret.

use core::fmt;

use hubward::policy::{Decision, Operation, Target};
use hubward::types::{Identity, Segment, Shown};

use crate::metrics::Metrics;
use crate::operation_text::StaticForm;
use crate::peer::Peer;

/// The `rule` of a decision that was made by authentication, before any rule of an endpoint applied.
pub(crate) const ADMISSION: &str = "admission";
/// The `rule` of a session that has ended.
pub(crate) const SESSION: &str = "session";

/// The code in the metrics for every refusal of a peer that is not authenticated.
const UNPROVEN: &str = "unproven";

/// A decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) peer: &'a Peer,
    /// The authenticated identity, or a claimed identity that the registry has. A name that the registry does not have is
    /// not written: users confuse fields, and it may be a key.
    pub(crate) who: Who<'a>,
    pub(crate) operation: &'a Operation<'a>,
    pub(crate) allow: bool,
    /// The endpoint whose rule decided, or [`ADMISSION`] or [`SESSION`].
    pub(crate) rule: &'a str,
    pub(crate) code: &'static str,
    /// The error's text, which has neither names nor secrets.
    pub(crate) reason: Option<fmt::Arguments<'a>>,
}

impl<'a> Entry<'a> {
    /// Returns the entry for a decision about an authenticated identity.
    pub(crate) fn of(
        peer: &'a Peer,
        who: Identity<'a>,
        operation: &'a Operation<'a>,
        decision: &Decision<'_>,
    ) -> Self {
        let rule = operation.endpoint().map_or("none", |endpoint| endpoint.name());
        let (allow, code) = match decision {
            Decision::Allow(_) => (true, "allowed"),
            Decision::Deny(denial) => (false, denial.code()),
        };
        Self { peer, who: Who::Identity(who), operation, allow, rule, code, reason: None }
    }
}

/// Writes the line and counts the decision. One function does both, so that no decision lacks its line.
pub(crate) fn record(metrics: &Metrics, entry: &Entry<'_>) {
    let Entry { peer, who, operation, allow, rule, code, reason } = entry;
    let verdict = if *allow { "allow" } else { "deny" };
    // only the log has the reason why a peer that is not authenticated is refused
    let unauthenticated = !allow && (*rule == ADMISSION || matches!(who, Who::Unknown));
    metrics.decided(peer.transport, verdict, if unauthenticated { UNPROVEN } else { code });
    tracing::info!(
        target: "hubward_gateway::decision",
        transport = %peer.transport,
        peer = %peer.address,
        // texts: quoted in a line of text, and plain in JSON
        who = who.to_string().as_str(),
        what = LoggedOperation(operation, *who).to_string().as_str(),
        verdict,
        rule,
        code,
        reason = reason.map(|reason| reason.to_string()).as_deref(),
    );
}

/// The subject of a decision.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who<'a> {
    /// Not an identity of the registry.
    Unknown,
    /// A device, a module or a policy.
    Identity(Identity<'a>),
    /// A user or a service of the directory, by its object id.
    User(&'a str),
    /// A device that registers, by its registration id.
    Registration(&'a str),
}

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown peer"),
            Self::Identity(identity) => identity.fmt(f),
            Self::User(id) => write!(f, "user {}", id.escape_debug()),
            Self::Registration(id) => write!(f, "registration {id}"),
        }
    }
}

/// An operation without parts that may be confidential: properties of a message, and, if the peer is not authenticated,
/// an id, which may be a key.
struct LoggedOperation<'a>(&'a Operation<'a>, Who<'a>);

impl fmt::Display for LoggedOperation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(endpoint) = self.0.endpoint() else {
            return StaticForm(self.0).fmt(f);
        };
        write!(f, "{} {}", self.0.transport(), endpoint.name())?;
        match self.0.target() {
            _ if matches!(self.1, Who::Unknown) => Ok(()),
            Target::Device(id) => write!(f, " of device {}", LoggedName(id, self.1)),
            Target::Module(device, module) => {
                write!(f, " of module {}/{}", LoggedName(device, self.1), LoggedName(module, self.1))
            }
            Target::Hub | Target::Own => Ok(()),
        }
    }
}

/// A name that a peer sent: its own, which is authenticated, or another, which may be a key.
struct LoggedName<'a>(Segment<'a>, Who<'a>);

impl fmt::Display for LoggedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = match self.1 {
            Who::Identity(Identity::Device(device)) => self.0.eq_decoded(device.as_str()),
            Who::Identity(Identity::Module(device, module)) => {
                self.0.eq_decoded(device.as_str()) || self.0.eq_decoded(module.as_str())
            }
            _ => false,
        };
        if own { self.0.fmt(f) } else { Shown::new(self.0.to_string()).fmt(f) }
    }
}
