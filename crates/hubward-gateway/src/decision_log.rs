//! Every decision as one structured line: who, what, verdict, rule, code. Never a secret.

use core::fmt;

use hubward::policy::{Decision, Operation, Target};
use hubward::types::{Identity, Segment, Shown};

use crate::metrics::Metrics;
use crate::peer::Peer;
use crate::shown::StaticForm;

/// Where an admission is refused, and no endpoint's rule was asked.
pub(crate) const ADMISSION: &str = "admission";
/// Where a session has ended.
pub(crate) const SESSION: &str = "session";

/// What the counters call every refusal of a peer that is not proven.
const UNPROVEN: &str = "unproven";

/// A decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) peer: &'a Peer,
    /// Whoever was proven, or who somebody claims to be and the registry knows; a name that it does not know is not
    /// written, for people mistake one field for another, and it may be a key.
    pub(crate) who: Who<'a>,
    pub(crate) operation: &'a Operation<'a>,
    pub(crate) allow: bool,
    /// The endpoint whose rule decided, or the step that came before any.
    pub(crate) rule: &'a str,
    pub(crate) code: &'static str,
    /// The code's sentence: an error's own text, which holds neither names nor secrets.
    pub(crate) reason: Option<fmt::Arguments<'a>>,
}

impl<'a> Entry<'a> {
    /// What was decided on somebody proven.
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

/// Writes the line and counts it. The two are one, so that no decision is without its line.
pub(crate) fn record(metrics: &Metrics, entry: &Entry<'_>) {
    let Entry { peer, who, operation, allow, rule, code, reason } = entry;
    let verdict = if *allow { "allow" } else { "deny" };
    // the log alone tells why a peer that is not proven is refused
    let unproven = !allow && (*rule == ADMISSION || matches!(who, Who::Nobody));
    metrics.decided(peer.transport, verdict, if unproven { UNPROVEN } else { code });
    tracing::info!(
        target: "hubward_gateway::decision",
        transport = %peer.transport,
        peer = %peer.address,
        who = %Quoted(who),
        what = %Quoted(What(operation, *who)),
        verdict,
        rule,
        code,
        reason = reason.map(|reason| tracing::field::display(Quoted(reason))),
    );
}

/// Neither names, nor what is left of an operation, nor a reason have a quotation mark in them.
struct Quoted<T>(T);

impl<T: fmt::Display> fmt::Display for Quoted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who<'a> {
    /// Nobody that the registry knows.
    Nobody,
    /// A device, a module or a policy.
    Identity(Identity<'a>),
    /// A user or a service of the directory, by its object id.
    User(&'a str),
}

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody known"),
            Self::Identity(identity) => identity.fmt(f),
            Self::User(id) => write!(f, "user {}", id.escape_debug()),
        }
    }
}

/// An operation without what a peer may have hidden in it: properties of a message are nobody else's business, and an id
/// that nobody known writes may be a key.
struct What<'a>(&'a Operation<'a>, Who<'a>);

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(endpoint) = self.0.endpoint() else {
            return StaticForm(self.0).fmt(f);
        };
        write!(f, "{} {}", self.0.transport(), endpoint.name())?;
        match self.0.target() {
            _ if matches!(self.1, Who::Nobody) => Ok(()),
            Target::Device(id) => write!(f, " of device {}", Named(id, self.1)),
            Target::Module(device, module) => {
                write!(f, " of module {}/{}", Named(device, self.1), Named(module, self.1))
            }
            Target::Hub | Target::Own => Ok(()),
        }
    }
}

/// A name that a peer wrote: its own, which is proven, or another, which may be a key.
struct Named<'a>(Segment<'a>, Who<'a>);

impl fmt::Display for Named<'_> {
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
