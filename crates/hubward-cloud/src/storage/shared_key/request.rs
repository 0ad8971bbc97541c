//! [`Request`]: a request that Shared Key signs.

use core::fmt;

use hubward_core::{StreamKey, Tag, UnixTime};

use crate::error::{Problem, VerifyError};
use crate::key::AccountKey;
use crate::sink::{Signed, Sink, tag, write};
use crate::storage::kind::Service;
use crate::storage::shared_key::authorization::{Authorization, Scheme, SignedAuthorization};
use crate::storage::shared_key::headers::{Headers, LITE, SHARED_KEY};
use crate::storage::shared_key::order::Order;
use crate::storage::shared_key::resource::Target;
use crate::time::http;

/// The most seconds between the date of a request and the verifier's time.
const SKEW: u64 = 15 * 60;

/// A request to a storage service: the method, the path and query as sent, and the headers.
///
/// ```
/// use core::time::Duration;
/// use hubward_cloud::AccountKey;
/// use hubward_cloud::storage::Service;
/// use hubward_cloud::storage::shared_key::{Authorization, Request, Scheme};
/// use hubward_core::UnixTime;
/// use hubward_rustcrypto::GeneralKey;
///
/// let key = AccountKey::<GeneralKey>::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// let headers = [("x-ms-date", "Tue, 01 Jan 2030 00:00:00 GMT"), ("x-ms-version", "2026-10-06")];
/// let request = Request::new(Service::Blob, "GET", "/?comp=list", &headers)?;
/// let header = request.sign("contosoacct", Scheme::SharedKey, &key).to_string();
///
/// let authorization = Authorization::parse(&header)?;
/// let now = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
/// request.verify(&authorization, &[&key], now)?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    service: Service,
    method: &'a str,
    target: Target<'a>,
    headers: Headers<'a>,
}

impl<'a> Request<'a> {
    /// Takes a request. `target` is its path and query, percent-encoded as sent.
    ///
    /// # Errors
    /// [`Problem`] if the method is not upper-case letters, the target does not decode or has a control character, or a
    /// signed header repeats.
    pub fn new(
        service: Service,
        method: &'a str,
        target: &'a str,
        headers: &'a [(&'a str, &'a str)],
    ) -> Result<Self, Problem> {
        if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(Problem::Name);
        }
        Ok(Self { service, method, target: Target::new(target)?, headers: Headers::new(headers)? })
    }

    /// Returns the text to be signed with the key of `account`.
    #[must_use]
    pub const fn string_to_sign<'s>(&'s self, account: &'s str, scheme: Scheme) -> StringToSign<'s, 'a> {
        StringToSign { request: self, account, scheme, order: Order::Language }
    }

    /// Completes the header with the tag over [`Request::string_to_sign`].
    #[must_use]
    pub const fn finish(account: &str, scheme: Scheme, tag: Tag) -> SignedAuthorization<'_> {
        SignedAuthorization { scheme, account, tag }
    }

    /// Signs with a key in memory.
    #[must_use]
    pub fn sign<'k, K: StreamKey>(
        &self,
        account: &'k str,
        scheme: Scheme,
        key: &AccountKey<K>,
    ) -> SignedAuthorization<'k> {
        let tag = tag(key.mac(), &self.string_to_sign(account, scheme));
        Self::finish(account, scheme, tag)
    }

    /// Verifies a header with the keys of [`Authorization::account`]. All of them are tried. Compare the account with
    /// the one that the request is addressed to.
    ///
    /// # Errors
    /// [`VerifyError`] if no key matches, or the date differs from `now` by more than 15 minutes. A request without a
    /// date is refused as one of another time.
    pub fn verify<K: StreamKey>(
        &self,
        authorization: &Authorization<'_>,
        keys: &[&AccountKey<K>],
        now: UnixTime,
    ) -> Result<(), VerifyError> {
        let signed = self.string_to_sign(authorization.account(), authorization.scheme());
        let by_bytes = StringToSign { order: Order::Bytes, ..signed };
        let ambiguous = self.headers.is_order_ambiguous();
        let matched = keys.iter().fold(false, |any, key| {
            let matches = |signed: &StringToSign<'_, '_>| authorization.signature.is(&tag(key.mac(), signed));
            any | matches(&signed) | (ambiguous && matches(&by_bytes))
        });
        if !matched {
            return Err(VerifyError::WrongSignature);
        }
        let date = self.headers.get("x-ms-date").or_else(|| self.headers.get("date")).and_then(http);
        match date {
            Some(seconds) if seconds.abs_diff(now.as_secs()) <= SKEW => Ok(()),
            _ => Err(VerifyError::Skew),
        }
    }
}

/// The text that Shared Key signs. `Display` writes it.
#[derive(Debug, Clone, Copy)]
pub struct StringToSign<'s, 'a> {
    request: &'s Request<'a>,
    account: &'s str,
    scheme: Scheme,
    order: Order,
}

impl Signed for StringToSign<'_, '_> {
    fn put_signed(&self, sink: &mut impl Sink) {
        let Request { service, method, target, headers } = self.request;
        if *service == Service::Table {
            return self.put_table(sink);
        }
        sink.put(method.as_bytes());
        sink.put(b"\n");
        match self.scheme {
            Scheme::SharedKey => {
                SHARED_KEY.iter().for_each(|name| headers.put_value(name, sink));
                headers.put_ms(self.order, sink);
                target.put_all(self.account, sink);
            }
            Scheme::SharedKeyLite => {
                LITE.iter().for_each(|name| headers.put_value(name, sink));
                headers.put_ms(self.order, sink);
                target.put_comp(self.account, sink);
            }
        }
    }
}

impl StringToSign<'_, '_> {
    /// Writes the text of a request to a table, in which the date is never empty.
    fn put_table(&self, sink: &mut impl Sink) {
        let Request { method, target, headers, .. } = self.request;
        if self.scheme == Scheme::SharedKey {
            sink.put(method.as_bytes());
            sink.put(b"\n");
            headers.put_value("content-md5", sink);
            headers.put_value("content-type", sink);
        }
        let date = headers.get("x-ms-date").or_else(|| headers.get("date")).unwrap_or_default();
        sink.put(date.as_bytes());
        sink.put(b"\n");
        target.put_comp(self.account, sink);
    }
}

impl fmt::Display for StringToSign<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, f)
    }
}
