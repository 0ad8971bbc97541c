//! IoT Edge's `auth-chain`: who is spoken for, and which edge hub speaks.

use hubward_core::{Lookup, ModuleId, Segment, hex_value};

use crate::party::Party;

/// Devices above the first element at most: sixteen elements. A hierarchy of edge devices has five layers.
const MAX_ABOVE: usize = 15;
/// Bytes at most, as they came: sixteen ids of 64 bytes with every byte escaped, and a module's.
const MAX_LEN: usize = 4096;

/// The link property of AMQP that a chain comes in.
pub const AUTH_CHAIN_PROPERTY: &str = "com.microsoft:auth-chain";

/// The module that speaks for those below its device.
pub(crate) const EDGE_HUB: &str = "$edgeHub";

/// The edge hub of a device.
pub(crate) const fn edge_hub<'a>(device: Segment<'a>) -> Lookup<'a> {
    Lookup::Module(device, ModuleId::assertion(EDGE_HUB).segment())
}

/// A chain of ids joined by `;`: the one that is spoken for first, then each device above it, and the device whose
/// `$edgeHub` speaks last.
///
/// It proves nothing. Its first element says whom the connection is for, and its last whose key must have signed; that
/// the last may speak for the first is for the hub's own hierarchy to say. What stands between is read and counts for
/// nothing. An id that has a `;` cannot stand in a chain.
#[derive(Debug, Clone, Copy)]
pub struct AuthChain<'a> {
    target: Lookup<'a>,
    actor: Option<Segment<'a>>,
}

/// Why a text is no chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("auth-chain, at byte {offset}: {problem}")]
#[non_exhaustive]
pub struct AuthChainError {
    /// Where, in bytes from its start.
    pub offset: usize,
    /// What is wrong there.
    pub problem: AuthChainProblem,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthChainProblem {
    /// More than sixteen elements or 4,096 bytes.
    #[error("longer than sixteen elements or 4,096 bytes")]
    TooLong,
    /// Nothing between two `;`, or at an end.
    #[error("an empty element")]
    Empty,
    /// An element that is no device's id, nor, at the first place, a module's with its device's; or a bad escape.
    #[error("not the id of a device, or of a module and its device at the first place")]
    Id,
    /// A module that does not stand below its own device.
    #[error("a module stands below its own device")]
    Module,
    /// The same element twice.
    #[error("an element stands twice")]
    Twice,
    /// An edge hub that would speak for itself.
    #[error("an edge hub speaks for itself without a chain")]
    Itself,
}

/// How a chain came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Encoded,
}

impl<'a> AuthChain<'a> {
    /// Reads a chain that is not encoded, as AMQP's link property has it, and the body of an edge hub's request: whether
    /// the hub that asks may speak for whom the body names is for
    /// [`FoundIdentity::is_behind`](hubward_core::FoundIdentity::is_behind) to say.
    ///
    /// # Errors
    /// [`AuthChainError`] with the place.
    pub fn parse(chain: &'a str) -> Result<Self, AuthChainError> {
        Self::read(chain, Form::Plain)
    }

    /// Reads a chain that is percent-encoded, as MQTT's username has it. Elements are split before they are decoded,
    /// at `;`, `%3B` or `%3b`, and decoded once.
    ///
    /// # Errors
    /// [`AuthChainError`] with the place.
    pub fn parse_encoded(chain: &'a str) -> Result<Self, AuthChainError> {
        Self::read(chain, Form::Encoded)
    }

    /// Who is spoken for: a device, or a module.
    #[must_use]
    pub const fn target(&self) -> Lookup<'a> {
        self.target
    }

    /// The device whose `$edgeHub` speaks; `None` where the chain has one element, and whom it names speaks for
    /// itself.
    #[must_use]
    pub const fn actor(&self) -> Option<Segment<'a>> {
        self.actor
    }

    fn read(chain: &'a str, form: Form) -> Result<Self, AuthChainError> {
        let at = |part: &str| part.as_ptr().addr().saturating_sub(chain.as_ptr().addr());
        let err = |part: &str, problem| AuthChainError { offset: at(part), problem };
        if chain.len() > MAX_LEN {
            return Err(AuthChainError { offset: MAX_LEN, problem: AuthChainProblem::TooLong });
        }
        let mut elements = form.split(chain, b';');
        let first = elements.next().unwrap_or_default();
        let (target, own) = form.target(first).map_err(|problem| err(first, problem))?;
        let mut above: [Option<Segment<'a>>; MAX_ABOVE] = [None; MAX_ABOVE];
        let mut actor = None;
        for (count, element) in elements.enumerate() {
            let too_long = err(element, AuthChainProblem::TooLong);
            let id = form.device(element).map_err(|problem| err(element, problem))?;
            let is_target = matches!(target, Lookup::Device(target) if target.same(&id));
            if is_target || above.iter().flatten().any(|other| other.same(&id)) {
                return Err(err(element, AuthChainProblem::Twice));
            }
            if count == 0 && own.is_some_and(|own| !own.same(&id)) {
                return Err(err(element, AuthChainProblem::Module));
            }
            *above.get_mut(count).ok_or(too_long)? = Some(id);
            actor = Some(id);
        }
        if let (Lookup::Module(device, module), Some(actor)) = (target, actor)
            && module.eq_decoded(EDGE_HUB)
            && device.same(&actor)
        {
            return Err(err(first, AuthChainProblem::Itself));
        }
        Ok(Self { target, actor })
    }
}

impl Form {
    /// Splits at a separator, also where it is escaped, in one pass.
    fn split(self, text: &str, separator: u8) -> impl Iterator<Item = &str> {
        let mut rest = Some(text);
        core::iter::from_fn(move || {
            let text = rest?;
            let mut places =
                (0..text.len()).filter_map(|at| Some((at, self.width(text.get(at..)?, separator)?)));
            let Some((at, width)) = places.next() else { return rest.take() };
            rest = text.get(at.saturating_add(width)..);
            text.get(..at)
        })
    }

    /// How many bytes the separator takes that the text begins with, if it does.
    fn width(self, text: &str, separator: u8) -> Option<usize> {
        match (self, text.as_bytes()) {
            (_, [byte, ..]) if *byte == separator => Some(1),
            (Self::Encoded, [b'%', high, low, ..]) => {
                let byte = hex_value(*high)?.wrapping_shl(4) | hex_value(*low)?;
                (byte == separator).then_some(3)
            }
            _ => None,
        }
    }

    fn segment(self, element: &str) -> Option<Segment<'_>> {
        match self {
            Self::Plain => Segment::plain(element),
            Self::Encoded => Segment::encoded(element),
        }
    }

    fn device(self, element: &str) -> Result<Segment<'_>, AuthChainProblem> {
        if element.is_empty() {
            return Err(AuthChainProblem::Empty);
        }
        let id = self.segment(element).ok_or(AuthChainProblem::Id)?;
        Party::of(&Lookup::Device(id)).map(|_| id).ok_or(AuthChainProblem::Id)
    }

    /// The first element, and where it is a module, its device.
    fn target(self, element: &str) -> Result<(Lookup<'_>, Option<Segment<'_>>), AuthChainProblem> {
        if element.is_empty() {
            return Err(AuthChainProblem::Empty);
        }
        let mut names = self.split(element, b'/');
        match (names.next(), names.next(), names.next()) {
            (Some(device), None, _) => Ok((Lookup::Device(self.device(device)?), None)),
            (Some(device), Some(module), None) => {
                let device = self.segment(device).ok_or(AuthChainProblem::Id)?;
                let module = self.segment(module).ok_or(AuthChainProblem::Id)?;
                let target = Lookup::Module(device, module);
                Party::of(&target).map(|_| (target, Some(device))).ok_or(AuthChainProblem::Id)
            }
            _ => Err(AuthChainProblem::Id),
        }
    }
}
