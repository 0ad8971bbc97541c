//! Services at the provisioning service: requests with the token of one of its policies.

use core::fmt;
use core::hint::black_box;
use core::time::Duration;

use hubward_core::{
    Authority, Keys, Lookup, MacKey, PolicyName, RecordVersion, ResourcePath, Segment, UnixTime,
};
use hubward_policy::Transport;
use hubward_policy::provisioning::{
    ProvisioningDenial, ProvisioningEndpoint, ProvisioningPrincipal, ProvisioningRights, decide_provisioning,
};
use hubward_sas::SasToken;

use crate::config::ProvisioningConfig;
use crate::credentials::TokenText;
use crate::error::AuthError;
use crate::transport::http::require_shared_access_signature;

/// A service's HTTP request with the token of a policy. Nothing is verified yet.
///
/// ```
/// use hubward::ServiceCredentials;
///
/// let token = "SharedAccessSignature sr=contoso-dps.example&sig=..&se=1800003600&skn=reader";
/// assert!(ServiceCredentials::http("GET", "/enrollments/e1", "contoso-dps.example", token).is_ok());
/// assert!(ServiceCredentials::http("GET", "/enrollments/e1", "user@contoso-dps.example", token).is_err());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ServiceCredentials<'a> {
    method: &'a str,
    path: &'a str,
    host: Authority<'a>,
    token: TokenText<'a>,
}

/// A pending authentication of a service: the policy's record is needed.
#[must_use = "a pending authentication that is dropped authenticates no service"]
pub struct PendingService<'c, 'a, K> {
    rules: &'c ProvisioningConfig<K>,
    credentials: ServiceCredentials<'a>,
    token: SasToken<'a>,
    policy: Segment<'a>,
}

/// The record of a policy of the provisioning service.
#[derive(Debug)]
pub struct ServicePolicyRecord<'k, K> {
    name: PolicyName<'k>,
    rights: ProvisioningRights,
    version: RecordVersion,
    keys: Keys<'k, K>,
}

/// An authenticated service, valid until its token expires. Only [`PendingService::resume`] creates one.
///
/// ```compile_fail,E0451
/// # use hubward::AuthenticatedService;
/// fn another<'a>(one: AuthenticatedService<'a>) -> AuthenticatedService<'a> {
///     AuthenticatedService { until: u64::MAX, ..one }
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct AuthenticatedService<'a> {
    credentials: ServiceCredentials<'a>,
    policy: Segment<'a>,
    rights: ProvisioningRights,
    resource: ResourcePath<'a>,
    version: RecordVersion,
    until: u64,
}

impl<'a> ServiceCredentials<'a> {
    /// Parses a request: its method, its path with the query, the value of its `Host` header, and the value of its
    /// `Authorization` header.
    ///
    /// # Errors
    /// - [`AuthError::Host`]: the host is malformed.
    /// - [`AuthError::Scheme`]: the scheme of the authorization is not `SharedAccessSignature`.
    pub fn http(
        method: &'a str,
        path: &'a str,
        host: &'a str,
        authorization: &'a str,
    ) -> Result<Self, AuthError> {
        let host = Authority::parse(host).map_err(AuthError::Host)?;
        require_shared_access_signature(Some(authorization))?;
        Ok(Self { method, path, host, token: TokenText(authorization) })
    }

    /// Requires that the request and its token are for this service, and returns the pending authentication.
    ///
    /// # Errors
    /// [`AuthError`] if the token is malformed, is for another host, or is not a policy's.
    pub fn start<'c, K: MacKey>(
        self,
        rules: &'c ProvisioningConfig<K>,
    ) -> Result<PendingService<'c, 'a, K>, AuthError> {
        if !rules.hosts().is_service(&self.host) {
            return Err(AuthError::HubMismatch);
        }
        let token = SasToken::parse(self.token.0, rules.token())?;
        let resource = token.resource();
        if resource.is_registration() {
            return Err(AuthError::IdentityMismatch);
        }
        if !rules.hosts().service().is_some_and(|own| resource.is_rooted_at(own.as_str())) {
            return Err(AuthError::HubMismatch);
        }
        let policy = token.policy().ok_or(AuthError::IdentityMismatch)?;
        Ok(PendingService { rules, credentials: self, token, policy })
    }
}

impl<'a, K: MacKey> PendingService<'_, 'a, K> {
    /// Returns the policy whose record is needed: [`Lookup::Policy`].
    #[must_use]
    pub const fn lookup(&self) -> Lookup<'a> {
        Lookup::Policy(self.policy)
    }

    /// Resumes the authentication with the record that the store returned, or `None` if it has none, at the time `now`.
    /// The same work is done in both cases.
    ///
    /// # Errors
    /// [`AuthError`] with the reason. Reject the service.
    pub fn resume(
        self,
        found: Option<&ServicePolicyRecord<'_, K>>,
        now: UnixTime,
    ) -> Result<AuthenticatedService<'a>, AuthError> {
        let Self { rules, credentials, token, policy } = self;
        let record = found.ok_or(AuthError::Unknown).and_then(|record| {
            let same = policy.eq_decoded(record.name.as_str());
            if same { Ok(record) } else { Err(AuthError::RecordMismatch) }
        });
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let _ = black_box(token.verify_for_any_host(rules.dummy_keys(), now, rules.token()));
                return Err(error);
            }
        };
        let verified =
            token.verify_for_any_host(record.keys.with_dummy(rules.dummy_key()), now, rules.token())?;
        let until = verified.until(rules.token()).as_secs();
        Ok(AuthenticatedService {
            credentials,
            policy,
            rights: record.rights,
            resource: verified.resource(),
            version: record.version,
            until,
        })
    }
}

impl<'k, K> ServicePolicyRecord<'k, K> {
    /// Creates a record from the policy's name, permissions, version and keys.
    #[must_use]
    pub const fn new(
        name: PolicyName<'k>,
        rights: ProvisioningRights,
        version: RecordVersion,
        keys: Keys<'k, K>,
    ) -> Self {
        Self { name, rights, version, keys }
    }
}

impl<'a> AuthenticatedService<'a> {
    /// Returns the policy whose key signed the token.
    #[must_use]
    pub const fn policy(&self) -> Segment<'a> {
        self.policy
    }

    /// Returns the permissions of the policy.
    #[must_use]
    pub const fn rights(&self) -> ProvisioningRights {
        self.rights
    }

    /// Returns the version of the policy's record that the token was verified with.
    #[must_use]
    pub const fn version(&self) -> RecordVersion {
        self.version
    }

    /// Returns the last second at which the token is valid.
    #[must_use]
    pub fn until(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.until))
    }

    /// Returns the principal of decisions: the policy's permissions within the token's resource.
    #[must_use]
    pub const fn principal(&self) -> ProvisioningPrincipal<'a> {
        #[expect(clippy::disallowed_methods, reason = "this policy's key has been verified")]
        let principal = ProvisioningPrincipal::policy_assertion(self.rights);
        principal.within(self.resource)
    }

    /// Decides on the request that presented the token.
    ///
    /// # Errors
    /// [`ProvisioningDenial`] with the reason for a denial.
    pub fn decision(&self) -> Result<&'static ProvisioningEndpoint, ProvisioningDenial> {
        let ServiceCredentials { method, path, .. } = self.credentials;
        decide_provisioning(&self.principal(), Transport::Http, method, path)
    }
}

impl<K> fmt::Debug for PendingService<'_, '_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingService").field("policy", &self.policy).finish_non_exhaustive()
    }
}
