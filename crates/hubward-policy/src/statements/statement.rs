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

    /// Adds whom it is about: `device` or `device/module`. There are no wildcards here, but these variables:
    /// `{{iot:identity}}` is every device and module, `{{iot:device_id}}` every device,
    /// `{{iot:device_id}}/{{iot:module_id}}` every module, also with a name in place of either, and
    /// `{{mqtt:client_id}}` whoever has its own name as client id.
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

    /// Adds an operation. [`Action::MqttConnect`] stands in a statement of its own, for it has no resource.
    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    /// Adds a resource: a topic filter, or a path decoded and without its first slash. `+` is one level, `#` at the end the
    /// rest; variables stand for text, whatever it holds, and one without a value, as `{{iot:module_id}}` is for a device,
    /// matches nothing. A topic whose
    /// first level begins with `$` is allowed by text alone (MQTT 3.1.1, 4.7.2): neither a wildcard nor a variable there
    /// reaches it.
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
    /// Which part of it.
    pub part: Part,
    /// Which entry of that part, counted from zero.
    pub index: usize,
    /// What is wrong there.
    pub problem: StatementProblem,
}

/// A part of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Part {
    /// Whether it allows or denies.
    #[error("effect")]
    Effect,
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
    /// A variable that stands for nothing, whoever the statement is about: a module's where there is no module, an
    /// identity's where there are policies alone.
    #[error("this variable has no value for anybody whom the statement is about")]
    NoValue,
    /// A variable that may stand for two levels, within one.
    #[error("this variable must be a whole level")]
    NotAWholeLevel,
    /// `+` or `#` within other text, or `#` before the end.
    #[error("a wildcard must be a whole level, and `#` the last")]
    Wildcard,
    /// A variable in a first level that begins with `$`: the broker's own topics are named by text alone.
    #[error("a first level that begins with `$` takes no variable")]
    Dollar,
    /// `mqtt:connect` beside another operation, or with resources: it has none.
    #[error("connecting has no resource and stands in a statement of its own")]
    Connects,
    /// A control character.
    #[error("control character")]
    Character,
    /// What no path has here: a first slash, an empty name or a step, a `\` or anything but visible ASCII.
    #[error("a path is visible ASCII without its first slash, empty names and steps")]
    Path,
    /// More than a set may have.
    #[error("too many or too long")]
    TooLong,
}
