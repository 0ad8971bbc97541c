//! [`Sas::verify`]: checks the resource and the required parameters, which are signed, then the signature, then times and the stored access policy, and returns a [`Grant`].

use hubward_core::{StreamKey, UnixTime};

use crate::error::VerifyError;
use crate::key::{AccountKey, DelegationKey};
use crate::sink::tag;
use crate::storage::field::Field;
use crate::storage::grant::Grant;
use crate::storage::kind::SasKind;
use crate::storage::policy::StoredPolicy;
use crate::storage::request::RequestParameters;
use crate::storage::resource::Resource;
use crate::storage::sas::Sas;
use crate::text::Text;

/// The longest validity of a user delegation key, in seconds.
const DELEGATION_MAX: u64 = 7 * 24 * 60 * 60;

/// The verifier's view of a request: the time, and the records and parameters that a token may refer to.
///
/// ```
/// use core::time::Duration;
/// use hubward_cloud::storage::Context;
/// use hubward_core::UnixTime;
///
/// let context = Context::new(UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000)));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Context<'c> {
    now: u64,
    policy: Option<&'c StoredPolicy<'c>>,
    omitted: bool,
    parameters: RequestParameters<'c>,
}

impl<'c> Context<'c> {
    /// Returns the context of a request at `now`.
    #[must_use]
    pub fn new(now: UnixTime) -> Self {
        Self { now: now.as_secs(), policy: None, omitted: false, parameters: RequestParameters::default() }
    }

    /// Adds the stored access policy that [`Sas::identifier`] names.
    #[must_use]
    pub const fn with_policy(self, policy: &'c StoredPolicy<'c>) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// Adds a stored access policy whose id was signed, although the text of the token leaves `si` out. One SDK writes
    /// such tokens. The policy applies as if the token named it.
    #[must_use]
    pub const fn with_omitted_policy(self, policy: &'c StoredPolicy<'c>) -> Self {
        Self { policy: Some(policy), omitted: true, ..self }
    }

    /// Returns the id that the token leaves out.
    fn omitted_id(&self) -> Option<Text<'c>> {
        self.policy.filter(|_| self.omitted).map(|policy| Text::new(policy.id()))
    }

    /// Adds the headers and query parameters of the request.
    #[must_use]
    pub const fn with_parameters(self, parameters: RequestParameters<'c>) -> Self {
        Self { parameters, ..self }
    }
}

impl Sas<'_> {
    /// Verifies a token that is signed with the account's key, for a request of `resource`.
    ///
    /// The resource and the required parameters are part of the signed text, so [`VerifyError::AnotherResource`] and
    /// [`VerifyError::RequiredParameter`] come before the signature; every other error is about an authentic token or the
    /// signature. The token is valid from its start to its expiry, both included.
    ///
    /// # Errors
    /// [`VerifyError`] if the token is not for the resource, the signature does not match, or the time is not in its
    /// period. [`VerifyError::WrongSignature`] also for a token that is signed with a user delegation key.
    pub fn verify<'s, K: StreamKey>(
        &'s self,
        resource: &'s Resource<'s>,
        key: &AccountKey<K>,
        context: &Context<'_>,
    ) -> Result<Grant<'s>, VerifyError> {
        if self.is_delegated() {
            return Err(VerifyError::WrongSignature);
        }
        self.check_signature(resource, key.mac(), context)?;
        self.grant(resource, context)
    }

    /// Verifies a token that is signed with a user delegation key, for a request of `resource`.
    ///
    /// # Errors
    /// As [`Sas::verify`], and if the user delegation key is not valid for the service and the time, or its own period
    /// is longer than seven days.
    pub fn verify_delegated<'s, K: StreamKey>(
        &'s self,
        resource: &'s Resource<'s>,
        key: &DelegationKey<K>,
        context: &Context<'_>,
    ) -> Result<Grant<'s>, VerifyError> {
        if !self.is_delegated() {
            return Err(VerifyError::WrongSignature);
        }
        self.check_signature(resource, key.mac(), context)?;
        let claims = &self.claims;
        let service = claims.get(Field::SKS).is_some_and(|text| {
            let letter = resource.service_of().letter();
            text.bytes().any(|b| char::from(b) == letter)
        });
        if !service {
            return Err(VerifyError::DelegationService);
        }
        let (Some(start), Some(expiry)) = (claims.seconds(Field::SKT), claims.seconds(Field::SKE)) else {
            return Err(VerifyError::DelegationPeriod);
        };
        match expiry.checked_sub(start) {
            Some(period) if period <= DELEGATION_MAX => {}
            _ => return Err(VerifyError::DelegationPeriod),
        }
        check_period(Some(start), expiry, context.now)?;
        let mut grant = self.grant(resource, context)?;
        grant.expiry = grant.expiry.min(expiry);
        grant.start = grant.start.max(Some(start));
        Ok(grant)
    }

    fn check_signature(
        &self,
        resource: &Resource<'_>,
        key: &impl StreamKey,
        context: &Context<'_>,
    ) -> Result<(), VerifyError> {
        let claims = &self.claims;
        let fits = match claims.kind {
            SasKind::Account => {
                claims.has_service(resource.service_of()) && claims.has_type(resource.resource_type())
            }
            // the name of the table is in the token too
            SasKind::Table => resource
                .container_name()
                .zip(claims.get(Field::TN))
                .is_some_and(|(own, named)| own.matches_ignoring_case(&named)),
            _ => true,
        };
        if !fits || (claims.kind != SasKind::Account && !resource.is_within(claims.kind, claims.depth)) {
            return Err(VerifyError::AnotherResource);
        }
        let named = claims.has(Field::SRH) || claims.has(Field::SRQ);
        if named && !context.parameters.has_all(claims.get(Field::SRH), claims.get(Field::SRQ)) {
            return Err(VerifyError::RequiredParameter);
        }
        let mut signed = self.string_to_sign(resource, context.parameters);
        signed.omitted = context.omitted_id();
        if self.signature.is(&tag(key, &signed)) { Ok(()) } else { Err(VerifyError::WrongSignature) }
    }

    /// Checks the period and joins the values of the stored access policy.
    fn grant<'s>(
        &'s self,
        resource: &'s Resource<'s>,
        context: &Context<'_>,
    ) -> Result<Grant<'s>, VerifyError> {
        let claims = &self.claims;
        let policy = match claims.get(Field::SI).or(context.omitted_id()) {
            None => None,
            Some(id) => {
                Some(context.policy.filter(|policy| id.is(policy.id())).ok_or(VerifyError::UnknownPolicy)?)
            }
        };
        let permissions = one_of("sp", claims.permissions, policy.and_then(|policy| policy.permissions))?;
        let expiry = one_of("se", claims.seconds(Field::SE), policy.and_then(|policy| policy.expiry))?;
        let start = match (claims.seconds(Field::ST), policy.and_then(|policy| policy.start)) {
            (Some(_), Some(_)) => return Err(VerifyError::PolicyValue("st")),
            (own, theirs) => own.or(theirs),
        };
        check_period(start, expiry, context.now)?;
        Ok(Grant { claims, resource, permissions, start, expiry })
    }
}

/// Returns the value that is in exactly one place.
fn one_of<T>(field: &'static str, own: Option<T>, policy: Option<T>) -> Result<T, VerifyError> {
    match (own, policy) {
        (Some(value), None) | (None, Some(value)) => Ok(value),
        _ => Err(VerifyError::PolicyValue(field)),
    }
}

/// Checks that `now` is in a period, both ends included.
pub(crate) const fn check_period(start: Option<u64>, expiry: u64, now: u64) -> Result<(), VerifyError> {
    match start {
        Some(start) if now < start => Err(VerifyError::NotYet { start, now }),
        _ if now > expiry => Err(VerifyError::Expired { expiry, now }),
        _ => Ok(()),
    }
}
