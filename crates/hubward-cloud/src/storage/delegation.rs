//! [`UserDelegation`]: the description of a user delegation key, which its tokens have.

use crate::storage::field::Field;

/// The fields of a user delegation key, as the service returned them with its value. The value itself is a
/// [`DelegationKey`](crate::DelegationKey).
///
/// ```
/// use hubward_cloud::storage::UserDelegation;
///
/// let delegation = UserDelegation::new(
///     "11111111-1111-1111-1111-111111111111",
///     "22222222-2222-2222-2222-222222222222",
///     ("2029-12-31T00:00:00Z", "2030-01-02T00:00:00Z"),
///     "b",
///     "2022-11-02",
/// );
/// ```
#[derive(Debug, Clone, Copy)]
pub struct UserDelegation<'a> {
    object: &'a str,
    tenant: &'a str,
    period: (&'a str, &'a str),
    service: &'a str,
    version: &'a str,
    user_tenant: Option<&'a str>,
}

impl<'a> UserDelegation<'a> {
    /// Takes the object id and the tenant id of the principal, the start and the expiry, the service and the version.
    #[must_use]
    pub const fn new(
        object: &'a str,
        tenant: &'a str,
        period: (&'a str, &'a str),
        service: &'a str,
        version: &'a str,
    ) -> Self {
        Self { object, tenant, period, service, version, user_tenant: None }
    }

    /// Sets the tenant of the user that tokens may be bound to.
    #[must_use]
    pub const fn with_user_tenant(self, tenant: &'a str) -> Self {
        Self { user_tenant: Some(tenant), ..self }
    }

    /// Returns the fields of a token, `skoid` first.
    pub(crate) fn values(&self) -> impl Iterator<Item = (Field, &'a str)> {
        let fixed = [
            (Field::SKOID, self.object),
            (Field::SKTID, self.tenant),
            (Field::SKT, self.period.0),
            (Field::SKE, self.period.1),
            (Field::SKS, self.service),
            (Field::SKV, self.version),
        ];
        fixed.into_iter().chain(self.user_tenant.map(|tenant| (Field::SKDUTID, tenant)))
    }
}
