//! Who asks, once a credential has been verified.

use hubward_core::{Identity, Permissions, ResourcePath};

/// Somebody who has been verified, and what the proof is good for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    identity: Identity<'a>,
    granted: Permissions,
    scope: Scope<'a>,
}

/// How far a proof reaches.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "whoever decides on scopes must know all of them")]
pub enum Scope<'a> {
    /// This resource and what is below it: the `sr` of a policy's token. Its host was compared with the hub's
    /// where the token was verified; here its names count.
    Resource(ResourcePath<'a>),
    /// The identity itself and nothing else: a device's or a module's own credential.
    Own,
}

impl<'a> Subject<'a> {
    /// Asserts that `identity` was verified, with these rights in this scope.
    ///
    /// A device or module holds DeviceConnect at most, whatever is granted here.
    #[must_use]
    pub const fn assertion(identity: Identity<'a>, granted: Permissions, scope: Scope<'a>) -> Self {
        let granted = match identity {
            Identity::Policy(_) => granted,
            _ => granted.intersection(Permissions::DEVICE_CONNECT),
        };
        Self { identity, granted, scope }
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

    /// How far they reach.
    #[must_use]
    pub const fn scope(&self) -> Scope<'a> {
        self.scope
    }
}
