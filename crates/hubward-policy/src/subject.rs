//! [`Subject`]: an authenticated identity with its rights and its [`Scope`].

use hubward_core::{Identity, Permissions, ResourcePath};

/// An authenticated identity with the rights and the scope of its credential.
///
/// ```
/// use hubward_core::{Identity, Permissions, PolicyName, ResourcePath};
/// use hubward_policy::{Scope, Subject};
///
/// let service = Identity::Policy(PolicyName::parse("service")?);
/// let hub = Scope::Resource(ResourcePath::parse("hub.example")?);
/// let service = Subject::assertion(service, Permissions::SERVICE_CONNECT, hub);
/// assert_eq!(service.granted(), Permissions::SERVICE_CONNECT);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    identity: Identity<'a>,
    granted: Permissions,
    scope: Scope<'a>,
    /// `true` if the scope is the host alone, which covers every path.
    whole_hub: bool,
    /// `true` for an edge device that was authenticated with its own credential.
    edge_device: bool,
    /// `true` for a policy whose token connects no device.
    without_device: bool,
}

/// The part of the hub that a credential is valid for.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "code that decides on scopes must handle each of them")]
pub enum Scope<'a> {
    /// This resource and the paths below it: the `sr` of a policy's token. The token's verifier compared its host with
    /// the hub's; [`decide`](crate::decide()) compares the names after it. If the identity is a device or a module that
    /// was authenticated with a policy's token, both the identity and the resource must match.
    Resource(ResourcePath<'a>),
    /// The identity itself alone: a device's or a module's own credential.
    Own,
}

impl<'a> Subject<'a> {
    /// Asserts that `identity` was authenticated, with these rights in this scope.
    ///
    /// A device or module keeps DeviceConnect at most: other rights in `granted` are dropped. If an edge hub acts for
    /// one of its children, `identity` is the child's.
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
        Self { identity, granted, scope, whole_hub, edge_device: false, without_device: false }
    }

    /// Asserts that the device is an edge device (`capabilities.iotEdge`), which may manage its own modules. It has no
    /// effect on a module or a policy, and none if a policy's token authenticated the device: its key would give every
    /// device's keys to a policy that may only connect devices.
    #[must_use]
    #[inline]
    pub const fn as_edge_device(mut self) -> Self {
        self.edge_device = matches!((&self.identity, &self.scope), (Identity::Device(_), Scope::Own));
        self
    }

    /// Returns the authenticated identity.
    #[must_use]
    pub const fn identity(&self) -> Identity<'a> {
        self.identity
    }

    /// Returns the rights of the credential.
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

    /// Asserts that no device was named with a policy's token, so that its DeviceConnect opens no device's endpoint: the
    /// record of the device must be checked first, and the device is the subject then. It has no effect on a device or
    /// a module.
    #[must_use]
    #[inline]
    pub const fn without_device(mut self) -> Self {
        self.without_device = matches!(self.identity, Identity::Policy(_));
        self
    }

    #[inline]
    pub(crate) const fn is_without_device(&self) -> bool {
        self.without_device
    }

    /// Returns whether the subject is an edge device that may manage its own modules.
    #[must_use]
    #[inline]
    pub const fn is_edge_device(&self) -> bool {
        self.edge_device
    }

    /// Returns the scope of the rights.
    #[must_use]
    pub const fn scope(&self) -> Scope<'a> {
        self.scope
    }
}
