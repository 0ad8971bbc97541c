//! [`Statements::evaluate`] and its [`StatementVerdict`]. Evaluation ends at the first deny that matches.

use core::fmt;

use hubward_core::Identity;

use super::compile::{Row, Rule, Statements};
use super::request::{Action, Effect, StatementRequest};

/// The result of evaluating a set of statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a third answer would be read as one of these two")]
pub enum StatementVerdict {
    /// This statement allows the request, and no statement denies it.
    Allow {
        /// The statement's index, from zero.
        statement: usize,
    },
    /// The request is denied.
    Deny(StatementDenial),
}

/// The reason for which statements deny a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementDenial {
    /// The statement of this index denies it.
    Statement(usize),
    /// No statement allows it.
    NoStatement,
    /// Statements have no such operation, or its topic, filter or path is malformed.
    Malformed,
}

impl StatementDenial {
    /// Returns a code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Statement(_) => "denied-by-statement",
            Self::NoStatement => "no-statement",
            Self::Malformed => "malformed-request",
        }
    }
}

impl StatementVerdict {
    /// Returns `true` if the request is allowed.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

impl fmt::Display for StatementVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow { statement } => write!(f, "statement {statement} allows it"),
            Self::Deny(StatementDenial::Statement(statement)) => write!(f, "statement {statement} denies it"),
            Self::Deny(StatementDenial::NoStatement) => f.write_str("no statement allows it"),
            Self::Deny(StatementDenial::Malformed) => {
                f.write_str("the operation or the resource is malformed")
            }
        }
    }
}

impl Statements {
    /// Judges a request. An allow must cover everything that the request reaches; a deny needs to overlap with it.
    pub fn evaluate(&self, request: &StatementRequest<'_>) -> StatementVerdict {
        if request.action == 0 {
            return StatementVerdict::Deny(StatementDenial::Malformed);
        }
        let mut allowed = None;
        match request.identity {
            Identity::Policy(name) => {
                let row = self.policies.binary_search_by(|(row, _)| (**row).cmp(name.as_str()));
                let rules = row.ok().and_then(|at| self.policies.get(at));
                for at in rules.into_iter().flat_map(|(_, rules)| rules) {
                    if self.denies(*at, request, &mut allowed) {
                        return StatementVerdict::Deny(StatementDenial::Statement(*at));
                    }
                }
            }
            identity => {
                let Some(device) = identity.device() else {
                    return StatementVerdict::Deny(StatementDenial::NoStatement);
                };
                let wanted = (device.as_str(), identity.module().map(|id| id.as_str()));
                let row = self
                    .exact
                    .binary_search_by(|((device, module), _)| (&**device, module.as_deref()).cmp(&wanted));
                let rules = row.ok().and_then(|at| self.exact.get(at));
                for at in rules.into_iter().flat_map(|(_, rules)| rules) {
                    if self.denies(*at, request, &mut allowed) {
                        return StatementVerdict::Deny(StatementDenial::Statement(*at));
                    }
                }
                for (variable, at) in &self.variables {
                    if variable.matches(request) && self.denies(*at, request, &mut allowed) {
                        return StatementVerdict::Deny(StatementDenial::Statement(*at));
                    }
                }
                for row in &self.every {
                    if row.actions & request.action == 0
                        || !row.prefix.may_match(request, row.effect)
                        || !self.row_matches(row, request)
                    {
                        continue;
                    }
                    match row.effect {
                        Effect::Deny => return StatementVerdict::Deny(StatementDenial::Statement(row.rule)),
                        Effect::Allow => allowed = allowed.or(Some(row.rule)),
                    }
                }
            }
        }
        match allowed {
            Some(statement) => StatementVerdict::Allow { statement },
            None => StatementVerdict::Deny(StatementDenial::NoStatement),
        }
    }

    fn row_matches(&self, row: &Row, request: &StatementRequest<'_>) -> bool {
        match row.filter {
            Some(at) => self.filters.get(at).is_some_and(|filter| filter.matches_levels(request, row.effect)),
            None => true,
        }
    }

    /// Returns whether a rule denies the request, and writes the first rule that allows it to `allowed`.
    #[inline]
    fn denies(&self, at: usize, request: &StatementRequest<'_>, allowed: &mut Option<usize>) -> bool {
        let Some(rule) = self.rules.get(at) else { return false };
        match rule.effect {
            Effect::Allow => {
                if allowed.is_none() && self.matches(rule, request, Effect::Allow) {
                    *allowed = Some(at);
                }
                false
            }
            Effect::Deny => self.matches(rule, request, Effect::Deny),
        }
    }

    #[inline]
    fn matches(&self, rule: &Rule, request: &StatementRequest<'_>, effect: Effect) -> bool {
        if rule.actions & request.action == 0 {
            return false;
        }
        // `mqtt:connect` has no resource
        if request.action == Action::MqttConnect.bit() {
            return true;
        }
        let filters = self.filters.get(rule.first..rule.end).unwrap_or_default();
        filters.iter().any(|filter| filter.matches(request, effect))
    }
}
