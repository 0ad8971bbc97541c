//! [`SasToken::verify`]: checks the signature first, then the expiry.

use hubward_core::{Authority, KeySlot, Keys, MacKey, UnixTime};

use crate::error::VerifyError;
use crate::rules::TokenRules;
use crate::token::{SasToken, VerifiedToken};

impl<'a> SasToken<'a> {
    /// Verifies the token with the keys of the identity or policy returned by [`signer`](Self::signer), and requires that
    /// it is for a resource at `host`, in any ASCII case. [`VerifiedToken::check`] then requires a resource below it.
    ///
    /// # Errors
    /// [`VerifyError`] as [`verify_for_any_host`](Self::verify_for_any_host), and [`VerifyError::AnotherHost`].
    #[inline]
    pub fn verify<K: MacKey>(
        self,
        host: Authority<'_>,
        keys: Keys<'_, K>,
        now: UnixTime,
        rules: &TokenRules,
    ) -> Result<VerifiedToken<'a>, VerifyError> {
        let verified = self.verify_for_any_host(keys, now, rules)?;
        if self.resource.is_rooted_at(host.as_str()) { Ok(verified) } else { Err(VerifyError::AnotherHost) }
    }

    /// Verifies the token without regard to its host: a hub's key is often a key of other hubs too. Call
    /// [`verify`](Self::verify), unless the host was compared before, or the token is for an id scope (DPS).
    ///
    /// The signature is checked first, over the bytes as received and with every key, so an error about the expiry
    /// applies to an authentic token. A token is valid while `now <= se + leeway`.
    ///
    /// # Errors
    /// [`VerifyError`] if no key matches the signature, the token has expired, or its lifetime is too long.
    #[inline]
    pub fn verify_for_any_host<K: MacKey>(
        self,
        keys: Keys<'_, K>,
        now: UnixTime,
        rules: &TokenRules,
    ) -> Result<VerifiedToken<'a>, VerifyError> {
        let (signed, signature) = (self.signed(), self.signature);
        self.judge(keys.matching(&signed, &signature), now, rules)
    }

    /// Verifies many tokens for any host, each with keys of its own, and calls `verdict` with each index and result.
    ///
    /// The results are those of [`SasToken::verify_for_any_host`]. Two consecutive tokens with one key each are computed
    /// interleaved; a token with two keys is interleaved by itself and gains nothing here. Nothing is allocated.
    pub fn verify_batch<'t, 'k, K: MacKey + 'k>(
        batch: impl IntoIterator<Item = (&'t Self, Keys<'k, K>)>,
        now: UnixTime,
        rules: &TokenRules,
        mut verdict: impl FnMut(usize, Result<VerifiedToken<'a>, VerifyError>),
    ) where
        'a: 't,
    {
        let mut batch = batch.into_iter().fuse();
        let mut index = 0_usize;
        while let Some((first, keys)) = batch.next() {
            let Some((second, other)) = batch.next() else {
                return verdict(index, first.verify_for_any_host(keys, now, rules));
            };
            let (slot, other_slot) = keys.matching_both(
                &first.signed(),
                &first.signature,
                &other,
                &second.signed(),
                &second.signature,
            );
            verdict(index, first.judge(slot, now, rules));
            verdict(index.saturating_add(1), second.judge(other_slot, now, rules));
            index = index.saturating_add(2);
        }
    }

    /// Returns the bytes that the signature covers, as received.
    #[inline]
    const fn signed(&self) -> [&'a [u8]; 3] {
        [self.resource.as_received().as_bytes(), b"\n", self.expiry_text.as_bytes()]
    }

    #[inline]
    fn judge(
        self,
        slot: Option<KeySlot>,
        now: UnixTime,
        rules: &TokenRules,
    ) -> Result<VerifiedToken<'a>, VerifyError> {
        let slot = slot.ok_or(VerifyError::WrongSignature)?;
        let (expiry, now) = (self.expiry, now.as_secs());
        rules.require_unexpired(expiry, now)?;
        match rules.max_lifetime.map(|max| max.as_secs()) {
            Some(max) if expiry > now.saturating_add(max) => {
                Err(VerifyError::TooLongLived { expiry, now, max })
            }
            _ => Ok(VerifiedToken { resource: self.resource, expiry, policy: self.policy, slot }),
        }
    }
}
