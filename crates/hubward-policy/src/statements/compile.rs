//! [`Statements`]: a set of statements, checked as a whole and indexed by identity.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hubward_core::PolicyName;

use super::filter::{Filter, Prefix};
use super::identity_pattern::{IdentityPattern, Names, Variable};
use super::request::{Action, Effect};
use super::statement::{Statement, StatementError, StatementPart, StatementProblem};

/// The most statements of a set.
const MAX_STATEMENTS: usize = 4096;
/// The most entries of one list of a statement.
const MAX_ENTRIES: usize = 256;
/// The most bytes of an entry: a topic of the service has at most 256, an identity 257.
const MAX_TEXT: usize = 1024;
/// The most levels of a set, including those of its identities and policies: evaluation compares no more. 4,096
/// statements may have 16 levels each.
const MAX_LEVELS: usize = 65_536;
/// The most bytes of all entries of a set. Together with the levels it bounds the memory of a compiled set.
const MAX_SET_TEXT: usize = 1 << 20;

/// A compiled set of statements; see [`Statement`] for an example. Evaluating it does not allocate.
#[derive(Debug, Default)]
pub struct Statements {
    pub(super) rules: Vec<Rule>,
    pub(super) filters: Vec<Filter>,
    /// Identities without variables, sorted, each with its rules.
    pub(super) exact: Vec<(Names, Vec<usize>)>,
    /// Policies, sorted, each with its rules.
    pub(super) policies: Vec<(Box<str>, Vec<usize>)>,
    /// The resources of rules for every device and module.
    pub(super) every: Vec<Row>,
    /// Other identities with variables, each with its rule.
    pub(super) variables: Vec<(Variable, usize)>,
    levels: usize,
    text: usize,
}

/// One resource of a rule, with the facts that rule most of them out.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) prefix: Prefix,
    pub(super) actions: u16,
    pub(super) effect: Effect,
    pub(super) rule: usize,
    /// `None` for `mqtt:connect`, which has no resource.
    pub(super) filter: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) effect: Effect,
    pub(super) actions: u16,
    /// The rule's range of `filters`.
    pub(super) first: usize,
    pub(super) end: usize,
}

impl Statements {
    /// Compiles a set, or refuses all of it.
    ///
    /// # Errors
    /// [`StatementError`] with the first entry that is wrong or exceeds a limit: 4,096 statements, 256 entries in a
    /// list, 1,024 bytes in an entry, 65,536 levels and 1 MiB in the set.
    pub fn compile(statements: &[Statement]) -> Result<Self, StatementError> {
        let mut compiled = Self::default();
        for (at, statement) in statements.iter().enumerate() {
            let wrong = |part, index, problem| StatementError { statement: at, part, index, problem };
            if at >= MAX_STATEMENTS {
                return Err(wrong(StatementPart::Identity, 0, StatementProblem::TooLong));
            }
            compiled.add(at, statement).map_err(|(part, index, problem)| wrong(part, index, problem))?;
        }
        compiled.exact = grouped(compiled.exact);
        compiled.policies = grouped(compiled.policies);
        Ok(compiled)
    }

    /// Returns the number of statements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Returns whether the set has no statements, so that it denies everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    fn add(
        &mut self,
        at: usize,
        statement: &Statement,
    ) -> Result<(), (StatementPart, usize, StatementProblem)> {
        let Statement { effect, identities, policies, actions, resources } = statement;
        let connects = actions.contains(&Action::MqttConnect);
        for (part, len, needed) in [
            (StatementPart::Operation, actions.len(), true),
            (StatementPart::Identity, identities.len(), policies.is_empty()),
            (StatementPart::Policy, policies.len(), false),
            (StatementPart::Resource, resources.len(), !connects),
        ] {
            if len == 0 && needed {
                return Err((part, 0, StatementProblem::Empty));
            }
            if len > MAX_ENTRIES {
                return Err((part, MAX_ENTRIES, StatementProblem::TooLong));
            }
        }
        // a rule with resources must not allow connecting everywhere
        if connects && (!resources.is_empty() || actions.iter().any(|action| *action != Action::MqttConnect))
        {
            return Err((StatementPart::Resource, 0, StatementProblem::Connects));
        }
        let (mut every, mut modules) = (false, false);
        for (index, identity) in identities.iter().enumerate() {
            let pattern = self
                .identity_pattern(identity)
                .map_err(|problem| (StatementPart::Identity, index, problem))?;
            modules |= pattern.may_be_a_module();
            match pattern {
                IdentityPattern::Every => every = true,
                IdentityPattern::Named(names) => self.exact.push((names, Vec::from([at]))),
                IdentityPattern::Variable(variable) => self.variables.push((variable, at)),
            }
        }
        for (index, policy) in policies.iter().enumerate() {
            PolicyName::parse(policy).map_err(|_| (StatementPart::Policy, index, StatementProblem::Name))?;
            self.count(1, policy).map_err(|problem| (StatementPart::Policy, index, problem))?;
            self.policies.push((policy.as_str().into(), Vec::from([at])));
        }
        let first = self.filters.len();
        let paths = actions.iter().any(|action| !action.is_mqtt());
        for (index, resource) in resources.iter().enumerate() {
            let filter = match resource {
                long if long.len() > MAX_TEXT => Err(StatementProblem::TooLong),
                path if paths && !is_path(path) => Err(StatementProblem::Path),
                resource => Filter::parse(resource),
            };
            let filter = filter.and_then(|filter| match filter.variables() {
                (true, _) if !modules => Err(StatementProblem::NoValue),
                (_, true) if identities.is_empty() => Err(StatementProblem::NoValue),
                _ => Ok(filter),
            });
            let filter = filter.and_then(|filter| self.count(filter.len(), resource).map(|()| filter));
            self.filters.push(filter.map_err(|problem| (StatementPart::Resource, index, problem))?);
        }
        let actions = actions.iter().fold(0, |set, action| set | action.bit());
        if every {
            self.add_for_every(*effect, actions, at, first);
        }
        self.rules.push(Rule { effect: *effect, actions, first, end: self.filters.len() });
        Ok(())
    }

    fn add_for_every(&mut self, effect: Effect, actions: u16, rule: usize, first: usize) {
        if first == self.filters.len() {
            self.every.push(Row { prefix: Prefix::NONE, actions, effect, rule, filter: None });
        }
        let filters = self.filters.iter().enumerate().skip(first);
        self.every.extend(filters.map(|(at, filter)| Row {
            prefix: filter.prefix,
            actions,
            effect,
            rule,
            filter: Some(at),
        }));
    }

    fn count(&mut self, levels: usize, text: &str) -> Result<(), StatementProblem> {
        self.levels = self.levels.saturating_add(levels);
        self.text = self.text.saturating_add(text.len());
        if self.levels > MAX_LEVELS || self.text > MAX_SET_TEXT {
            Err(StatementProblem::TooLong)
        } else {
            Ok(())
        }
    }

    fn identity_pattern(&mut self, identity: &str) -> Result<IdentityPattern, StatementProblem> {
        if identity.len() > MAX_TEXT {
            return Err(StatementProblem::TooLong);
        }
        self.count(2, identity)?;
        IdentityPattern::parse(identity)
    }
}

/// Returns whether a request can have this path: a rule for another path would have no effect.
fn is_path(resource: &str) -> bool {
    resource.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        && resource.split('/').all(|name| !matches!(name, "" | "." | ".."))
}

/// Sorts the rows and merges the rules of equal names.
fn grouped<K: Ord>(mut rows: Vec<(K, Vec<usize>)>) -> Vec<(K, Vec<usize>)> {
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let mut grouped: Vec<(K, Vec<usize>)> = Vec::new();
    for (name, rules) in rows {
        match grouped.last_mut() {
            Some((last, all)) if *last == name => all.extend(rules),
            _ => grouped.push((name, rules)),
        }
    }
    grouped
}
