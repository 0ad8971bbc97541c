//! A parsed token, and the other type that only verification makes of it.

use core::fmt;

use hubward_core::{Identity, KeySlot, Lookup, ResourcePath, Segment, Shape, UnixTime};

use crate::rules::{DoubleEncoding, IdCase, TokenRules};

/// A well-formed token, of which nothing is proven yet. It borrows the text it was parsed from.
#[derive(Clone, Copy)]
pub struct SasToken<'a> {
    pub(crate) resource: ResourcePath<'a>,
    pub(crate) signature: [u8; 32],
    /// `se` as received: the signature covers its digits.
    pub(crate) expiry_text: &'a str,
    pub(crate) expiry: u64,
    pub(crate) policy: Option<Segment<'a>>,
}

impl<'a> SasToken<'a> {
    /// Whose key this token needs, as far as the token itself can say. `skn` is not signed: it selects a key
    /// and proves nothing.
    #[must_use]
    #[inline]
    pub fn needs(&self) -> Lookup<'a> {
        needs(self.resource, self.policy)
    }

    /// What the token claims to be for.
    #[must_use]
    pub const fn resource(&self) -> ResourcePath<'a> {
        self.resource
    }

    /// When it claims to expire, in seconds since 1970.
    #[must_use]
    pub const fn expiry(&self) -> u64 {
        self.expiry
    }

    /// The policy that it claims to be signed by.
    #[must_use]
    pub const fn policy(&self) -> Option<Segment<'a>> {
        self.policy
    }

    /// Whether the resource is exactly `identity`'s, by the rules for case and double encoding. For binding a
    /// token to an identity that the transport has already named, and for nothing else.
    #[must_use]
    #[inline]
    pub fn is_for(&self, identity: &Identity<'_>, rules: &TokenRules) -> bool {
        names(self.resource, *identity, rules)
    }
}

/// See [`SasToken::needs`].
#[inline]
fn needs<'a>(resource: ResourcePath<'a>, policy: Option<Segment<'a>>) -> Lookup<'a> {
    match (resource.shape(), policy) {
        (Shape::Registration { scope, id }, _) => Lookup::Registration(scope, id),
        (_, Some(name)) => Lookup::Policy(name),
        (Shape::Module(device, module), None) => Lookup::Module(device, module),
        (Shape::Device(id), None) => Lookup::Device(id),
        // parsing refuses what is nobody's; no device has a path for an id
        (_, None) => Lookup::Device(resource.whole()),
    }
}

/// See [`SasToken::is_for`]. By value, so that a token needs no place in memory to be asked.
#[inline(always)]
fn names(resource: ResourcePath<'_>, identity: Identity<'_>, rules: &TokenRules) -> bool {
    match (resource.shape(), identity) {
        (Shape::Device(id), Identity::Device(known)) => same_name(id, known.as_str(), rules),
        (Shape::Module(device, module), Identity::Module(known_device, known_module)) => {
            same_name(device, known_device.as_str(), rules) && same_name(module, known_module.as_str(), rules)
        }
        _ => false,
    }
}

#[inline]
fn same_name(received: Segment<'_>, known: &str, rules: &TokenRules) -> bool {
    received.eq_decoded(known) || is_let_pass(received, known, rules)
}

/// By a leniency.
#[inline(never)]
fn is_let_pass(received: Segment<'_>, known: &str, rules: &TokenRules) -> bool {
    (rules.id_case == IdCase::AsciiInsensitive && received.eq_decoded_ignore_ascii_case(known))
        || (rules.double_encoding == DoubleEncoding::WhereIdentityIsKnown && received.eq_decoded_twice(known))
}

/// A token that a key has been shown to have signed, and whose time is not over. Only
/// [`SasToken::verify`] makes one.
///
/// ```compile_fail,E0451
/// # use hubward_core::KeySlot;
/// # use hubward_sas::{SasToken, VerifiedToken};
/// fn unverified(token: SasToken<'_>) -> VerifiedToken<'_> {
///     let (resource, expiry, policy) = (token.resource(), token.expiry(), token.policy());
///     VerifiedToken { resource, expiry, policy, slot: KeySlot::Primary }
/// }
/// ```
///
/// Tags of a signature have no `==`, whose time tells where they differ:
///
/// ```compile_fail,E0369
/// # use hubward_core::Tag;
/// fn same(computed: &Tag, received: &Tag) -> bool {
///     computed == received
/// }
/// ```
///
/// and the keys that made them no copy that nobody wipes:
///
/// ```compile_fail,E0599
/// # use hubward_core::SymmetricKey;
/// fn kept(key: SymmetricKey) -> SymmetricKey {
///     key.clone()
/// }
/// ```
#[derive(Clone, Copy)]
pub struct VerifiedToken<'a> {
    pub(crate) resource: ResourcePath<'a>,
    pub(crate) expiry: u64,
    pub(crate) policy: Option<Segment<'a>>,
    pub(crate) slot: KeySlot,
}

impl<'a> VerifiedToken<'a> {
    /// What the token is for.
    #[must_use]
    pub const fn resource(&self) -> ResourcePath<'a> {
        self.resource
    }

    /// Whose key it was verified with, if the caller answered the question that was asked.
    #[must_use]
    pub fn signer(&self) -> Lookup<'a> {
        needs(self.resource, self.policy)
    }

    /// The policy whose key signed it; `None` where an identity's own did.
    #[must_use]
    pub const fn policy(&self) -> Option<Segment<'a>> {
        // of a registration, the resource says whose key it is
        if self.resource.is_registration() { None } else { self.policy }
    }

    /// When it expires, without leeway.
    #[must_use]
    pub fn expires(&self) -> UnixTime {
        UnixTime::since_unix_epoch(core::time::Duration::from_secs(self.expiry))
    }

    /// Which of the keys matched. While keys are being rolled it shows who still uses the old one.
    #[must_use]
    pub const fn key_slot(&self) -> KeySlot {
        self.slot
    }

    /// See [`SasToken::is_for`].
    #[must_use]
    #[inline]
    pub fn is_for(&self, identity: &Identity<'_>, rules: &TokenRules) -> bool {
        names(self.resource, *identity, rules)
    }
}

impl fmt::Debug for SasToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SasToken")
            .field("resource", &self.resource)
            .field("expiry", &self.expiry)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("resource", &self.resource)
            .field("expiry", &self.expiry)
            .field("policy", &self.policy)
            .field("key_slot", &self.slot)
            .finish_non_exhaustive()
    }
}
