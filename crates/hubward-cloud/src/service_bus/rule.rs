//! [`Rule`]: a shared access policy of a namespace or an entity, and [`Grant`]: what its token may do.

use core::fmt;

use hubward_core::UnixTime;

use crate::decision::{Decision, Reason};
use crate::error::VerifyError;
use crate::rights::RightKind;
use crate::service_bus::audience::Audience;
use crate::storage::check_period;

/// A right of Event Hubs and Service Bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Right {
    /// Send messages.
    Send,
    /// Receive messages.
    Listen,
    /// Manage the entity.
    Manage,
}

/// A set of rights. Manage includes Send and Listen.
///
/// ```
/// use hubward_cloud::service_bus::{Right, Rights};
///
/// assert!(Rights::new(&[Right::Manage]).contains(Right::Send));
/// assert!(!Rights::new(&[Right::Send]).contains(Right::Listen));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    send: bool,
    listen: bool,
    manage: bool,
}

impl Rights {
    /// Returns the set of some rights.
    #[must_use]
    pub fn new(rights: &[Right]) -> Self {
        let manage = rights.contains(&Right::Manage);
        Self {
            send: manage || rights.contains(&Right::Send),
            listen: manage || rights.contains(&Right::Listen),
            manage,
        }
    }

    /// Returns whether the set has a right.
    #[must_use]
    pub const fn contains(&self, right: Right) -> bool {
        match right {
            Right::Send => self.send,
            Right::Listen => self.listen,
            Right::Manage => self.manage,
        }
    }
}

/// A shared access policy ("authorization rule"): a name, rights, and the namespace or entity that it belongs to. Its
/// tokens are for that namespace or entity, or for something below it. It is the caller's record.
///
/// ```
/// use hubward_cloud::service_bus::{Right, Rights, Rule};
///
/// let rule = Rule::new("send", "sb://ns.example/hub1", Rights::new(&[Right::Send]));
/// assert_eq!(rule.name(), "send");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    name: &'a str,
    scope: &'a str,
    rights: Rights,
}

impl<'a> Rule<'a> {
    /// Takes the name of the rule, the URI of its namespace or entity, and its rights.
    #[must_use]
    pub const fn new(name: &'a str, scope: &'a str, rights: Rights) -> Self {
        Self { name, scope, rights }
    }

    /// Returns its name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the URI of its namespace or entity.
    #[must_use]
    pub const fn scope(&self) -> &'a str {
        self.scope
    }

    /// Returns its rights.
    #[must_use]
    pub const fn rights(&self) -> Rights {
        self.rights
    }
}

/// The rights of a verified token at its URI. Only verification returns one.
#[derive(Clone, Copy)]
pub struct Grant<'a> {
    audience: Audience<'a>,
    rights: Rights,
    expiry: u64,
}

/// The reason for which a grant does not allow an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denial {
    /// The entity is not within the token's URI.
    #[error("the entity is not within the token's URI")]
    Resource,
    /// The rule does not have the right.
    #[error("the rule of the token does not have the right {0:?}")]
    Right(Right),
    /// A publisher's token allows Send alone.
    #[error("a publisher's token allows Send alone")]
    Publisher,
    /// The token has expired.
    #[error(transparent)]
    Time(VerifyError),
}

impl Denial {
    /// Returns a code for logs and counters that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Resource => "grant-resource",
            Self::Right(_) => "grant-right",
            Self::Publisher => "grant-publisher",
            Self::Time(_) => "grant-time",
        }
    }
}

impl<'a> Grant<'a> {
    pub(crate) const fn new(audience: Audience<'a>, rights: Rights, expiry: u64) -> Self {
        Self { audience, rights, expiry }
    }

    /// Returns the URI that the token is for.
    #[must_use]
    pub const fn audience(&self) -> Audience<'a> {
        self.audience
    }

    /// Returns the last second at which it is valid, in seconds since 1970.
    #[must_use]
    pub const fn expiry(&self) -> u64 {
        self.expiry
    }

    /// Judges an operation at a URI.
    ///
    /// # Errors
    /// [`Denial`] with the reason if the grant does not allow it.
    pub fn judge(&self, uri: &str, right: Right, now: UnixTime) -> Result<(), Denial> {
        if !self.audience.covers(uri) {
            return Err(Denial::Resource);
        }
        if self.audience.is_publisher() && right != Right::Send {
            return Err(Denial::Publisher);
        }
        if !self.rights.contains(right) {
            return Err(Denial::Right(right));
        }
        check_period(None, self.expiry, now.as_secs()).map_err(Denial::Time)
    }

    /// Decides about an operation at a URI, as [`Grant::judge`] does, with the right that it needs.
    pub fn decide(&self, uri: &str, right: Right, now: UnixTime) -> Decision {
        let denied = self.judge(uri, right, now).err().map(Reason::ServiceBus);
        Decision::new(RightKind::ServiceBus(right), denied)
    }
}

impl fmt::Debug for Grant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("audience", &self.audience)
            .field("rights", &self.rights)
            .finish_non_exhaustive()
    }
}
