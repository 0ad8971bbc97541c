//! [`Decision`]: whether a verified token allows a request, in the way of a hub's decisions.

use core::fmt;

use crate::error::VerifyError;
use crate::rights::{RIGHTS, RightKind};
use crate::{event_grid, service_bus, storage};

/// The result of `decide` of a grant: the right that allows the request, or the denial with its reason.
///
/// `Display` writes one sentence for the log.
///
/// ```
/// use std::time::Duration;
/// use hubward_cloud::service_bus::{Audience, Right, Rights, Rule, Token, UnsignedToken};
/// use hubward_cloud::{Decision, ServiceBusKey};
/// use hubward_core::UnixTime;
/// use hubward_rustcrypto::GeneralKey;
///
/// let now = UnixTime::since_unix_epoch(Duration::from_secs(1_893_455_000));
/// let key = ServiceBusKey::<GeneralKey>::from_text("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// let hub = Audience::new("sb://ns.example/hub1")?;
/// let text = UnsignedToken::new(hub, "send", now)?.sign(&key).to_string();
/// let rule = Rule::new("send", "sb://ns.example/hub1", Rights::new(&[Right::Send]));
/// let grant = Token::parse(&text)?.verify(&rule, &[&key], now)?;
/// assert!(grant.decide("sb://ns.example/hub1", Right::Send, now).is_allow());
/// let Decision::Deny(denial) = grant.decide("sb://ns.example/hub1", Right::Listen, now) else { panic!("no right") };
/// assert_eq!(denial.code(), "grant-right");
/// assert_eq!(denial.hint(), "use a rule that has the right");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a third answer would be read as one of these two")]
pub enum Decision {
    /// The request is allowed by this right.
    Allow(RightKind),
    /// The request is denied.
    Deny(Denial),
}

/// The facts of a denied request: the right that it needs, and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denial {
    right: RightKind,
    reason: Reason,
}

/// The check that a request failed, by the service of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// A storage token's.
    #[error(transparent)]
    Storage(storage::Denial),
    /// That of a token of Event Hubs or Service Bus.
    #[error(transparent)]
    ServiceBus(service_bus::Denial),
    /// That of a token of Event Grid.
    #[error(transparent)]
    EventGrid(event_grid::Denial),
}

impl Decision {
    pub(crate) const fn new(right: RightKind, denied: Option<Reason>) -> Self {
        match denied {
            None => Self::Allow(right),
            Some(reason) => Self::Deny(Denial { right, reason }),
        }
    }

    /// Returns `true` if the request is allowed.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow(_))
    }
}

impl Denial {
    /// Returns the right that the request needs.
    #[must_use]
    pub const fn right(&self) -> RightKind {
        self.right
    }

    /// Returns the check that the request failed.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// Returns the code of the reason, which does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match &self.reason {
            Reason::Storage(denial) => denial.code(),
            Reason::ServiceBus(denial) => denial.code(),
            Reason::EventGrid(denial) => denial.code(),
        }
    }

    /// Returns what would allow the request, for the log. It is no part of the answer to the client.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        use {event_grid::Denial as Topic, service_bus::Denial as Entity, storage::Denial as Stored};
        match self.reason {
            Reason::Storage(Stored::Resource) | Reason::ServiceBus(Entity::Resource) => {
                "sign for the resource, or for the namespace or container above it"
            }
            Reason::EventGrid(Topic::Resource) => "sign for the topic's URL",
            Reason::Storage(Stored::Permission(_)) => "sign with the permission letter",
            Reason::Storage(Stored::Address) => "sign for the client's public address, or without `sip`",
            Reason::Storage(Stored::Protocol) => "use HTTPS",
            Reason::Storage(Stored::User) => "send the bearer token of the user in `sduoid`",
            Reason::Storage(Stored::Entity) => "sign for the range that has the entity",
            Reason::ServiceBus(Entity::Right(_)) => "use a rule that has the right",
            Reason::ServiceBus(Entity::Publisher) => "use the token of a rule",
            Reason::Storage(Stored::Time(error))
            | Reason::ServiceBus(Entity::Time(error))
            | Reason::EventGrid(Topic::Time(error)) => match error {
                VerifyError::NotYet { .. } => {
                    "set the start some minutes into the past, and compare the clocks"
                }
                _ => "sign a new token, and compare the clocks",
            },
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(right) => write!(f, "allowed by the right to {}", allows(*right)),
            Self::Deny(denial) => denial.fmt(f),
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (right, reason) = (allows(self.right), self.reason);
        write!(
            f,
            "denied: {reason} ({}); the request needs the right to {right}; {}",
            self.code(),
            self.hint()
        )
    }
}

/// Returns what a right allows, by the table.
fn allows(right: RightKind) -> &'static str {
    RIGHTS.iter().find(|row| row.kind == right).map(|row| row.allows).unwrap_or_default()
}
