//! From what was presented to a registrant: one id scope and one registration id, and the proof that its enrollment
//! asks for.

use alloc::boxed::Box;
use core::cell::Cell;
use core::fmt;
use core::hint::black_box;

use hubward_core::{DeviceId, Identity, Keys, Lookup, MacKey, SymmetricKey, UnixTime};
use hubward_registry::{Enrollments, Evidence, ProvisionError, Selected};
use hubward_sas::{SasToken, VerifiedToken, VerifyError};
use hubward_x509::Chain;

use super::presented::PresentedRegistration;
use super::registrant::Registrant;
use super::rules::ProvisioningRules;
use crate::by_certificate::chain_of;
use crate::error::AuthError;
use crate::rules::{Speaking, speaking};
use crate::x509_rules::X509Rules;

/// A question to the caller's store of enrollments, to be consumed by its answer.
#[must_use = "a question that is dropped admits nobody"]
pub struct RegistrationQuestion<'a, K> {
    rules: &'a ProvisioningRules<'a, K>,
    presented: PresentedRegistration<'a>,
    credential: Credential<'a>,
}

enum Credential<'a> {
    Token(SasToken<'a>),
    Chain(Box<Chain<'a>>),
}

impl<'a> PresentedRegistration<'a> {
    /// Binds every name that was presented to one registration.
    ///
    /// # Errors
    /// [`AuthError`] where the credential is malformed, is for another id scope, or for another registration than the
    /// transport names.
    pub fn start<K: MacKey>(
        self,
        rules: &'a ProvisioningRules<'a, K>,
    ) -> Result<RegistrationQuestion<'a, K>, AuthError> {
        if self.scope() != rules.scope {
            return Err(AuthError::AnotherScope);
        }
        let credential = match speaking(self.token, self.certificates, rules.both)? {
            Speaking::Token(text) => {
                let token = SasToken::parse(text, &rules.token)?;
                match token.needs() {
                    Lookup::Registration(scope, _) if !scope.eq_decoded(&self.scope) => {
                        return Err(AuthError::AnotherScope);
                    }
                    Lookup::Registration(_, id) if id.eq_decoded(&self.id) => Credential::Token(token),
                    _ => return Err(AuthError::AnotherIdentity),
                }
            }
            Speaking::Certificates(_) if rules.x509.is_none() => {
                return Err(AuthError::CertificatesNotJudged);
            }
            Speaking::Certificates(peer) => Credential::Chain(Box::new(chain_of(peer)?)),
        };
        Ok(RegistrationQuestion { rules, presented: self, credential })
    }
}

impl<'a, K: MacKey> RegistrationQuestion<'a, K> {
    /// Whose enrollment is needed: the individual one of that registration id, in whatever case of letters, or those of
    /// the groups that may hold it.
    #[must_use]
    pub fn lookup(&self) -> Lookup<'_> {
        self.presented.lookup()
    }

    /// Judges with the enrollments that were found, at the time `now`; `make` makes a key ready for use, of those that a
    /// group's keys give. An individual's enrollment comes before any group's, of groups the nearest issuer's, and the
    /// first match decides, also where it denies. A group's own key admits nobody.
    ///
    /// Whoever is refused costs at least the MACs of one token, or one search for a path. It is no more than that where
    /// there is an individual enrollment, or no group: the count of groups that a token is tried against can be told
    /// from outside.
    ///
    /// # Errors
    /// [`AuthError`] with the reason; whatever it is, nobody is admitted.
    pub fn answer<'e>(
        self,
        enrollments: &'e Enrollments<K>,
        make: impl Fn(&SymmetricKey) -> K,
        now: UnixTime,
    ) -> Result<Registrant<'a, 'e>, AuthError> {
        let Self { rules, presented, credential } = self;
        let (selected, until) = match credential {
            Credential::Token(token) => by_token(token, &presented, rules, enrollments, make, now)?,
            Credential::Chain(chain) => by_chain(&chain, &presented, rules, enrollments, make, now)?,
        };
        Ok(Registrant { presented, selected, until })
    }
}

fn by_token<'a, 'e, K: MacKey>(
    token: SasToken<'a>,
    presented: &PresentedRegistration<'_>,
    rules: &ProvisioningRules<'_, K>,
    enrollments: &'e Enrollments<K>,
    make: impl Fn(&SymmetricKey) -> K,
    now: UnixTime,
) -> Result<(Selected<'e>, u64), AuthError> {
    let judged: Cell<Option<Result<VerifiedToken<'a>, VerifyError>>> = Cell::new(None);
    let verifies = |keys: Keys<'_, K>| {
        let result = token.verify(keys.padded(&rules.decoy), now, &rules.token);
        let good = result.is_ok();
        // what is wrong with an authentic token says more than that another key did not make it
        if !matches!(judged.get(), Some(Err(error)) if error != VerifyError::WrongSignature) {
            judged.set(Some(result));
        }
        good
    };
    let selected = enrollments.select(presented.id(), &Evidence::Token(&verifies), make);
    match (selected, judged.get()) {
        (Ok(selected), Some(Ok(token))) => {
            Ok((selected, token.expires().as_secs().saturating_add(rules.token.leeway)))
        }
        (Err(ProvisionError::Disabled), _) => Err(AuthError::Disabled),
        (Err(_), Some(Err(error))) if error != VerifyError::WrongSignature => Err(error.into()),
        (Err(ProvisionError::Mismatch), Some(Err(error))) => Err(error.into()),
        (Err(error), judged) => {
            if judged.is_none() {
                let decoys = Keys::pair(&rules.decoy, &rules.decoy);
                let _ = black_box(token.verify(decoys, now, &rules.token));
            }
            Err(refusal(error, AuthError::NotByToken))
        }
        // nothing is selected by a token that did not verify
        (Ok(_), _) => Err(AuthError::WrongAnswer),
    }
}

fn by_chain<'e, K: MacKey>(
    chain: &Chain<'_>,
    presented: &PresentedRegistration<'_>,
    rules: &ProvisioningRules<'_, K>,
    enrollments: &'e Enrollments<K>,
    make: impl Fn(&SymmetricKey) -> K,
    now: UnixTime,
) -> Result<(Selected<'e>, u64), AuthError> {
    let x509: &X509Rules<'_> = rules.x509.as_ref().ok_or(AuthError::CertificatesNotJudged)?;
    let registration = Identity::Device(DeviceId::assertion(&presented.id));
    let leaf = x509.registration(chain, &presented.id)?;
    let path = x509.path(chain, &registration, now);
    let issuers = path.as_ref().map(|held| held.vouched.issuers()).unwrap_or_default();
    let select = |leaf| enrollments.select(presented.id(), &Evidence::Chain { leaf, issuers }, &make);
    let selected = match select(leaf) {
        // an individual's thumbprint may be of the other kind
        Err(ProvisionError::Mismatch) => select(x509.legacy_thumbprint(chain)),
        selected => selected,
    };
    match (selected, path) {
        // an individual's certificate is known by its thumbprint, whoever signed it
        (Ok(selected @ Selected { group: None, .. }), _) => Ok((selected, x509.dates(chain, now)?)),
        (Ok(selected), Ok(held)) => Ok((selected, held.until)),
        (Err(ProvisionError::Disabled), _) => Err(AuthError::Disabled),
        (Err(ProvisionError::NotEnrolled), Err(error)) => Err(error),
        (Err(error), _) => Err(refusal(error, AuthError::NotByCertificate)),
        // no group is selected without issuers
        (Ok(_), Err(error)) => Err(error),
    }
}

const fn refusal(error: ProvisionError, mismatch: AuthError) -> AuthError {
    match error {
        ProvisionError::NotEnrolled => AuthError::Unknown,
        ProvisionError::Mismatch => mismatch,
        error => AuthError::Provision(error),
    }
}

impl<K> fmt::Debug for RegistrationQuestion<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationQuestion")
            .field("lookup", &self.presented.lookup())
            .finish_non_exhaustive()
    }
}
