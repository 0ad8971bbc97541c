//! The names of AMQP's SASL PLAIN and EXTERNAL: who it is, and at which hub.

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
    /// Not `{who}@{hub}`.
    #[error("not `{{device}}[/modules/{{module}}]@{{hub}}`")]
    External,
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
    /// PLAIN's: `{device}[/modules/{module}]@sas.{hub}` or `{policy}@sas.root.{hub}`.
    pub(crate) fn parse(username: &'a str) -> Result<Self, SaslError> {
        let text = Text(username);
        let (who, hub) = username.rsplit_once(AT_SAS).ok_or(text.err(username, SaslProblem::Shape))?;
        match hub.strip_prefix(ROOT) {
            Some(label) => Ok(Self { hub: text.label(label)?, identity: text.policy(who)? }),
            None => Ok(Self { hub: text.label(hub)?, identity: text.identity(who)? }),
        }
    }

    /// EXTERNAL's: `{device}[/modules/{module}]@{hub}`.
    pub(crate) fn parse_external(response: &'a str) -> Result<Self, SaslError> {
        let text = Text(response);
        let (who, hub) = response.rsplit_once('@').ok_or(text.err(response, SaslProblem::External))?;
        Ok(Self { hub: text.label(hub)?, identity: text.identity(who)? })
    }
}

/// The whole text, which offsets are counted in.
#[derive(Clone, Copy)]
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn err(self, part: &str, problem: SaslProblem) -> SaslError {
        let offset = part.as_ptr().addr().saturating_sub(self.0.as_ptr().addr());
        SaslError { offset, problem }
    }

    fn label(self, label: &'a str) -> Result<&'a str, SaslError> {
        let sound = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let sound = sound && !label.is_empty() && label.len() <= 63;
        if sound { Ok(label) } else { Err(self.err(label, SaslProblem::Hub)) }
    }

    fn policy(self, who: &'a str) -> Result<Identity<'a>, SaslError> {
        if who.contains('/') {
            return Err(self.err(who, SaslProblem::Shape));
        }
        let name = PolicyName::parse(who).map_err(|error| self.err(who, SaslProblem::Id(error)))?;
        Ok(Identity::Policy(name))
    }

    fn identity(self, who: &'a str) -> Result<Identity<'a>, SaslError> {
        let device = |part| DeviceId::parse(part).map_err(|error| self.err(part, SaslProblem::Id(error)));
        let module = |part| ModuleId::parse(part).map_err(|error| self.err(part, SaslProblem::Id(error)));
        let mut parts = who.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(own), None, ..) => Ok(Identity::Device(device(own)?)),
            (Some(own), Some("modules"), Some(its), None) => Ok(Identity::Module(device(own)?, module(its)?)),
            _ => Err(self.err(who, SaslProblem::Shape)),
        }
    }
}
