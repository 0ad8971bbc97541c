//! How much work one verification may be. A chain is what a stranger sends before it has proven anything.

use crate::error::{ChainError, Exhausted};

/// The limits of one verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budget {
    /// Signatures that are checked. rustls-webpki and mozilla::pkix stop at 100 and 200 000 of these and the
    /// next; the worst honest path known checks a dozen.
    pub signatures: u32,
    /// Certificates that are considered as somebody's issuer, and revocation lists as about somebody.
    pub steps: u32,
    /// Names that are held against a name constraint, as in rustls-webpki and Go (250 000 there), or against a
    /// distribution point.
    pub name_comparisons: u32,
    /// Policies that are held against another; the tree of RFC 5280 is exponential (CVE-2023-0464), the graph of
    /// RFC 9618 is not.
    pub policy_steps: u32,
    /// Intermediates of one path, the self-issued ones too. rustls-webpki and mozilla::pkix take 6; cross-signed
    /// hierarchies of bridges need more.
    pub depth: usize,
    /// Entries of revocation lists that are looked at. The largest lists of public CAs have had a million, and a
    /// path consults a few.
    pub crl_entries: u32,
}

impl Budget {
    /// What every profile begins with.
    pub const DEFAULT: Self = Self {
        signatures: 100,
        steps: 200_000,
        name_comparisons: 250_000,
        policy_steps: 100_000,
        depth: 16,
        crl_entries: 10_000_000,
    };
}

/// What is left of a budget.
#[derive(Debug)]
pub(crate) struct Meter {
    left: Budget,
}

impl Meter {
    pub(crate) const fn new(budget: Budget) -> Self {
        Self { left: budget }
    }

    pub(crate) fn signature(&mut self) -> Result<(), ChainError> {
        spend(&mut self.left.signatures, Exhausted::Signatures)
    }

    pub(crate) fn step(&mut self) -> Result<(), ChainError> {
        spend(&mut self.left.steps, Exhausted::Steps)
    }

    pub(crate) fn name_comparison(&mut self) -> Result<(), ChainError> {
        spend(&mut self.left.name_comparisons, Exhausted::NameComparisons)
    }

    pub(crate) fn crl_entry(&mut self) -> Result<(), ChainError> {
        spend(&mut self.left.crl_entries, Exhausted::CrlEntries)
    }

    pub(crate) fn policy_step(&mut self) -> Result<(), ChainError> {
        spend(&mut self.left.policy_steps, Exhausted::PolicySteps)
    }
}

fn spend(left: &mut u32, budget: Exhausted) -> Result<(), ChainError> {
    *left = left.checked_sub(1).ok_or(ChainError::Exhausted(budget))?;
    Ok(())
}
