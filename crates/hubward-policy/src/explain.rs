//! What was missing, and what would do.

use core::fmt;

use hubward_core::{Identity, Permissions};

use crate::decide::{Denial, Permit, Reason};
use crate::endpoint::{Caller, Endpoint, Transport};
use crate::operation::{Operation, Target};
use crate::pattern::capture;
use crate::shared_access::{DEFAULT_POLICIES, SharedAccessPolicy};
use crate::subject::Scope;
use crate::table::ENDPOINTS;

/// What would let a denied operation pass.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Remedy<'a> {
    /// The path exists under other verbs; see [`Denial::endpoints_there`].
    AnotherVerb,
    /// Nothing: there is no such endpoint.
    Nothing,
    /// A policy that has this right; see [`Denial::policies_that_would_do`].
    Policy(Permissions),
    /// The credential of the one that the address names; where `policy` is set, also a policy with that right
    /// within its resource.
    CredentialOf {
        /// Whom the address names.
        target: Target<'a>,
        /// The right that a policy would need; `None` where no policy can use the endpoint.
        policy: Option<Permissions>,
    },
    /// A connection as a device or a module.
    ConnectedDevice,
    /// A token whose resource is the host or a part of the operation's path.
    WiderResource,
}

impl Remedy<'_> {
    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AnotherVerb => "another-verb",
            Self::Nothing => "nothing",
            Self::Policy(_) => "policy",
            Self::CredentialOf { .. } => "credential-of",
            Self::ConnectedDevice => "connected-device",
            Self::WiderResource => "wider-resource",
        }
    }
}

impl<'a> Denial<'a> {
    /// What would let the operation pass.
    #[must_use]
    pub fn remedy(&self) -> Remedy<'a> {
        match self.reason() {
            Reason::UnknownOperation => match self.endpoints_there().next() {
                Some(_) => Remedy::AnotherVerb,
                None => Remedy::Nothing,
            },
            Reason::MissingRight { needed, .. } => match self.endpoint() {
                Some(endpoint) if takes_policy(endpoint) => Remedy::Policy(needed),
                _ => Remedy::ConnectedDevice,
            },
            Reason::AnotherIdentity => match self.endpoint() {
                Some(endpoint) => Remedy::CredentialOf {
                    target: self.operation().target(),
                    policy: takes_policy(endpoint).then_some(endpoint.right()),
                },
                None => Remedy::Nothing,
            },
            Reason::NotADevice => Remedy::ConnectedDevice,
            Reason::OutOfScope => Remedy::WiderResource,
        }
    }

    /// Those of `policies` that have the missing right, in their order; none where no right is missing or no
    /// policy can use the endpoint.
    pub fn policies_that_would_do<'p>(
        &self,
        policies: &'p [SharedAccessPolicy<'p>],
    ) -> impl Iterator<Item = &'p SharedAccessPolicy<'p>> + use<'p> {
        let right = match self.remedy() {
            Remedy::Policy(right) | Remedy::CredentialOf { policy: Some(right), .. } => Some(right),
            _ => None,
        };
        policies.iter().filter(move |policy| right.is_some_and(|right| policy.rights().contains(right)))
    }

    /// For an unknown operation: the endpoints with its path, topic or address under another verb.
    pub fn endpoints_there(&self) -> impl Iterator<Item = &'static Endpoint> + use<'a> {
        let operation = *self.operation();
        let unknown = self.endpoint().is_none();
        ENDPOINTS.iter().filter(move |endpoint| {
            unknown
                && endpoint.transport() == operation.transport()
                && operation.path().is_some_and(|path| {
                    let pattern = endpoint.pattern();
                    capture(pattern.strip_prefix('/').unwrap_or(pattern), path, operation.form()).is_some()
                })
        })
    }

    /// The denial as one sentence for the log, with what would do among `policies`. `Display` names the default
    /// ones.
    pub fn explain<'p>(&'p self, policies: &'p [SharedAccessPolicy<'p>]) -> impl fmt::Display + use<'p, 'a> {
        Explanation { denial: self, policies }
    }
}

/// Whether a service may use the endpoint at all.
fn takes_policy(endpoint: &Endpoint) -> bool {
    endpoint.caller() != Caller::Connected && endpoint.transport() != Transport::Mqtt
}

struct Explanation<'p, 'a> {
    denial: &'p Denial<'a>,
    policies: &'p [SharedAccessPolicy<'p>],
}

impl Explanation<'_, '_> {
    fn would_do(&self, f: &mut fmt::Formatter<'_>, lead: &str) -> fmt::Result {
        let mut separator = lead;
        for policy in self.denial.policies_that_would_do(self.policies) {
            write!(f, "{separator}{}", policy.name())?;
            separator = ", ";
        }
        Ok(())
    }
}

impl fmt::Display for Explanation<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let denial = self.denial;
        let subject = denial.subject();
        write!(f, "{} may not {}: ", Who(subject.identity()), denial.operation())?;
        match denial.reason() {
            Reason::UnknownOperation => {
                f.write_str("no endpoint is like this")?;
                let mut separator = "; it takes ";
                for endpoint in denial.endpoints_there() {
                    write!(f, "{separator}{}", endpoint.verb())?;
                    separator = ", ";
                }
                Ok(())
            }
            Reason::MissingRight { needed, granted } => {
                write!(f, "needs {needed}; {} grants ", Who(subject.identity()))?;
                if granted.is_empty() {
                    f.write_str("nothing")?
                } else {
                    granted.fmt(f)?
                }
                self.would_do(f, "; policies that would do: ")
            }
            Reason::AnotherIdentity => {
                write!(f, "it is about {}; use its own credential", About(denial.operation()))?;
                self.would_do(f, ", or a token of one of the policies ")
            }
            Reason::NotADevice => {
                f.write_str("it is about the device that is connected, and a policy is none")
            }
            Reason::OutOfScope => match subject.scope() {
                Scope::Resource(resource) => {
                    write!(
                        f,
                        "it is outside the token's resource {resource}; use a token for the hub or a part of the path"
                    )
                }
                Scope::Own => f.write_str("it is outside what a credential of its own reaches"),
            },
        }
    }
}

impl fmt::Display for Denial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explain(&DEFAULT_POLICIES).fmt(f)
    }
}

impl fmt::Display for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = Who(self.subject().identity());
        write!(f, "{who} may {}: {} takes {}", self.operation(), self.endpoint().name(), self.right())
    }
}

/// An identity in a sentence.
struct Who<'a>(Identity<'a>);

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Identity::Device(id) => write!(f, "device `{id}`"),
            Identity::Module(device, module) => write!(f, "module `{device}/{module}`"),
            Identity::Policy(name) => write!(f, "policy `{name}`"),
            other => other.fmt(f),
        }
    }
}

struct About<'o, 'a>(&'o Operation<'a>);

impl fmt::Display for About<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.target() {
            Target::Hub => f.write_str("the hub"),
            Target::Own => f.write_str("the one who is connected"),
            Target::Device(id) => write!(f, "device `{id}`"),
            Target::Module(device, module) => write!(f, "module `{device}/{module}`"),
        }
    }
}
