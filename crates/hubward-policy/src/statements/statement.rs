//! [`Statement`]: a rule before it is compiled, and the errors of compiling it.

use alloc::string::String;
use alloc::vec::Vec;

use super::request::{Action, Effect};

/// One rule, not yet checked. It matches if one of its identities or policies, one of its operations and one of its
/// resources match.
///
/// ```
/// use hubward_core::{DeviceId, Identity};
/// use hubward_policy::Operation;
/// use hubward_policy::statements::{StatementRequest, Action, Statement, Statements};
///
/// let own_topics = Statement::allow()
///     .with_identity("{{iot:identity}}")
///     .with_action(Action::MqttPublish)
///     .with_resource("fleet/{{iot:device_id}}/#");
/// let statements = Statements::compile(&[own_topics])?;
///
/// let dev1 = Identity::Device(DeviceId::parse("dev1")?);
/// let publish = |topic| statements.evaluate(&StatementRequest::new(dev1, Some("dev1"), &Operation::mqtt_publish(topic)));
/// assert!(publish("fleet/dev1/temperature").is_allow());
/// assert!(!publish("fleet/dev10/temperature").is_allow());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub(super) effect: Effect,
    pub(super) identities: Vec<String>,
    pub(super) policies: Vec<String>,
    pub(super) actions: Vec<Action>,
    pub(super) resources: Vec<String>,
}

impl Statement {
    /// Returns a rule that allows, still without identities, operations and resources.
    #[must_use]
    pub const fn allow() -> Self {
        Self::new(Effect::Allow)
    }

    /// Returns a rule that denies, still without identities, operations and resources.
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

    /// Adds an identity: `device` or `device/module`. It takes no wildcards, but these variables: `{{iot:identity}}` is
    /// every device and module, `{{iot:device_id}}` every device, `{{iot:device_id}}/{{iot:module_id}}` every module,
    /// also with a name in place of either variable, and `{{mqtt:client_id}}` every identity whose client id is its own
    /// name.
    #[must_use]
    pub fn with_identity(mut self, identity: &str) -> Self {
        self.identities.push(identity.into());
        self
    }

    /// Adds a shared access policy by name.
    #[must_use]
    pub fn with_policy(mut self, name: &str) -> Self {
        self.policies.push(name.into());
        self
    }

    /// Adds an operation. [`Action::MqttConnect`] has no resource and needs a statement of its own.
    #[must_use]
    pub fn with_action(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    /// Adds a resource: a topic filter, or a path, decoded and without its first slash. `+` is one level, and `#` at
    /// the end is all further levels. The value of a variable is text and never a wildcard; a variable without a value,
    /// such as `{{iot:module_id}}` for a device, matches nothing. If the first level of a topic begins with `$`, an
    /// allow covers it only with text there, not with a wildcard or a variable (MQTT 3.1.1, 4.7.2).
    #[must_use]
    pub fn with_resource(mut self, resource: &str) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// Returns the effect of the rule when it matches.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }
}

/// The error of a set of statements, all of which is refused. It has the position, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("statement {statement}, {part} {index}: {problem}")]
#[non_exhaustive]
pub struct StatementError {
    /// The statement's index, from zero.
    pub statement: usize,
    /// The part of the statement.
    pub part: StatementPart,
    /// The entry's index in that part, from zero.
    pub index: usize,
    /// The problem of that entry.
    pub problem: StatementProblem,
}

/// A part of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementPart {
    /// The effect: allow or deny.
    #[error("effect")]
    Effect,
    /// The identities.
    #[error("identity")]
    Identity,
    /// The shared access policies.
    #[error("policy")]
    Policy,
    /// The operations.
    #[error("operation")]
    Operation,
    /// The resources.
    #[error("resource")]
    Resource,
}

/// The problem of an entry of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementProblem {
    /// An empty text, or a list that needs an entry.
    #[error("must not be empty")]
    Empty,
    /// Neither an id nor a pattern of ids and variables.
    #[error("not a valid name")]
    Name,
    /// `{{` and `}}` without the name of a variable between them.
    #[error("unknown variable")]
    Variable,
    /// A variable that has no value for any identity of the statement: a module's without a module, or an identity's
    /// with policies alone.
    #[error("this variable has no value for any identity of the statement")]
    NoValue,
    /// A variable whose value may have two levels, as a part of one.
    #[error("this variable must be a whole level")]
    NotAWholeLevel,
    /// `+` or `#` within other text, or `#` before the end.
    #[error("a wildcard must be a whole level, and `#` the last")]
    Wildcard,
    /// A variable in a first level that begins with `$`: the broker's own topics are written as text.
    #[error("a first level that begins with `$` must not have a variable")]
    Dollar,
    /// `mqtt:connect` together with another operation or with resources.
    #[error("`mqtt:connect` has no resource and needs a statement of its own")]
    Connects,
    /// A control character.
    #[error("control character")]
    Character,
    /// A path with a first slash, an empty name, a path step, a `\` or a character other than visible ASCII.
    #[error("a path must be visible ASCII without a first slash, empty names and path steps")]
    Path,
    /// More statements, entries, levels or bytes than a set may have; see
    /// [`Statements::compile`](super::Statements::compile).
    #[error("too many or too long")]
    TooLong,
}
