//! Compiling statements: checked whole, and indexed by whom they are about.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hubward_core::{DeviceId, ModuleId, PolicyName};

use super::act::Effect;
use super::filter::{Filter, Hint, Level, parse_levels};
use super::statement::{Part, Statement, StatementError, StatementProblem};

/// The most statements of a set.
const MAX_STATEMENTS: usize = 4096;
/// The most entries of one list of a statement.
const MAX_ENTRIES: usize = 256;
/// The most bytes of an entry: a topic of the service has at most 256, an identity 257.
const MAX_TEXT: usize = 1024;

/// Every device and module.
const ANYONE: &str = "{{iot:identity}}";

/// A compiled set of statements. Evaluating it does not allocate.
#[derive(Debug, Default)]
pub struct Statements {
    pub(super) rules: Vec<Rule>,
    pub(super) filters: Vec<Filter>,
    /// Identities without variables, sorted, each with its rules.
    pub(super) exact: Vec<(Names, Vec<usize>)>,
    /// Policies, sorted, each with its rules.
    pub(super) policies: Vec<(Box<str>, Vec<usize>)>,
    /// What is about every device and module, resource by resource.
    pub(super) anyone: Vec<Row>,
    /// Other identities with variables.
    pub(super) patterns: Vec<(Box<[Level]>, usize)>,
}

/// One resource of a rule, with what passing over it takes.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) hint: Hint,
    pub(super) actions: u16,
    pub(super) effect: Effect,
    pub(super) rule: usize,
    /// `None` where there is nothing to match: connecting has no resource.
    pub(super) filter: Option<usize>,
}

/// A device, or a module of it.
type Names = (Box<str>, Option<Box<str>>);

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) effect: Effect,
    pub(super) actions: u16,
    /// Its part of `filters`.
    pub(super) first: usize,
    pub(super) end: usize,
}

impl Statements {
    /// Compiles a set, all of it or nothing.
    ///
    /// # Errors
    /// [`StatementError`] with the first entry that is wrong, or is more than a set may have: 4,096 statements,
    /// 256 entries in a list, 1,024 bytes in an entry.
    pub fn compile(statements: &[Statement]) -> Result<Self, StatementError> {
        let mut compiled = Self::default();
        for (at, statement) in statements.iter().enumerate() {
            let wrong = |part, index, problem| StatementError { statement: at, part, index, problem };
            if at >= MAX_STATEMENTS {
                return Err(wrong(Part::Identity, 0, StatementProblem::TooLong));
            }
            compiled.add(at, statement).map_err(|(part, index, problem)| wrong(part, index, problem))?;
        }
        compiled.exact = grouped(compiled.exact);
        compiled.policies = grouped(compiled.policies);
        Ok(compiled)
    }

    /// How many statements it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether it has none, and denies everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    fn add(&mut self, at: usize, statement: &Statement) -> Result<(), (Part, usize, StatementProblem)> {
        let Statement { effect, identities, policies, actions, resources } = statement;
        let connects_only = actions.iter().all(|action| *action == super::Action::MqttConnect);
        for (part, len, needed) in [
            (Part::Operation, actions.len(), true),
            (Part::Identity, identities.len(), policies.is_empty()),
            (Part::Policy, policies.len(), false),
            (Part::Resource, resources.len(), !connects_only),
        ] {
            if len == 0 && needed {
                return Err((part, 0, StatementProblem::Empty));
            }
            if len > MAX_ENTRIES {
                return Err((part, MAX_ENTRIES, StatementProblem::TooLong));
            }
        }
        for (index, identity) in identities.iter().enumerate() {
            self.identity(at, identity).map_err(|problem| (Part::Identity, index, problem))?;
        }
        for (index, policy) in policies.iter().enumerate() {
            PolicyName::parse(policy).map_err(|_| (Part::Policy, index, StatementProblem::Name))?;
            self.policies.push((policy.as_str().into(), Vec::from([at])));
        }
        let first = self.filters.len();
        let paths = actions.iter().any(|action| !action.is_mqtt());
        for (index, resource) in resources.iter().enumerate() {
            let filter = match resource {
                long if long.len() > MAX_TEXT => Err(StatementProblem::TooLong),
                path if paths && path.starts_with('/') => Err(StatementProblem::Slash),
                resource => Filter::parse(resource),
            };
            self.filters.push(filter.map_err(|problem| (Part::Resource, index, problem))?);
        }
        let actions = actions.iter().fold(0, |set, action| set | action.bit());
        if identities.iter().any(|identity| identity == ANYONE) {
            self.anyone(*effect, actions, at, first);
        }
        self.rules.push(Rule { effect: *effect, actions, first, end: self.filters.len() });
        Ok(())
    }

    fn anyone(&mut self, effect: Effect, actions: u16, rule: usize, first: usize) {
        let connect = super::Action::MqttConnect.bit();
        if actions & connect != 0 {
            self.anyone.push(Row { hint: Hint::NONE, actions: connect, effect, rule, filter: None });
        }
        let filters = self.filters.iter().enumerate().skip(first);
        self.anyone.extend(filters.map(|(at, filter)| Row {
            hint: filter.hint,
            actions: actions & !connect,
            effect,
            rule,
            filter: Some(at),
        }));
    }

    fn identity(&mut self, at: usize, identity: &str) -> Result<(), StatementProblem> {
        if identity.len() > MAX_TEXT {
            return Err(StatementProblem::TooLong);
        }
        if !identity.contains("{{") {
            let (device, module) = match identity.split_once('/') {
                Some((device, module)) => (device, Some(module)),
                None => (identity, None),
            };
            let sound =
                DeviceId::parse(device).is_ok() && module.is_none_or(|id| ModuleId::parse(id).is_ok());
            if !sound {
                return Err(StatementProblem::Name);
            }
            self.exact.push(((device.into(), module.map(Into::into)), Vec::from([at])));
            return Ok(());
        }
        if identity == ANYONE {
            return Ok(());
        }
        let levels = parse_levels(identity)?;
        if levels.iter().any(|level| matches!(level, Level::One | Level::Rest)) {
            return Err(StatementProblem::Wildcard);
        }
        // a device and a module, or a variable that is as many of them as it is
        if !matches!(&*levels, [_] | [Level::Name(_), Level::Name(_)]) {
            return Err(StatementProblem::Name);
        }
        self.patterns.push((levels, at));
        Ok(())
    }
}

/// Sorted, with the rules of equal names in one row.
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
