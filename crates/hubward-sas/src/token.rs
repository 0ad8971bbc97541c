//! [`SasToken`], a parsed token, and [`VerifiedToken`], which only verification returns.

use core::fmt;
use core::time::Duration;

use hubward_core::{Identity, KeySlot, Lookup, ResourcePath, Segment, Shape, UnixTime};

use crate::error::VerifyError;
use crate::rules::{DoubleEncoding, IdCase, TokenRules};

/// A well-formed token whose signature and expiry are not verified. It borrows the text it was parsed from.
#[derive(Clone, Copy)]
pub struct SasToken<'a> {
    pub(crate) resource: ResourcePath<'a>,
    pub(crate) signature: [u8; 32],
    /// `se` as received, since the signature covers its digits.
    pub(crate) expiry_text: &'a str,
    pub(crate) expiry: u64,
    pub(crate) policy: Option<Segment<'a>>,
}

impl<'a> SasToken<'a> {
    /// Returns the identity or policy whose key to look up, by the token's own claims. `skn` is not signed: it selects
    /// a key and proves nothing.
    #[must_use]
    #[inline]
    pub fn signer(&self) -> Lookup<'a> {
        signer(self.resource, self.policy)
    }

    /// Returns the resource that the token claims to be for.
    #[must_use]
    pub const fn resource(&self) -> ResourcePath<'a> {
        self.resource
    }

    /// Returns the claimed expiry, without leeway.
    #[must_use]
    pub fn expires(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.expiry))
    }

    /// Returns the policy that the token claims to be signed by.
    #[must_use]
    pub const fn policy(&self) -> Option<Segment<'a>> {
        self.policy
    }

    /// Returns whether the resource is exactly that of `identity`, by the rules for case and double encoding. Use it
    /// only to compare a token with the identity that the transport already claims.
    #[must_use]
    #[inline]
    pub fn is_for(&self, identity: &Identity<'_>, rules: &TokenRules) -> bool {
        is_resource_of(self.resource, *identity, rules)
    }
}

/// Returns the signer for [`SasToken::signer`].
#[inline]
fn signer<'a>(resource: ResourcePath<'a>, policy: Option<Segment<'a>>) -> Lookup<'a> {
    match (resource.shape(), policy) {
        (Shape::Registration { scope, id }, _) => Lookup::Registration(scope, id),
        (_, Some(name)) => Lookup::Policy(name),
        (Shape::Module(device, module), None) => Lookup::Module(device, module),
        (Shape::Device(id), None) => Lookup::Device(id),
        // parsing refuses a token without a signer; no device has a whole path as its id
        (_, None) => Lookup::Device(resource.whole()),
    }
}

/// Returns the result of [`SasToken::is_for`]. It takes its arguments by value, so that the token can be in registers.
#[inline(always)]
fn is_resource_of(resource: ResourcePath<'_>, identity: Identity<'_>, rules: &TokenRules) -> bool {
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
    received.eq_decoded(known) || is_same_by_leniency(received, known, rules)
}

/// Compares names by the leniencies of the rules.
#[inline(never)]
fn is_same_by_leniency(received: Segment<'_>, known: &str, rules: &TokenRules) -> bool {
    (rules.id_case == IdCase::AsciiInsensitive && received.eq_decoded_ignore_ascii_case(known))
        || (rules.double_encoding == DoubleEncoding::WhereIdentityIsKnown && received.eq_decoded_twice(known))
}

/// A token whose signature matched a key and that has not expired. Only [`SasToken::verify`] returns one.
///
/// ```compile_fail,E0451
/// # use hubward_core::KeySlot;
/// # use hubward_sas::{SasToken, VerifiedToken};
/// fn unverified(token: SasToken<'_>) -> VerifiedToken<'_> {
///     let (resource, expiry, policy) = (token.resource(), token.expires().as_secs(), token.policy());
///     VerifiedToken { resource, expiry, policy, slot: KeySlot::Primary }
/// }
/// ```
///
/// A [`Tag`](hubward_core::Tag) has no `==`, whose run time would depend on the first difference:
///
/// ```compile_fail,E0369
/// # use hubward_core::Tag;
/// fn same(computed: &Tag, received: &Tag) -> bool {
///     computed == received
/// }
/// ```
///
/// A key has no `clone`, whose copy would not be wiped:
///
/// ```compile_fail,E0599
/// # use hubward_core::SymmetricKey;
/// fn copied(key: SymmetricKey) -> SymmetricKey {
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
    /// Returns the resource that the token is for.
    #[must_use]
    pub const fn resource(&self) -> ResourcePath<'a> {
        self.resource
    }

    /// Returns the identity or policy whose key verified it, if the caller passed the keys of [`SasToken::signer`].
    #[must_use]
    pub fn signer(&self) -> Lookup<'a> {
        signer(self.resource, self.policy)
    }

    /// Returns the policy whose key signed it, or `None` if an identity's own key did.
    #[must_use]
    pub const fn policy(&self) -> Option<Segment<'a>> {
        // the resource of a registration determines the key, and `skn` does not
        if self.resource.is_registration() { None } else { self.policy }
    }

    /// Returns its expiry, without leeway.
    #[must_use]
    pub fn expires(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.expiry))
    }

    /// Returns the last second at which it is valid by these rules: its expiry and the leeway.
    #[must_use]
    #[inline]
    pub fn until(&self, rules: &TokenRules) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(rules.last_second(self.expiry)))
    }

    /// Checks again that it has not expired, for a caller that waited since the verification, such as for a lookup.
    ///
    /// # Errors
    /// [`VerifyError::Expired`] if `now` is after [`VerifiedToken::until`].
    #[inline]
    pub const fn require_unexpired(&self, now: UnixTime, rules: &TokenRules) -> Result<(), VerifyError> {
        rules.require_unexpired(self.expiry, now.as_secs())
    }

    /// Returns which of the keys matched. During a key rotation, this shows the devices that still use the old key.
    #[must_use]
    pub const fn key_slot(&self) -> KeySlot {
        self.slot
    }

    /// Returns whether the resource is exactly that of `identity`; see [`SasToken::is_for`].
    #[must_use]
    #[inline]
    pub fn is_for(&self, identity: &Identity<'_>, rules: &TokenRules) -> bool {
        is_resource_of(self.resource, *identity, rules)
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
