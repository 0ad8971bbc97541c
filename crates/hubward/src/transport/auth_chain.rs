//! The `auth-chain` of a nested IoT Edge deployment: the identity that connects, and the edge hub that acts on its behalf.

use hubward_core::{Lookup, ModuleId, Segment, hex_value};

use super::claimed_identity::ClaimedIdentity;

/// The maximum number of devices after the first element: sixteen elements in all. A hierarchy of edge devices has at
/// most five layers.
const MAX_ABOVE: usize = 15;
/// The maximum length in bytes as received: sixteen ids of 64 bytes with every byte escaped, and a module's.
const MAX_LEN: usize = 4096;

/// The AMQP link property that carries a chain.
pub const AUTH_CHAIN_PROPERTY: &str = "com.microsoft:auth-chain";

/// The module that acts on behalf of the identities below its device.
pub(crate) const EDGE_HUB: &str = "$edgeHub";

/// Returns the lookup of a device's edge hub.
pub(crate) const fn edge_hub<'a>(device: Segment<'a>) -> Lookup<'a> {
    Lookup::Module(device, ModuleId::assertion(EDGE_HUB).segment())
}

/// A chain of ids joined by `;`: the identity that connects, then each edge device above it. The `$edgeHub` of the last
/// device acts on behalf of the first.
///
/// A chain proves nothing. The first element must match the identity that the transport names, the key of the last
/// device's edge hub must have signed the token, and the hub's own hierarchy must place the first below the last. The
/// elements in between are checked for syntax only. An id that contains `;` cannot be an element.
///
/// ```
/// use hubward::AuthChain;
///
/// // as MQTT's username carries it, and as AMQP's link property does
/// let encoded = AuthChain::parse_encoded("leaf%3Bedge1")?;
/// let plain = AuthChain::parse("leaf;edge1")?;
/// assert_eq!(encoded.actor().map(|id| id.to_string()).as_deref(), Some("edge1"));
/// assert_eq!(plain.actor().map(|id| id.to_string()).as_deref(), Some("edge1"));
/// // one element: the device acts for itself
/// assert!(AuthChain::parse("leaf")?.actor().is_none());
/// # Ok::<(), hubward::AuthChainError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct AuthChain<'a> {
    target: Lookup<'a>,
    actor: Option<Segment<'a>>,
}

/// A malformed `auth-chain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("auth-chain, at byte {offset}: {problem}")]
#[non_exhaustive]
pub struct AuthChainError {
    /// The position of the error in bytes from the start of the chain.
    pub offset: usize,
    /// The error at that position.
    pub problem: AuthChainProblem,
}

/// The kinds of error in an `auth-chain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthChainProblem {
    /// More than sixteen elements or 4,096 bytes.
    #[error("longer than sixteen elements or 4,096 bytes")]
    TooLong,
    /// No text between two `;`, or at an end.
    #[error("empty element")]
    Empty,
    /// An element that is neither a device id nor, in the first place, `device/module`; or a bad escape.
    #[error("expected a device id, or `device/module` as the first element")]
    Id,
    /// A module that is not followed by its own device.
    #[error("the first element is a module, and the second is not its device")]
    Module,
    /// The same element twice.
    #[error("duplicate element")]
    Twice,
    /// An edge hub that is listed as acting on its own behalf.
    #[error("an edge hub must connect without an auth-chain that ends at itself")]
    Itself,
}

/// The encoding of a chain as received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Encoded,
}

impl<'a> AuthChain<'a> {
    /// Parses a chain that is not percent-encoded: AMQP's link property, or the body of an edge hub's request. For
    /// the latter [`IdentityRecord::has_ancestor`](hubward_core::IdentityRecord::has_ancestor) decides whether the hub may act
    /// on behalf of the identity that the body names.
    ///
    /// # Errors
    /// [`AuthChainError`] with the position.
    pub fn parse(chain: &'a str) -> Result<Self, AuthChainError> {
        Self::read(chain, Form::Plain)
    }

    /// Parses a percent-encoded chain, as MQTT's username carries it. Splits it at `;`, `%3B` or `%3b` before it
    /// decodes the elements, each of them once.
    ///
    /// # Errors
    /// [`AuthChainError`] with the position.
    pub fn parse_encoded(chain: &'a str) -> Result<Self, AuthChainError> {
        Self::read(chain, Form::Encoded)
    }

    /// Returns the identity that connects: a device or a module.
    #[must_use]
    pub const fn target(&self) -> Lookup<'a> {
        self.target
    }

    /// Returns the device whose `$edgeHub` acts on behalf of the target. Returns `None` for a chain of one element: the
    /// target acts for itself.
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
    /// Splits at a separator, plain or percent-encoded, in one pass.
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

    /// Returns the length of the separator that the text begins with.
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
        ClaimedIdentity::from_lookup(&Lookup::Device(id)).map(|_| id).ok_or(AuthChainProblem::Id)
    }

    /// Parses the first element. For a module, returns its device too.
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
                ClaimedIdentity::from_lookup(&target)
                    .map(|_| (target, Some(device)))
                    .ok_or(AuthChainProblem::Id)
            }
            _ => Err(AuthChainProblem::Id),
        }
    }
}
