//! Who asks, once a credential has been verified.

use hubward_core::{Identity, Permissions, ResourcePath};

/// Somebody who has been verified, and what the proof is good for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    identity: Identity<'a>,
    granted: Permissions,
    scope: Scope<'a>,
    /// The scope is a resource that names the host alone: every path is below it.
    whole_hub: bool,
}

/// How far a proof reaches.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "whoever decides on scopes must know all of them")]
pub enum Scope<'a> {
    /// This resource and what is below it: the `sr` of a policy's token. Its host was compared with the hub's
    /// where the token was verified; here its names count. With a device's or module's identity, which a
    /// connection named and a policy's token vouched for, both must fit: the identity and the resource.
    Resource(ResourcePath<'a>),
    /// The identity itself and nothing else: a device's or a module's own credential.
    Own,
}

impl<'a> Subject<'a> {
    /// Asserts that `identity` was verified, with these rights in this scope.
    ///
    /// A device or module holds DeviceConnect at most, whatever is granted here. Where an edge hub acts for one of
    /// its children, the identity is the child's.
    #[must_use]
    #[inline]
    pub fn assertion(identity: Identity<'a>, granted: Permissions, scope: Scope<'a>) -> Self {
        let granted = match identity {
            Identity::Policy(_) => granted,
            _ => granted.intersection(Permissions::DEVICE_CONNECT),
        };
        let whole_hub = match scope {
            Scope::Resource(resource) => resource.segments().nth(1).is_none(),
            Scope::Own => false,
        };
        Self { identity, granted, scope, whole_hub }
    }

    /// Who it is.
    #[must_use]
    pub const fn identity(&self) -> Identity<'a> {
        self.identity
    }

    /// The rights of the proof.
    #[must_use]
    pub const fn granted(&self) -> Permissions {
        self.granted
    }

    #[inline]
    pub(crate) const fn identity_ref(&self) -> &Identity<'a> {
        &self.identity
    }

    #[inline]
    pub(crate) const fn whole_hub(&self) -> bool {
        self.whole_hub
    }

    /// How far they reach.
    #[must_use]
    pub const fn scope(&self) -> Scope<'a> {
        self.scope
    }
}
