//! The username of AMQP's SASL PLAIN: whose token the password is, and at which hub.

use hubward_core::{DeviceId, Identity, ModuleId, NameError, PolicyName};

/// What stands between whom and which hub. Ids may hold it too: the last one counts, for no hub's name does.
const AT_SAS: &str = "@sas.";
/// What the hub's name is preceded by where a policy is named. No first label has a dot.
const ROOT: &str = "root.";

/// Why a username is none of SASL PLAIN's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("SASL username, at byte {offset}: {problem}")]
#[non_exhaustive]
pub struct SaslError {
    /// Where, in bytes from its start.
    pub offset: usize,
    /// What is wrong there.
    pub problem: SaslProblem,
}

/// What is wrong with a SASL username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SaslProblem {
    /// Not `{who}@sas.{hub}`, or more names than a module has.
    #[error("not `{{device}}[/modules/{{module}}]@sas.{{hub}}` or `{{policy}}@sas.root.{{hub}}`")]
    Shape,
    /// The hub's name is not one label of a host name.
    #[error("not the first label of a host name")]
    Hub,
    /// A name that no device, module or policy has.
    #[error("{0}")]
    Id(NameError),
}

/// Whom a username names, and the first label of its hub's host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SaslUsername<'a> {
    pub(crate) identity: Identity<'a>,
    pub(crate) hub: &'a str,
}

impl<'a> SaslUsername<'a> {
    pub(crate) fn parse(username: &'a str) -> Result<Self, SaslError> {
        let offset_of = |part: &str| part.as_ptr().addr().saturating_sub(username.as_ptr().addr());
        let err = |part: &str, problem| SaslError { offset: offset_of(part), problem };
        let (who, hub) = username.rsplit_once(AT_SAS).ok_or(err(username, SaslProblem::Shape))?;
        let (root, label) = match hub.strip_prefix(ROOT) {
            Some(label) => (true, label),
            None => (false, hub),
        };
        let sound = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if label.is_empty() || label.len() > 63 || !sound {
            return Err(err(label, SaslProblem::Hub));
        }
        let id = |part: &'a str, error| err(part, SaslProblem::Id(error));
        let device = |part| DeviceId::parse(part).map_err(|e| id(part, e));
        let module = |part| ModuleId::parse(part).map_err(|e| id(part, e));
        let mut parts = who.split('/');
        let identity = match (root, parts.next(), parts.next(), parts.next(), parts.next()) {
            (true, Some(name), None, ..) => {
                Identity::Policy(PolicyName::parse(name).map_err(|e| id(name, e))?)
            }
            (false, Some(own), None, ..) => Identity::Device(device(own)?),
            (false, Some(own), Some("modules"), Some(its), None) => {
                Identity::Module(device(own)?, module(its)?)
            }
            _ => return Err(err(who, SaslProblem::Shape)),
        };
        Ok(Self { identity, hub: label })
    }
}
