//! Writes every decision as one structured line: subject, operation, verdict, rule, code. Never a secret.

use core::fmt;

use hubward::policy::{Decision, Operation, Target};
use hubward::types::{Identity, Segment, Shown};
use hubward::{AuthError, Session, SessionError};

use crate::clock;
use crate::hub::Hub;
use crate::metrics::Metrics;
use crate::operation_text::StaticForm;
use crate::peer::Peer;
use crate::recent::Refused;

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
    /// The error's text, which has neither names nor secrets; `None` for a decision, whose code has a sentence.
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

/// Writes the line, counts the decision and keeps a refusal. One function does all, so that no decision lacks its line.
pub(crate) fn record(metrics: &Metrics, entry: &Entry<'_>) {
    let Entry { peer, who, operation, allow, rule, code, reason } = entry;
    let verdict = if *allow { "allow" } else { "deny" };
    // only the log has the reason why a peer that is not authenticated is refused
    let unauthenticated = !allow && (*rule == ADMISSION || matches!(who, Who::Unknown));
    metrics.decided(peer.transport, verdict, if unauthenticated { UNPROVEN } else { code });
    let (who, what) = (who.to_string(), LoggedOperation(operation, *who).to_string());
    let reason = match reason {
        Some(reason) => Some(reason.to_string()),
        None => (!allow).then(|| sentence(code).to_owned()),
    };
    tracing::info!(
        target: "hubward_gateway::decision",
        transport = %peer.transport,
        peer = %peer.address,
        // texts: quoted in a line of text, and plain in JSON
        who = who.as_str(),
        what = what.as_str(),
        verdict,
        rule,
        code,
        reason = reason.as_deref(),
    );
    if let Some(reason) = reason.filter(|_| !allow) {
        metrics.recent.refused(Refused {
            at: clock::now(),
            transport: peer.transport,
            peer: peer.address,
            who,
            what,
            rule: (*rule).into(),
            code,
            reason,
            hint: None,
        });
    }
}

/// Returns the sentence for the code of a denied operation. It has no part of the address, which may have a key.
fn sentence(code: &str) -> &'static str {
    match code {
        "unknown-operation" => "no endpoint has this verb and this address",
        "missing-right" => "the credential lacks the permission that the endpoint requires",
        "identity-mismatch" => "the address has the id of another device or module",
        "names-no-device" => "the token of the policy names no device of this address",
        "not-a-device" => "the endpoint is for connected devices and modules, not for policies",
        "out-of-scope" => "the address is outside the resource of the token",
        "another-registration" => "the address has the id of another registration",
        "deny-assignment" => "a deny assignment of the directory excludes the user from this operation",
        "excluded" => "the roles of the user exclude this operation",
        "role-out-of-scope" => "the roles of the user that permit this operation have another scope",
        "no-role" => "the user has no role that permits this operation",
        _ => "the operation is denied",
    }
}

impl Hub {
    /// Logs a decision about an authenticated identity.
    pub(crate) fn log_decision(
        &self,
        peer: &Peer,
        who: Identity<'_>,
        operation: &Operation<'_>,
        decision: &Decision<'_>,
    ) {
        record(&self.metrics, &Entry::of(peer, who, operation, decision));
        if let Decision::Deny(denial) = decision
            && let Some(hint) = denial.hint()
        {
            self.metrics.recent.hint(peer.address, &hint);
        }
    }

    /// Logs the end of a session.
    pub(crate) fn log_session_error(
        &self,
        peer: &Peer,
        session: &Session,
        operation: &Operation<'_>,
        error: SessionError,
    ) {
        let who = Who::Identity(session.identity());
        self.log_refusal(peer, who, operation, SESSION, error.code(), format_args!("{error}"));
    }

    /// Logs an authentication that does not request an operation by itself.
    pub(crate) fn log_authenticated(&self, peer: &Peer, who: Identity<'_>, operation: &Operation<'_>) {
        let entry = Entry {
            peer,
            who: Who::Identity(who),
            operation,
            allow: true,
            rule: ADMISSION,
            code: "admitted",
            reason: None,
        };
        record(&self.metrics, &entry);
    }

    /// Logs the refusal of an operation that requires authentication.
    pub(crate) fn log_unauthenticated(&self, peer: &Peer, operation: &Operation<'_>) {
        let error = AuthError::NoCredential;
        self.log_refusal(peer, Who::Unknown, operation, SESSION, error.code(), format_args!("{error}"));
    }

    /// Logs that bytes before authentication could not be parsed.
    pub(crate) fn log_malformed(&self, peer: &Peer, operation: &Operation<'_>) {
        let reason = format_args!("the bytes before any credential do not follow the protocol");
        self.log_refusal(peer, Who::Unknown, operation, ADMISSION, "malformed", reason);
    }

    /// Logs a refusal of a peer or a session.
    pub(crate) fn log_refusal(
        &self,
        peer: &Peer,
        who: Who<'_>,
        operation: &Operation<'_>,
        rule: &str,
        code: &'static str,
        reason: fmt::Arguments<'_>,
    ) {
        let reason = Some(reason);
        record(&self.metrics, &Entry { peer, who, operation, allow: false, rule, code, reason });
    }
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
