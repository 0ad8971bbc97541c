//! Limits on the work of one verification. A chain is sent by a peer that has not yet authenticated.

use crate::error::{BudgetExceeded, ChainError};

/// The limits of one verification.
///
/// ```
/// use hubward_x509::{Budget, Profile};
///
/// let mut budget = Budget::DEFAULT;
/// budget.signatures = 20;
/// let profile = Profile::rfc5280().with_budget(budget);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budget {
    /// Signatures that are checked. The limits of rustls-webpki and mozilla::pkix are 100 signatures and 200 000 steps;
    /// the longest legitimate path known needs a dozen signatures.
    pub signatures: u32,
    /// Certificates that are considered as issuers, and revocation lists that are considered for a certificate.
    pub steps: u32,
    /// Comparisons of a name with a name constraint, as in rustls-webpki and Go (250 000 there), or with a
    /// distribution point.
    pub name_comparisons: u32,
    /// Comparisons of policies. The tree of RFC 5280 can grow exponentially (CVE-2023-0464), the graph of RFC 9618
    /// cannot.
    pub policy_steps: u32,
    /// Intermediates of one path, including self-issued ones. rustls-webpki and mozilla::pkix allow 6; cross-signed
    /// bridge hierarchies need more.
    pub depth: usize,
    /// Entries of revocation lists that are read. The largest lists of public CAs have had a million entries, and a
    /// path needs a few lists.
    pub crl_entries: u32,
}

impl Budget {
    /// The budget of every profile unless [`Profile::with_budget`](crate::Profile::with_budget) changes it.
    pub const DEFAULT: Self = Self {
        signatures: 100,
        steps: 200_000,
        name_comparisons: 250_000,
        policy_steps: 100_000,
        depth: 16,
        crl_entries: 10_000_000,
    };
}

/// The rest of a budget.
#[derive(Debug)]
pub(crate) struct Meter {
    left: Budget,
}

impl Meter {
    pub(crate) const fn new(budget: Budget) -> Self {
        Self { left: budget }
    }

    pub(crate) fn signature(&mut self) -> Result<(), ChainError> {
        spend(&mut self.left.signatures, BudgetExceeded::Signatures)
    }

    pub(crate) fn step(&mut self) -> Result<(), ChainError> {
        spend(&mut self.left.steps, BudgetExceeded::Steps)
    }

    pub(crate) fn name_comparison(&mut self) -> Result<(), ChainError> {
        spend(&mut self.left.name_comparisons, BudgetExceeded::NameComparisons)
    }

    pub(crate) fn crl_entry(&mut self) -> Result<(), ChainError> {
        spend(&mut self.left.crl_entries, BudgetExceeded::CrlEntries)
    }

    pub(crate) fn policy_step(&mut self) -> Result<(), ChainError> {
        spend(&mut self.left.policy_steps, BudgetExceeded::PolicySteps)
    }
}

fn spend(left: &mut u32, budget: BudgetExceeded) -> Result<(), ChainError> {
    *left = left.checked_sub(1).ok_or(ChainError::BudgetExceeded(budget))?;
    Ok(())
}
