//! [`IdentityPattern`]: an entry of a statement's identities, a name or variables.

use alloc::boxed::Box;

use hubward_core::{DeviceId, Identity, ModuleId};

use super::request::{Client, StatementRequest};
use super::statement::StatementProblem;

const IDENTITY: &str = "{{iot:identity}}";
const CLIENT: &str = "{{mqtt:client_id}}";
const DEVICE: &str = "{{iot:device_id}}";
const MODULE: &str = "{{iot:module_id}}";

/// The id of a device, and of its module if the entry is a module.
pub(super) type Names = (Box<str>, Option<Box<str>>);

/// An entry of a statement's identities. An entry that no identity can match is refused: a deny would have no effect.
#[derive(Debug)]
pub(super) enum IdentityPattern {
    /// Every device and module.
    Every,
    /// This device or module.
    Named(Names),
    /// The identities that variables select.
    Variable(Variable),
}

#[derive(Debug)]
pub(super) enum Variable {
    /// The identity whose client id is its own name.
    Client,
    /// Every device, and no module.
    Devices,
    /// Modules: of one device or of every device, with one id or with every id.
    Modules { device: Option<Box<str>>, module: Option<Box<str>> },
}

impl IdentityPattern {
    pub(super) fn parse(identity: &str) -> Result<Self, StatementProblem> {
        let (device, module) = match identity.split_once('/') {
            Some((device, module)) => (device, Some(module)),
            None => (identity, None),
        };
        match (device, module) {
            ("", _) | (_, Some("")) => Err(StatementProblem::Empty),
            (IDENTITY, None) => Ok(Self::Every),
            (CLIENT, None) => Ok(Self::Variable(Variable::Client)),
            (DEVICE, None) => Ok(Self::Variable(Variable::Devices)),
            (device, None) => Ok(Self::Named((id(device)?, None))),
            (device, Some(module)) => {
                let device = if device == DEVICE { None } else { Some(id(device)?) };
                let module = if module == MODULE { None } else { Some(module_id(module)?) };
                Ok(match (device, module) {
                    (Some(device), Some(module)) => Self::Named((device, Some(module))),
                    (device, module) => Self::Variable(Variable::Modules { device, module }),
                })
            }
        }
    }

    /// Returns whether a module can match.
    pub(super) const fn may_be_a_module(&self) -> bool {
        match self {
            Self::Named((_, module)) => module.is_some(),
            Self::Variable(Variable::Devices) => false,
            Self::Every | Self::Variable(_) => true,
        }
    }
}

impl Variable {
    pub(super) fn matches(&self, request: &StatementRequest<'_>) -> bool {
        match (self, request.identity) {
            (Self::Client, identity) => match request.client {
                Client::None => false,
                Client::Level(id) => {
                    identity.module().is_none() && identity.device().is_some_and(|own| own.as_str() == id)
                }
                Client::Identity => true,
            },
            (Self::Devices, Identity::Device(_)) => true,
            (Self::Modules { device, module }, Identity::Module(own, own_module)) => {
                device.as_deref().is_none_or(|id| id == own.as_str())
                    && module.as_deref().is_none_or(|id| id == own_module.as_str())
            }
            _ => false,
        }
    }
}

fn id(name: &str) -> Result<Box<str>, StatementProblem> {
    DeviceId::parse(name).map(|id| id.as_str().into()).map_err(|_| problem(name))
}

fn module_id(name: &str) -> Result<Box<str>, StatementProblem> {
    ModuleId::parse(name).map(|id| id.as_str().into()).map_err(|_| problem(name))
}

/// Returns the problem of a text that is not an id. No id has a brace, so a `{{` was meant as a variable.
fn problem(name: &str) -> StatementProblem {
    let known = [IDENTITY, CLIENT, DEVICE, MODULE].iter().any(|variable| name.contains(variable));
    if name.contains("{{") && !known { StatementProblem::Variable } else { StatementProblem::Name }
}
