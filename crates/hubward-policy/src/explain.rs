//! Explanations: the [`Hint`] of a [`Denial`] and the sentences of [`Decision`], [`Grant`] and [`Denial`].

use core::fmt;

use hubward_core::{Hint, Identity};

use crate::decide::{Decision, Denial, Grant, Reason};
use crate::endpoint::{Endpoint, Transport};
use crate::operation::{Operation, Target};
use crate::pattern::capture;
use crate::shared_access::{DEFAULT_POLICIES, SharedAccessPolicy};
use crate::subject::Scope;
use crate::table::ENDPOINTS;

impl<'a> Denial<'a> {
    /// Returns the change that would allow the operation. Returns `None` if there is no such endpoint.
    #[must_use]
    pub fn hint(&self) -> Option<Hint<'static>> {
        match self.reason() {
            Reason::UnknownOperation if self.endpoints_at_address().next().is_some() => {
                Some(Hint::AnotherVerb)
            }
            Reason::UnknownOperation => {
                has_raw_properties(self.operation()).then_some(Hint::EncodeProperties)
            }
            Reason::MissingRight { needed, .. } => Some(match self.endpoint() {
                Some(endpoint) if takes_policy(endpoint) => Hint::Policy(needed),
                _ => Hint::ConnectedDevice,
            }),
            Reason::IdentityMismatch => self.endpoint().map(|endpoint| Hint::CredentialOf {
                policy: takes_policy(endpoint).then_some(endpoint.right()),
            }),
            Reason::NotADevice | Reason::NamesNoDevice => Some(Hint::ConnectedDevice),
            Reason::OutOfScope => Some(Hint::WiderResource),
        }
    }

    /// Returns those of `policies` that have the missing right, in their order. The iterator is empty if no right is
    /// missing or no policy can use the endpoint.
    pub fn policies_with_right<'p>(
        &self,
        policies: &'p [SharedAccessPolicy<'p>],
    ) -> impl Iterator<Item = &'p SharedAccessPolicy<'p>> + use<'p> {
        let right = match self.hint() {
            Some(Hint::Policy(right) | Hint::CredentialOf { policy: Some(right) }) => Some(right),
            _ => None,
        };
        policies.iter().filter(move |policy| right.is_some_and(|right| policy.rights().contains(right)))
    }

    /// Returns, for an unknown operation, the endpoints that have its path, topic or address under another verb.
    pub fn endpoints_at_address(&self) -> impl Iterator<Item = &'static Endpoint> + use<'a> {
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

    /// Returns the denial as one sentence for the log that names those of `policies` with the missing right. `Display`
    /// names those of [`DEFAULT_POLICIES`].
    pub fn explain<'p>(&'p self, policies: &'p [SharedAccessPolicy<'p>]) -> impl fmt::Display + use<'p, 'a> {
        Explanation { denial: self, policies }
    }
}

/// Returns whether a publication is to a topic for events, followed by properties that are not percent-encoded.
fn has_raw_properties(operation: &Operation<'_>) -> bool {
    let text = operation.address();
    let bag = text.split_once("/messages/events/").map(|(_, bag)| bag);
    (operation.transport(), operation.verb()) == (Transport::Mqtt, "publish")
        && text.starts_with("devices/")
        && bag.is_some_and(|bag| bag.contains(['/', ' ', '+', '#']) || !bag.is_ascii())
}

/// Returns whether a policy's token can use the endpoint at all.
fn takes_policy(endpoint: &Endpoint) -> bool {
    !endpoint.caller().is_connected() && endpoint.transport() != Transport::Mqtt
}

struct Explanation<'p, 'a> {
    denial: &'p Denial<'a>,
    policies: &'p [SharedAccessPolicy<'p>],
}

impl Explanation<'_, '_> {
    fn write_policies(&self, f: &mut fmt::Formatter<'_>, lead: &str) -> fmt::Result {
        let mut separator = lead;
        for policy in self.denial.policies_with_right(self.policies) {
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
        write!(f, "{} may not {}: ", IdentityText(subject.identity()), denial.operation())?;
        match denial.reason() {
            Reason::UnknownOperation => {
                f.write_str("no endpoint matches")?;
                let mut separator = "; this address takes ";
                for endpoint in denial.endpoints_at_address() {
                    write!(f, "{separator}{}", endpoint.verb())?;
                    separator = ", ";
                }
                match denial.hint() {
                    Some(hint @ Hint::EncodeProperties) => write!(f, "; {hint}"),
                    _ => Ok(()),
                }
            }
            Reason::MissingRight { needed, granted } => {
                write!(f, "needs {needed}; {} grants ", IdentityText(subject.identity()))?;
                if granted.is_empty() {
                    f.write_str("nothing")?
                } else {
                    granted.fmt(f)?
                }
                self.write_policies(f, "; policies with this right: ")
            }
            Reason::IdentityMismatch => {
                write!(
                    f,
                    "the address belongs to {}; use its own credential",
                    TargetText(denial.operation())
                )?;
                self.write_policies(f, ", or a token of one of the policies ")
            }
            Reason::NamesNoDevice => f.write_str(
                "the policy has DeviceConnect, and its token names no device of this address; put or send a token for \
                 the device's name",
            ),
            Reason::NotADevice => {
                f.write_str("the endpoint serves connected devices and modules, not policies")
            }
            Reason::OutOfScope => match subject.scope() {
                Scope::Resource(resource) => {
                    write!(
                        f,
                        "the path is outside the token's resource {resource}; use a token for the hub or for a prefix of the path"
                    )
                }
                Scope::Own => f.write_str("the credential has no resource that covers the path"),
            },
        }
    }
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(permit) => permit.fmt(f),
            Self::Deny(denial) => denial.fmt(f),
        }
    }
}

impl fmt::Display for Denial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explain(&DEFAULT_POLICIES).fmt(f)
    }
}

impl fmt::Display for Grant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let identity = IdentityText(self.subject().identity());
        write!(
            f,
            "{identity} may {}: endpoint {} requires {}",
            self.operation(),
            self.endpoint().name(),
            self.right()
        )
    }
}

/// Writes an identity with its kind: device `dev1`.
struct IdentityText<'a>(Identity<'a>);

impl fmt::Display for IdentityText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Identity::Device(id) => write!(f, "device `{id}`"),
            Identity::Module(device, module) => write!(f, "module `{device}/{module}`"),
            Identity::Policy(name) => write!(f, "policy `{name}`"),
            other => other.fmt(f),
        }
    }
}

/// Writes the target of an operation.
struct TargetText<'o, 'a>(&'o Operation<'a>);

impl fmt::Display for TargetText<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.target() {
            Target::Hub => f.write_str("the hub"),
            Target::Own => f.write_str("the connected identity"),
            Target::Device(id) => write!(f, "device `{id}`"),
            Target::Module(device, module) => write!(f, "module `{device}/{module}`"),
        }
    }
}
