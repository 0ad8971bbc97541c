//! A statement as it is written, and what can be wrong with it.

use alloc::string::String;
use alloc::vec::Vec;

use super::act::{Action, Effect};

/// One rule, not yet checked. It matches where one of its identities or policies, one of its operations and one
/// of its resources do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub(super) effect: Effect,
    pub(super) identities: Vec<String>,
    pub(super) policies: Vec<String>,
    pub(super) actions: Vec<Action>,
    pub(super) resources: Vec<String>,
}

impl Statement {
    /// A rule that allows; it says nothing yet about whom and what.
    #[must_use]
    pub const fn allow() -> Self {
        Self::new(Effect::Allow)
    }

    /// A rule that denies; it says nothing yet about whom and what.
    #[must_use]
    pub const fn deny() -> Self {
        Self::new(Effect::Deny)
    }

    pub(super) const fn new(effect: Effect) -> Self {
        Self {
            effect,
            identities: Vec::new(),
            policies: Vec::new(),
            actions: Vec::new(),
            resources: Vec::new(),
        }
    }

    /// Adds whom it is about: `device`, `device/module`, or the same with variables. There are no wildcards here:
    /// `{{iot:identity}}` is every device and module.
    #[must_use]
    pub fn identity(mut self, identity: &str) -> Self {
        self.identities.push(identity.into());
        self
    }

    /// Adds a shared access policy whom it is about, by name.
    #[must_use]
    pub fn policy(mut self, name: &str) -> Self {
        self.policies.push(name.into());
        self
    }

    /// Adds an operation.
    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    /// Adds a resource: a topic filter, or a path without its first slash. `+` is one level, `#` at the end the
    /// rest; variables stand for text, whatever it holds, and a variable without a value matches nothing.
    #[must_use]
    pub fn resource(mut self, resource: &str) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// What it does where it matches.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }
}

/// Why a set of statements is refused, all of it. Holds the place, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("statement {statement}, {part} {index}: {problem}")]
#[non_exhaustive]
pub struct StatementError {
    /// Which statement, counted from zero.
    pub statement: usize,
    /// Which of its lists.
    pub part: Part,
    /// Which entry of the list, counted from zero.
    pub index: usize,
    /// What is wrong there.
    pub problem: StatementProblem,
}

/// A list of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Part {
    /// Whom it is about.
    #[error("identity")]
    Identity,
    /// The shared access policies it is about.
    #[error("policy")]
    Policy,
    /// Its operations.
    #[error("operation")]
    Operation,
    /// Its resources.
    #[error("resource")]
    Resource,
}

/// What is wrong with a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementProblem {
    /// An empty text, or a list that needs an entry.
    #[error("nothing there")]
    Empty,
    /// Neither an id, nor ids and variables.
    #[error("not a name of that kind")]
    Name,
    /// `{{` and `}}` that do not enclose the name of a variable.
    #[error("unknown variable")]
    Variable,
    /// A variable that may stand for two levels, within one.
    #[error("this variable must be a whole level")]
    NotAWholeLevel,
    /// `+` or `#` within other text, or `#` before the end.
    #[error("a wildcard must be a whole level, and `#` the last")]
    Wildcard,
    /// A control character.
    #[error("control character")]
    Character,
    /// A first slash, which no path has here.
    #[error("a path is written without its first slash")]
    Slash,
    /// More than a set may have.
    #[error("too many or too long")]
    TooLong,
}
