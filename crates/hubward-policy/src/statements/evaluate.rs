//! Evaluating statements: every one that is about the act is asked, and a deny ends it.

use core::fmt;

use hubward_core::Identity;

use super::act::{Act, Action, Effect};
use super::compile::{Row, Rule, Statements};

/// What a set of statements says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a third answer would be read as one of these two")]
pub enum Verdict {
    /// This statement allows it, and none denies it.
    Allow {
        /// Which statement, counted from zero.
        statement: usize,
    },
    /// It may not go on.
    Deny(Refusal),
}

/// Why statements deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// This statement denies it.
    Statement(usize),
    /// No statement allows it.
    NoStatement,
    /// The operation is unknown to statements or its topic, filter or path is none.
    Malformed,
}

impl Refusal {
    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Statement(_) => "denied-by-statement",
            Self::NoStatement => "no-statement",
            Self::Malformed => "malformed-act",
        }
    }
}

impl Verdict {
    /// Whether the act may go on.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow { statement } => write!(f, "statement {statement} allows it"),
            Self::Deny(Refusal::Statement(statement)) => write!(f, "statement {statement} denies it"),
            Self::Deny(Refusal::NoStatement) => f.write_str("no statement allows it"),
            Self::Deny(Refusal::Malformed) => f.write_str("its operation or resource is malformed"),
        }
    }
}

impl Statements {
    /// Judges an act. An allow must cover all that the act reaches; for a deny it is enough to meet some of it.
    pub fn evaluate(&self, act: &Act<'_>) -> Verdict {
        if act.action == 0 {
            return Verdict::Deny(Refusal::Malformed);
        }
        let mut allowed = None;
        match act.identity {
            Identity::Policy(name) => {
                let row = self.policies.binary_search_by(|(row, _)| (**row).cmp(name.as_str()));
                let rules = row.ok().and_then(|at| self.policies.get(at));
                for at in rules.into_iter().flat_map(|(_, rules)| rules) {
                    if self.denies(*at, act, &mut allowed) {
                        return Verdict::Deny(Refusal::Statement(*at));
                    }
                }
            }
            identity => {
                let Some(device) = identity.device() else { return Verdict::Deny(Refusal::NoStatement) };
                let wanted = (device.as_str(), identity.module().map(|id| id.as_str()));
                let row = self
                    .exact
                    .binary_search_by(|((device, module), _)| (&**device, module.as_deref()).cmp(&wanted));
                let rules = row.ok().and_then(|at| self.exact.get(at));
                for at in rules.into_iter().flat_map(|(_, rules)| rules) {
                    if self.denies(*at, act, &mut allowed) {
                        return Verdict::Deny(Refusal::Statement(*at));
                    }
                }
                for (pattern, at) in &self.patterns {
                    if pattern.is(act) && self.denies(*at, act, &mut allowed) {
                        return Verdict::Deny(Refusal::Statement(*at));
                    }
                }
                for row in &self.anyone {
                    if row.actions & act.action == 0
                        || !row.hint.may_match(act, row.effect)
                        || !self.row_matches(row, act)
                    {
                        continue;
                    }
                    match row.effect {
                        Effect::Deny => return Verdict::Deny(Refusal::Statement(row.rule)),
                        Effect::Allow => allowed = allowed.or(Some(row.rule)),
                    }
                }
            }
        }
        match allowed {
            Some(statement) => Verdict::Allow { statement },
            None => Verdict::Deny(Refusal::NoStatement),
        }
    }

    fn row_matches(&self, row: &Row, act: &Act<'_>) -> bool {
        match row.filter {
            Some(at) => self.filters.get(at).is_some_and(|filter| filter.matches_levels(act, row.effect)),
            None => true,
        }
    }

    /// Whether a rule denies the act; one that allows it is noted.
    #[inline]
    fn denies(&self, at: usize, act: &Act<'_>, allowed: &mut Option<usize>) -> bool {
        let Some(rule) = self.rules.get(at) else { return false };
        match rule.effect {
            Effect::Allow => {
                if allowed.is_none() && self.matches(rule, act, Effect::Allow) {
                    *allowed = Some(at);
                }
                false
            }
            Effect::Deny => self.matches(rule, act, Effect::Deny),
        }
    }

    #[inline]
    fn matches(&self, rule: &Rule, act: &Act<'_>, effect: Effect) -> bool {
        if rule.actions & act.action == 0 {
            return false;
        }
        // connecting has no resource
        if act.action == Action::MqttConnect.bit() {
            return true;
        }
        let filters = self.filters.get(rule.first..rule.end).unwrap_or_default();
        filters.iter().any(|filter| filter.matches(act, effect))
    }
}
