//! Whom a statement is about: an identity by name, or by variables.

use alloc::boxed::Box;

use hubward_core::{DeviceId, Identity, ModuleId};

use super::act::{Act, Client};
use super::statement::StatementProblem;

const ANYONE: &str = "{{iot:identity}}";
const CLIENT: &str = "{{mqtt:client_id}}";
const DEVICE: &str = "{{iot:device_id}}";
const MODULE: &str = "{{iot:module_id}}";

/// A device, or a module of it, by name.
pub(super) type Names = (Box<str>, Option<Box<str>>);

/// An entry of a statement's identities. What could be nobody is none: a deny that is about nobody would be silent.
#[derive(Debug)]
pub(super) enum Whom {
    /// Every device and module.
    Anyone,
    /// This one.
    Named(Names),
    /// Some, by variables.
    Some(Pattern),
}

#[derive(Debug)]
pub(super) enum Pattern {
    /// Whoever is connected by its own name as client id.
    Client,
    /// Every device, and no module.
    Devices,
    /// Modules, of one device or of every one, by one name or by every one.
    Modules { device: Option<Box<str>>, module: Option<Box<str>> },
}

impl Whom {
    pub(super) fn parse(identity: &str) -> Result<Self, StatementProblem> {
        let (device, module) = match identity.split_once('/') {
            Some((device, module)) => (device, Some(module)),
            None => (identity, None),
        };
        match (device, module) {
            ("", _) | (_, Some("")) => Err(StatementProblem::Empty),
            (ANYONE, None) => Ok(Self::Anyone),
            (CLIENT, None) => Ok(Self::Some(Pattern::Client)),
            (DEVICE, None) => Ok(Self::Some(Pattern::Devices)),
            (device, None) => Ok(Self::Named((id(device)?, None))),
            (device, Some(module)) => {
                let device = if device == DEVICE { None } else { Some(id(device)?) };
                let module = if module == MODULE { None } else { Some(module_id(module)?) };
                Ok(match (device, module) {
                    (Some(device), Some(module)) => Self::Named((device, Some(module))),
                    (device, module) => Self::Some(Pattern::Modules { device, module }),
                })
            }
        }
    }
}

impl Whom {
    /// Whether a module may be one of them.
    pub(super) const fn may_be_a_module(&self) -> bool {
        match self {
            Self::Named((_, module)) => module.is_some(),
            Self::Some(Pattern::Devices) => false,
            Self::Anyone | Self::Some(_) => true,
        }
    }
}

impl Pattern {
    pub(super) fn is(&self, act: &Act<'_>) -> bool {
        match (self, act.identity) {
            (Self::Client, identity) => match act.client {
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

/// No id has a brace.
fn problem(name: &str) -> StatementProblem {
    let known = [ANYONE, CLIENT, DEVICE, MODULE].iter().any(|variable| name.contains(variable));
    if name.contains("{{") && !known { StatementProblem::Variable } else { StatementProblem::Name }
}
