//! The authentication of a registration: the names must refer to one id scope and one registration id, and the
//! credential must be the one that the enrollment requires.

use alloc::boxed::Box;
use core::cell::Cell;
use core::fmt;
use core::hint::black_box;

use hubward_core::{DeviceId, Identity, Keys, Lookup, MacKey, SymmetricKey, UnixTime};
use hubward_registry::{Attestation, EnrollmentMatch, Enrollments, Evidence, ProvisionError};
use hubward_sas::{SasToken, VerifiedToken, VerifyError};
use hubward_x509::Chain;

use super::credentials::RegistrationCredentials;
use super::registrant::AuthenticatedRegistration;
use crate::authentication::{certificate, evidence};
use crate::config::ProvisioningConfig;
use crate::credentials::SelectedCredential;
use crate::error::AuthError;

/// A pending authentication of a registration: the enrollments are needed.
#[must_use = "a pending authentication that is dropped authenticates no device"]
pub struct PendingRegistration<'c, 'a, K> {
    rules: &'c ProvisioningConfig<K>,
    presented: RegistrationCredentials<'a>,
    credential: Credential<'a>,
}

enum Credential<'a> {
    Token(SasToken<'a>),
    Chain(Box<Chain<'a>>),
}

impl<'a> RegistrationCredentials<'a> {
    /// Requires that all names refer to one registration of this service, and returns the pending authentication.
    ///
    /// # Errors
    /// [`AuthError`] if the credential is malformed, is for another id scope, or is for another registration than the
    /// transport names.
    pub fn start<'c, K: MacKey>(
        self,
        rules: &'c ProvisioningConfig<K>,
    ) -> Result<PendingRegistration<'c, 'a, K>, AuthError> {
        if self.scope() != rules.scope() {
            return Err(AuthError::IdScopeMismatch);
        }
        if self.host.is_some_and(|host| !rules.hosts().is_device(&host)) {
            return Err(AuthError::HubMismatch);
        }
        let credential =
            match SelectedCredential::select(self.token, self.certificates, rules.both_credentials())? {
                SelectedCredential::Token(text) => {
                    let token = SasToken::parse(text, rules.token())?;
                    match token.signer() {
                        Lookup::Registration(scope, _) if !scope.eq_decoded(&self.scope) => {
                            return Err(AuthError::IdScopeMismatch);
                        }
                        Lookup::Registration(_, id) if id.eq_decoded(&self.id) => Credential::Token(token),
                        _ => return Err(AuthError::IdentityMismatch),
                    }
                }
                SelectedCredential::Certificates(_) if rules.x509().is_none() => {
                    return Err(AuthError::CertificatesNotJudged);
                }
                SelectedCredential::Certificates(certificates) => {
                    Credential::Chain(Box::new(certificate::parse(certificates)?))
                }
            };
        Ok(PendingRegistration { rules, presented: self, credential })
    }
}

impl<K: MacKey> ProvisioningConfig<K> {
    /// Authenticates a device that registers, against the enrollments of this service. `make` prepares a key that was
    /// derived from a group's key.
    ///
    /// # Errors
    /// [`AuthError`] with the reason. Reject the device.
    pub fn authenticate<'a, 'e>(
        &self,
        credentials: RegistrationCredentials<'a>,
        enrollments: &'e Enrollments<K>,
        make: impl Fn(&SymmetricKey) -> K,
        now: UnixTime,
    ) -> Result<AuthenticatedRegistration<'a, 'e>, AuthError> {
        credentials.start(self)?.resume(enrollments, make, now)
    }
}

impl<'a, K: MacKey> PendingRegistration<'_, 'a, K> {
    /// Returns the registration whose enrollments are needed: the individual enrollment of that registration id, compared
    /// without regard to case, or the groups that may contain it.
    #[must_use]
    pub fn lookup(&self) -> Lookup<'_> {
        self.presented.lookup()
    }

    /// Verifies the credential against the enrollments, at the time `now`. `make` prepares a key that was derived from a
    /// group's key. An individual enrollment has priority over groups, and the group of the nearest issuer over others.
    /// The first match decides, even if it denies. A token that is signed with a group's own key is rejected.
    ///
    /// Every rejection of a well-formed token costs the same: the MACs of one individual enrollment and of all groups (of one
    /// group, after [`RegistrationCredentials::with_group`]), whether or not there is such an enrollment. A certificate costs one search for a path.
    ///
    /// # Errors
    /// [`AuthError`] with the reason. Reject the device.
    pub fn resume<'e>(
        self,
        enrollments: &'e Enrollments<K>,
        make: impl Fn(&SymmetricKey) -> K,
        now: UnixTime,
    ) -> Result<AuthenticatedRegistration<'a, 'e>, AuthError> {
        let Self { rules, presented, credential } = self;
        let (selected, until) = match credential {
            Credential::Token(token) => by_token(token, &presented, rules, enrollments, make, now)?,
            Credential::Chain(chain) => by_chain(&chain, &presented, rules, enrollments, make, now)?,
        };
        Ok(AuthenticatedRegistration { presented, selected, until, hosts: rules.hosts().clone() })
    }
}

fn by_token<'a, 'e, K: MacKey>(
    token: SasToken<'a>,
    presented: &RegistrationCredentials<'_>,
    rules: &ProvisioningConfig<K>,
    enrollments: &'e Enrollments<K>,
    make: impl Fn(&SymmetricKey) -> K,
    now: UnixTime,
) -> Result<(EnrollmentMatch<'e>, u64), AuthError> {
    let verified: Cell<Option<Result<VerifiedToken<'a>, VerifyError>>> = Cell::new(None);
    let verifies = |keys: Keys<'_, K>| {
        let result = token.verify_for_any_host(keys.with_dummy(rules.dummy_key()), now, rules.token());
        let is_valid = result.is_ok();
        // further keys are tried after the one that signed, and an expiry of an authentic token is a better reason than
        // another key's wrong signature
        if matches!(verified.get(), None | Some(Err(VerifyError::WrongSignature))) {
            verified.set(Some(result));
        }
        is_valid
    };
    let (id, evidence) = (presented.id(), Evidence::Token(&verifies));
    let selected = match presented.group {
        Some(group) => enrollments.select_named(id, group, &evidence, make),
        None => enrollments.select(id, &evidence, make),
    };
    match (selected, verified.get()) {
        (Ok(selected), Some(Ok(token))) => Ok((selected, token.until(rules.token()).as_secs())),
        (Err(error), verified) => {
            // the groups were tried; an individual enrollment with keys was tried too, and costs the same without one
            let individual = enrollments.individual(presented.id());
            let by_keys =
                individual.is_some_and(|one| matches!(one.attestation(), Attestation::SymmetricKey(_)));
            if !by_keys {
                let _ = black_box(token.verify_for_any_host(rules.dummy_keys(), now, rules.token()));
            }
            Err(token_error(error, verified, by_keys))
        }
        // no enrollment matches a token that was not verified
        (Ok(_), _) => Err(AuthError::RecordMismatch),
    }
}

/// Returns the reason of a refusal, as far as it is known.
fn token_error(
    error: ProvisionError,
    verified: Option<Result<VerifiedToken<'_>, VerifyError>>,
    by_keys: bool,
) -> AuthError {
    match (error, verified) {
        (ProvisionError::Disabled, _) => AuthError::Disabled,
        (_, Some(Err(error))) if error != VerifyError::WrongSignature => error.into(),
        // a group's key may have signed it
        (ProvisionError::Mismatch, _) if by_keys => VerifyError::WrongSignature.into(),
        (error, _) => auth_error(error, AuthError::NotByToken),
    }
}

fn by_chain<'e, K: MacKey>(
    chain: &Chain<'_>,
    presented: &RegistrationCredentials<'_>,
    rules: &ProvisioningConfig<K>,
    enrollments: &'e Enrollments<K>,
    make: impl Fn(&SymmetricKey) -> K,
    now: UnixTime,
) -> Result<(EnrollmentMatch<'e>, u64), AuthError> {
    let x509 = rules.x509().ok_or(AuthError::CertificatesNotJudged)?;
    let registration = Identity::Device(DeviceId::assertion(&presented.id));
    let leaf = evidence::registration_thumbprint(x509, chain, &presented.id)?;
    let path = evidence::verify_path(x509, chain, &registration, now);
    let issuers = path.as_ref().map(|verified| verified.evidence.issuers()).unwrap_or_default();
    let select = |leaf| enrollments.select(presented.id(), &Evidence::Chain { leaf, issuers }, &make);
    let selected = match select(leaf) {
        // an individual enrollment may have a SHA-1 thumbprint
        Err(ProvisionError::Mismatch) => select(evidence::legacy_thumbprint(x509, chain)),
        selected => selected,
    };
    let own = enrollments.individual(presented.id());
    let by_issuer = own.is_some_and(|one| matches!(one.attestation(), Attestation::Issuer(_)));
    match (selected, path) {
        // an individual enrollment that has the certificate's thumbprint, so that its issuer is irrelevant
        (Ok(selected @ EnrollmentMatch { group: None, .. }), _) if !by_issuer => {
            Ok((selected, evidence::thumbprint_validity(x509, chain, now)?))
        }
        (Ok(selected), Ok(verified)) => Ok((selected, verified.until)),
        (Err(ProvisionError::Disabled), _) => Err(AuthError::Disabled),
        (Err(ProvisionError::NotEnrolled), Err(error)) => Err(error),
        (Err(ProvisionError::Mismatch), Err(error)) if by_issuer => Err(error),
        (Err(error), _) => Err(auth_error(error, AuthError::NotByCertificate)),
        // no group matches without issuers
        (Ok(_), Err(error)) => Err(error),
    }
}

const fn auth_error(error: ProvisionError, mismatch: AuthError) -> AuthError {
    match error {
        ProvisionError::NotEnrolled => AuthError::Unknown,
        ProvisionError::Mismatch => mismatch,
        error => AuthError::Provision(error),
    }
}

impl<K> fmt::Debug for PendingRegistration<'_, '_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingRegistration")
            .field("lookup", &self.presented.lookup())
            .finish_non_exhaustive()
    }
}
