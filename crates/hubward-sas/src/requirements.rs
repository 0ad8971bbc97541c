//! What a service asks of a verified token beyond its signature and its time.

use hubward_core::{PolicyName, ResourcePath};

use crate::token::VerifiedToken;

/// What a token must be for, and by whom signed. Each refusal is an error of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Requirements<'r> {
    resource: Option<ResourcePath<'r>>,
    policies: Option<&'r [PolicyName<'r>]>,
}

/// Why a verified token will not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequirementError {
    /// Its resource is neither the required one nor above it.
    #[error("the token is not for the required resource")]
    AnotherResource,
    /// A policy is required, and an identity's own key made the signature.
    #[error("the token is not signed by a policy")]
    NotByPolicy,
    /// The policy that made the signature is not among the allowed ones.
    #[error("the token's policy is not allowed here")]
    PolicyNotAllowed,
}

impl<'r> Requirements<'r> {
    /// Requires nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { resource: None, policies: None }
    }

    /// The token's resource must be this one or above it, by whole names.
    #[must_use]
    pub const fn for_resource(mut self, resource: ResourcePath<'r>) -> Self {
        self.resource = Some(resource);
        self
    }

    /// The token must be signed by one of these policies. An empty list allows none.
    #[must_use]
    pub const fn by_policies(mut self, policies: &'r [PolicyName<'r>]) -> Self {
        self.policies = Some(policies);
        self
    }
}

impl VerifiedToken<'_> {
    /// Holds the token against what is required of it.
    ///
    /// # Errors
    /// [`RequirementError`] with the first requirement that it does not meet.
    pub fn meets(&self, requirements: &Requirements<'_>) -> Result<(), RequirementError> {
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
