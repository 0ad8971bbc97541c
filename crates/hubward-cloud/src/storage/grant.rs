//! [`Grant`]: a verified token, which judges requests.

use core::fmt;
use core::net::IpAddr;

use hubward_core::UnixTime;

use crate::decision::{Decision, Reason};
use crate::error::VerifyError;
use crate::ip::IpRange;
use crate::rights::RightKind;
use crate::storage::claims::Claims;
use crate::storage::field::Field;
use crate::storage::kind::{Protocol, SasKind};
use crate::storage::permissions::{Permission, Permissions};
use crate::storage::resource::Resource;
use crate::storage::verify::check_period;
use crate::text::Text;

/// The rights of a verified token: permissions on resources, in a period, from addresses, over protocols. Only
/// verification returns one. It borrows the token and the resource.
pub struct Grant<'a> {
    pub(crate) claims: &'a Claims<'a>,
    /// The resource of the request that the token was verified for.
    pub(crate) resource: &'a Resource<'a>,
    pub(crate) permissions: Permissions,
    pub(crate) start: Option<u64>,
    pub(crate) expiry: u64,
}

/// A request that a grant judges.
///
/// ```
/// use core::time::Duration;
/// use hubward_cloud::storage::{Access, Permission, Resource};
/// use hubward_core::UnixTime;
///
/// let now = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
/// let blob = Resource::blob("contosoacct", "plant", "dev1/log.txt")?;
/// let access = Access::new(&blob, Permission::Read, now).with_address([10, 0, 0, 1].into());
/// # Ok::<(), hubward_cloud::Problem>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Access<'r> {
    resource: &'r Resource<'r>,
    permission: Permission,
    now: u64,
    address: Option<IpAddr>,
    tls: bool,
    user: Option<&'r str>,
    entity: Option<(&'r str, &'r str)>,
}

impl<'r> Access<'r> {
    /// Returns a request over HTTPS that needs a permission on a resource.
    #[must_use]
    pub fn new(resource: &'r Resource<'r>, permission: Permission, now: UnixTime) -> Self {
        Self { resource, permission, now: now.as_secs(), address: None, tls: true, user: None, entity: None }
    }

    /// Adds the client's address.
    #[must_use]
    pub const fn with_address(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// Declares that the request came over HTTP without TLS.
    #[must_use]
    pub const fn without_tls(self) -> Self {
        Self { tls: false, ..self }
    }

    /// Adds the object id of the user whose bearer token came with the request.
    #[must_use]
    pub const fn with_user(self, object_id: &'r str) -> Self {
        Self { user: Some(object_id), ..self }
    }

    /// Adds the partition key and the row key of the entity.
    #[must_use]
    pub const fn with_entity(self, partition: &'r str, row: &'r str) -> Self {
        Self { entity: Some((partition, row)), ..self }
    }
}

/// The reason for which a grant does not allow a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denial {
    /// The resource is not within the token's.
    #[error("the resource is not within the token's")]
    Resource,
    /// The token does not have the permission.
    #[error("the token does not have the permission {0:?}")]
    Permission(Permission),
    /// The time is outside the token's period.
    #[error(transparent)]
    Time(VerifyError),
    /// The client's address is not in the token's range, or is not known.
    #[error("the client's address is not in the token's range")]
    Address,
    /// The token requires HTTPS.
    #[error("the token requires HTTPS")]
    Protocol,
    /// The token is bound to a user, and the request is of another one or without one.
    #[error("the token is bound to another user")]
    User,
    /// The entity is not in the token's range of keys, or is not known.
    #[error("the entity is not in the token's range of keys")]
    Entity,
}

impl Denial {
    /// Returns a code for logs and counters that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Resource => "grant-resource",
            Self::Permission(_) => "grant-permission",
            Self::Time(_) => "grant-time",
            Self::Address => "grant-address",
            Self::Protocol => "grant-protocol",
            Self::User => "grant-user",
            Self::Entity => "grant-entity",
        }
    }
}

impl<'a> Grant<'a> {
    /// Returns the permissions.
    #[must_use]
    pub const fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// Returns the kind of the token, which says how far its scope reaches.
    #[must_use]
    pub const fn kind(&self) -> SasKind {
        self.claims.kind
    }

    /// Returns the first second at which the grant is valid, in seconds since 1970.
    #[must_use]
    pub const fn start(&self) -> Option<u64> {
        self.start
    }

    /// Returns the last second at which the grant is valid, in seconds since 1970.
    #[must_use]
    pub const fn expiry(&self) -> u64 {
        self.expiry
    }

    /// Returns the addresses that it may be used from, if they are limited.
    #[must_use]
    pub fn addresses(&self) -> Option<IpRange<'a>> {
        self.claims.addresses()
    }

    /// Returns the protocols that it may be used over.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.claims.protocol
    }

    /// Returns the encryption scope that writes must use.
    #[must_use]
    pub fn encryption_scope(&self) -> Option<Text<'a>> {
        self.claims.get(Field::SES)
    }

    /// Returns the headers that responses must have in place of the resource's own.
    pub fn response_headers(&self) -> impl Iterator<Item = (&'static str, Text<'a>)> {
        [
            ("cache-control", Field::RSCC),
            ("content-disposition", Field::RSCD),
            ("content-encoding", Field::RSCE),
            ("content-language", Field::RSCL),
            ("content-type", Field::RSCT),
        ]
        .into_iter()
        .filter_map(|(name, field)| Some((name, self.claims.get(field)?)))
    }

    /// Returns the object id of the user that the token is bound to (`sduoid`).
    #[must_use]
    pub fn user(&self) -> Option<Text<'a>> {
        self.claims.get(Field::SDUOID)
    }

    /// Judges a request.
    ///
    /// # Errors
    /// [`Denial`] with the reason if the grant does not allow it.
    pub fn judge(&self, access: &Access<'_>) -> Result<(), Denial> {
        if !self.covers(access.resource) {
            return Err(Denial::Resource);
        }
        if !self.permissions.contains(access.permission) {
            return Err(Denial::Permission(access.permission));
        }
        check_period(self.start, self.expiry, access.now).map_err(Denial::Time)?;
        let inside = || {
            let range = self.addresses();
            range.zip(access.address).is_some_and(|(range, address)| range.contains(address))
        };
        if self.claims.has(Field::SIP) && !inside() {
            return Err(Denial::Address);
        }
        if !access.tls && self.claims.protocol == Protocol::Https {
            return Err(Denial::Protocol);
        }
        let same = |own: Text<'_>| access.user.is_some_and(|user| own.is(user));
        if !self.user().is_none_or(same) {
            return Err(Denial::User);
        }
        self.check_entity(access.entity)
    }

    /// Decides about a request, as [`Grant::judge`] does, with the right that it needs.
    pub fn decide(&self, access: &Access<'_>) -> Decision {
        Decision::new(RightKind::Storage(access.permission), self.judge(access).err().map(Reason::Storage))
    }

    /// Returns whether a resource is the token's or within it.
    #[must_use]
    pub fn covers(&self, resource: &Resource<'_>) -> bool {
        let (own, claims) = (self.resource, self.claims);
        if own.account() != resource.account() {
            return false;
        }
        if claims.kind == SasKind::Account {
            return claims.has_service(resource.service_of()) && claims.has_type(resource.resource_type());
        }
        let both = own.container_name().zip(resource.container_name());
        let container = both.is_some_and(|(own, other)| match claims.kind {
            SasKind::Table => own.matches_ignoring_case(&other),
            _ => own.matches(&other),
        });
        container && resource.is_within(claims.kind, claims.depth) && self.covers_path(resource)
    }

    fn covers_path(&self, resource: &Resource<'_>) -> bool {
        let paths = self.resource.path().zip(resource.path());
        match self.claims.kind {
            SasKind::Blob | SasKind::File => paths.is_some_and(|(own, other)| own.matches(&other)),
            SasKind::BlobSnapshot | SasKind::BlobVersion => {
                let states = self.resource.snapshot().zip(resource.snapshot());
                paths.is_some_and(|(own, other)| own.matches(&other))
                    && states.is_some_and(|((_, own), (_, other))| own.matches(&other))
            }
            SasKind::Directory if self.claims.depth > 0 => paths.is_some_and(|(own, other)| {
                directory(own, self.claims.depth).eq(directory(other, self.claims.depth))
            }),
            _ => true,
        }
    }

    fn check_entity(&self, entity: Option<(&str, &str)>) -> Result<(), Denial> {
        let key = |field| self.claims.get(field);
        let (first, last) = (key(Field::SPK), key(Field::EPK));
        if first.is_none() && last.is_none() {
            return Ok(());
        }
        let Some((partition, row)) = entity else { return Err(Denial::Entity) };
        // partition keys first, then row keys, byte by byte
        let before = |bound: Text<'_>, row_bound: Option<Text<'_>>| {
            let order = partition.bytes().cmp(bound.bytes());
            order.then_with(|| {
                row_bound.map_or(core::cmp::Ordering::Equal, |bound| row.bytes().cmp(bound.bytes()))
            })
        };
        let starts = first.is_none_or(|bound| before(bound, key(Field::SRK)).is_ge());
        let ends = last.is_none_or(|bound| before(bound, key(Field::ERK)).is_le());
        if starts && ends { Ok(()) } else { Err(Denial::Entity) }
    }
}

/// Returns the first `depth` segments of a path, joined.
fn directory(path: Text<'_>, depth: usize) -> impl Iterator<Item = u8> {
    let mut left = depth;
    path.bytes().take_while(move |byte| {
        if *byte == b'/' {
            left = left.saturating_sub(1);
        }
        left > 0
    })
}

impl fmt::Debug for Grant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("claims", &self.claims)
            .field("resource", &self.resource)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}
