//! The hint about a registration that was refused.

use hubward_core::{Hint, Keys, MacKey, SymmetricKey, UnixTime};
use hubward_registry::{Attestation, Enrollments, derive_key};
use hubward_sas::{SasToken, VerifyError, explain};

use super::credentials::RegistrationCredentials;
use crate::config::ProvisioningConfig;

impl RegistrationCredentials<'_> {
    /// Explains a refused registration: a known mistake in its token, a group's key that was not derived, or a key that
    /// was derived from another spelling of the registration id.
    ///
    /// It tries the keys of every group, whether or not the registration exists. Call it after the answer to the peer,
    /// and tell the peer nothing of it.
    #[must_use]
    pub fn explain<K: MacKey>(
        &self,
        rules: &ProvisioningConfig<K>,
        enrollments: &Enrollments<K>,
        make: impl Fn(&SymmetricKey) -> K,
        now: UnixTime,
    ) -> Option<Hint<'static>> {
        let text = self.token.as_ref()?.0;
        let Ok(token) = SasToken::parse(text, rules.token()) else { return explain(text) };
        // an expired token is authentic too
        let verifies = |keys: Keys<'_, K>| {
            !matches!(token.verify_for_any_host(keys, now, rules.token()), Err(VerifyError::WrongSignature))
        };
        let id = self.id();
        let spellings = [id.as_str().to_ascii_lowercase(), id.as_str().to_ascii_uppercase()];
        let mut hint = None;
        for (_, group) in enrollments.groups() {
            let Attestation::SymmetricKey(pair) = group.attestation() else { continue };
            let keys = pair.keys();
            for spelling in &spellings {
                let primary = make(&derive_key(keys.primary(), spelling));
                let secondary = keys.secondary().map(|key| make(&derive_key(key, spelling)));
                let derived = match &secondary {
                    Some(secondary) => Keys::pair(&primary, secondary),
                    None => Keys::one(&primary),
                };
                if verifies(derived) {
                    hint = Some(Hint::DerivedFromOtherSpelling);
                }
            }
            if verifies(keys) {
                hint = Some(Hint::GroupKeyNotDerived);
            }
        }
        hint.or_else(|| explain(text))
    }
}
