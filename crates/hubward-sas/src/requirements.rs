//! [`Requirements`]: the resource and the policies that a service requires of a verified token.

use hubward_core::{PolicyName, ResourcePath};

use crate::token::VerifiedToken;

/// The required resource and signer of a token. Each requirement has an error of its own.
///
/// ```
/// use hubward_core::{PolicyName, ResourcePath};
/// use hubward_sas::{Requirements, RequirementError, VerifiedToken};
///
/// fn reads_twins(token: &VerifiedToken<'_>) -> Result<(), RequirementError> {
///     let service = [PolicyName::parse("service").expect("a name")];
///     let twins = ResourcePath::parse("hub.example/twins").expect("a resource");
///     token.check(&Requirements::new().with_resource(twins).with_policies(&service))
/// }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Requirements<'r> {
    resource: Option<ResourcePath<'r>>,
    policies: Option<&'r [PolicyName<'r>]>,
}

/// The requirement that a verified token does not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequirementError {
    /// The token's resource does not cover the required one.
    #[error("the token's resource does not cover the required resource")]
    AnotherResource,
    /// A policy is required, and the token is signed with an identity's own key.
    #[error("the token is not signed by a policy")]
    NotByPolicy,
    /// The token's policy is not one of the required ones.
    #[error("the token's policy is not one of the required policies")]
    PolicyNotAllowed,
}

impl<'r> Requirements<'r> {
    /// Returns an empty set of requirements.
    #[must_use]
    pub const fn new() -> Self {
        Self { resource: None, policies: None }
    }

    /// Requires a token whose resource covers this one, by whole names.
    #[must_use]
    pub const fn with_resource(mut self, resource: ResourcePath<'r>) -> Self {
        self.resource = Some(resource);
        self
    }

    /// Requires a token that is signed by one of these policies. An empty list refuses every token.
    #[must_use]
    pub const fn with_policies(mut self, policies: &'r [PolicyName<'r>]) -> Self {
        self.policies = Some(policies);
        self
    }
}

impl VerifiedToken<'_> {
    /// Checks the token against requirements.
    ///
    /// # Errors
    /// [`RequirementError`] for the first requirement that the token does not meet.
    pub fn check(&self, requirements: &Requirements<'_>) -> Result<(), RequirementError> {
        if requirements.resource.is_some_and(|required| !self.resource().covers(&required)) {
            return Err(RequirementError::AnotherResource);
        }
        match (requirements.policies, self.policy()) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(RequirementError::NotByPolicy),
            (Some(allowed), Some(name)) => {
                let known = allowed.iter().any(|policy| name.eq_decoded(policy.as_str()));
                if known { Ok(()) } else { Err(RequirementError::PolicyNotAllowed) }
            }
        }
    }
}
