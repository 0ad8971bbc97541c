//! The usernames of AMQP's SASL PLAIN and SASL EXTERNAL: an identity and the first label of a hub's host name.

use hubward_core::{DeviceId, Identity, ModuleId, NameError, PolicyName};

/// The separator between the identity and the hub. Ids may contain it too, so the last occurrence counts: a hub's name
/// cannot contain it.
const AT_SAS: &str = "@sas.";
/// The prefix of the hub's name if the username names a policy. A first label has no dot, so this is unambiguous.
const ROOT: &str = "root.";

/// A SASL username that does not have the required form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("SASL username, at byte {offset}: {problem}")]
#[non_exhaustive]
pub struct SaslError {
    /// The position of the error in bytes from the start of the username.
    pub offset: usize,
    /// The error at that position.
    pub problem: SaslProblem,
}

/// The kinds of error in a SASL username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SaslProblem {
    /// A SASL PLAIN username that is not `{identity}@sas.{hub}`, or has more names than a module.
    #[error("expected `{{device}}[/modules/{{module}}]@sas.{{hub}}` or `{{policy}}@sas.root.{{hub}}`")]
    Shape,
    /// A SASL EXTERNAL response that is not `{identity}@{hub}`.
    #[error("expected `{{device}}[/modules/{{module}}]@{{hub}}`")]
    External,
    /// The hub's name is not a single label of a host name.
    #[error("the hub is not the first label of a host name")]
    Hub,
    /// A name that is not valid for a device, a module or a policy.
    #[error("{0}")]
    Id(NameError),
}

/// The identity that a username names, and the first label of its hub's host name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SaslUsername<'a> {
    pub(crate) identity: Identity<'a>,
    pub(crate) hub: &'a str,
}

impl<'a> SaslUsername<'a> {
    /// Parses PLAIN's username: `{device}[/modules/{module}]@sas.{hub}` or `{policy}@sas.root.{hub}`.
    pub(crate) fn parse(username: &'a str) -> Result<Self, SaslError> {
        let text = Text(username);
        let (identity, hub) = username.rsplit_once(AT_SAS).ok_or(text.err(username, SaslProblem::Shape))?;
        match hub.strip_prefix(ROOT) {
            Some(label) => Ok(Self { hub: text.label(label)?, identity: text.policy(identity)? }),
            None => Ok(Self { hub: text.label(hub)?, identity: text.identity(identity)? }),
        }
    }

    /// Parses EXTERNAL's response: `{device}[/modules/{module}]@{hub}`.
    pub(crate) fn parse_external(response: &'a str) -> Result<Self, SaslError> {
        let text = Text(response);
        let (identity, hub) = response.rsplit_once('@').ok_or(text.err(response, SaslProblem::External))?;
        Ok(Self { hub: text.label(hub)?, identity: text.identity(identity)? })
    }
}

/// Returns the text in the place of the hub in PLAIN's username, which need not be valid.
pub(crate) fn hub_of(username: &str) -> Option<&str> {
    let (_, hub) = username.rsplit_once(AT_SAS)?;
    Some(hub.strip_prefix(ROOT).unwrap_or(hub))
}

/// The whole text, from whose start offsets are counted.
#[derive(Clone, Copy)]
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn err(self, part: &str, problem: SaslProblem) -> SaslError {
        let offset = part.as_ptr().addr().saturating_sub(self.0.as_ptr().addr());
        SaslError { offset, problem }
    }

    fn label(self, label: &'a str) -> Result<&'a str, SaslError> {
        let valid = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let valid = valid && !label.is_empty() && label.len() <= 63;
        if valid { Ok(label) } else { Err(self.err(label, SaslProblem::Hub)) }
    }

    fn policy(self, names: &'a str) -> Result<Identity<'a>, SaslError> {
        if names.contains('/') {
            return Err(self.err(names, SaslProblem::Shape));
        }
        let name = PolicyName::parse(names).map_err(|error| self.err(names, SaslProblem::Id(error)))?;
        Ok(Identity::Policy(name))
    }

    fn identity(self, names: &'a str) -> Result<Identity<'a>, SaslError> {
        let device = |part| DeviceId::parse(part).map_err(|error| self.err(part, SaslProblem::Id(error)));
        let module = |part| ModuleId::parse(part).map_err(|error| self.err(part, SaslProblem::Id(error)));
        let mut parts = names.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(own), None, ..) => Ok(Identity::Device(device(own)?)),
            (Some(own), Some("modules"), Some(its), None) => Ok(Identity::Module(device(own)?, module(its)?)),
            _ => Err(self.err(names, SaslProblem::Shape)),
        }
    }
}
