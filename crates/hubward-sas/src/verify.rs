//! From a token to a verified token: the signature first, then the time.

use hubward_core::{Keys, MacKey, UnixTime};

use crate::error::VerifyError;
use crate::rules::TokenRules;
use crate::token::{SasToken, VerifiedToken};

impl<'a> SasToken<'a> {
    /// Verifies the token with the keys of whom it [needs](Self::needs).
    ///
    /// The signature is checked first, over the bytes as they came, under every key; so what is said about the
    /// time of a token is true of an authentic one. A token is good while `now <= se + leeway`.
    ///
    /// # Errors
    /// [`VerifyError`]: no key made the signature, or the time is over, or the expiry is too far away.
    pub fn verify<K: MacKey>(
        self,
        keys: Keys<'_, K>,
        now: UnixTime,
        rules: &TokenRules,
    ) -> Result<VerifiedToken<'a>, VerifyError> {
        let signed = [self.resource.as_received().as_bytes(), b"\n", self.expiry_text.as_bytes()];
        let slot = keys.matching(&signed, &self.signature).ok_or(VerifyError::WrongSignature)?;
        let (expiry, now) = (self.expiry, now.as_secs());
        if expiry.saturating_add(rules.leeway) < now {
            return Err(VerifyError::Expired { expiry, now, leeway: rules.leeway });
        }
        match rules.max_lifetime {
            Some(max) if expiry > now.saturating_add(max) => {
                Err(VerifyError::TooLongLived { expiry, now, max })
            }
            _ => Ok(VerifiedToken { token: self, slot }),
        }
    }
}
