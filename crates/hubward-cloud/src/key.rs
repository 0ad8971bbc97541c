//! Keys: each service has a type of its own, so that a key is used the way its service uses it.

use core::fmt;
use core::marker::PhantomData;

use base64ct::{Base64, Encoding};
use hubward_core::StreamKey;
use zeroize::Zeroize;

/// The most characters of a key's base64: those of 384 bytes.
const LONGEST: usize = 512;
/// The fewest bytes of a key.
const MIN: usize = 16;

/// The services that a key is for.
pub mod kind {
    /// A storage account.
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Account {}
    /// A user delegation key of a storage account.
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Delegation {}
    /// A policy of Event Hubs or Service Bus.
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum ServiceBus {}
    /// A Cosmos DB account.
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Cosmos {}
    /// An Event Grid topic or domain.
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum EventGrid {}
}

/// The key of a storage account: base64.
pub type AccountKey<K> = ServiceKey<kind::Account, K>;
/// The value of a user delegation key: base64.
pub type DelegationKey<K> = ServiceKey<kind::Delegation, K>;
/// The key of a policy of Event Hubs or Service Bus: the UTF-8 text itself is the key, although it looks like base64.
pub type ServiceBusKey<K> = ServiceKey<kind::ServiceBus, K>;
/// The master key of a Cosmos DB account: base64.
pub type MasterKey<K> = ServiceKey<kind::Cosmos, K>;
/// The key of an Event Grid topic or domain: base64.
pub type TopicKey<K> = ServiceKey<kind::EventGrid, K>;

/// A key of a service, ready for use by the provider `K`. It is never shown.
///
/// ```
/// use hubward_cloud::{AccountKey, KeyError};
/// use hubward_rustcrypto::GeneralKey;
///
/// let key = AccountKey::<GeneralKey>::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// assert_eq!(AccountKey::<GeneralKey>::from_base64("****").unwrap_err(), KeyError::Redacted);
/// # Ok::<(), KeyError>(())
/// ```
pub struct ServiceKey<S, K> {
    key: K,
    service: PhantomData<fn() -> S>,
}

/// The reason for which a text is not a key. It has no character of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not canonical base64 with padding (RFC 4648, 3.5 and 4), or is longer than 512 characters.
    #[error("the key is not canonical base64 of at most 512 characters")]
    Base64,
    /// Fewer than 16 bytes.
    #[error("the key has {len} bytes, but a key has at least 16")]
    Length {
        /// The number of bytes.
        len: usize,
    },
    /// The text is a row of asterisks: a tool had redacted the key before it was copied.
    #[error(
        "the key is a row of `*`: the tool that printed it has redacted it; copy the key from its source"
    )]
    Redacted,
}

impl KeyError {
    /// Returns a code for logs and counters that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Base64 => "key-base64",
            Self::Length { .. } => "key-length",
            Self::Redacted => "key-redacted",
        }
    }
}

impl<S, K: StreamKey> ServiceKey<S, K> {
    fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() < MIN {
            return Err(KeyError::Length { len: bytes.len() });
        }
        Ok(Self { key: K::from_bytes(bytes), service: PhantomData })
    }

    /// Decodes a key from base64. A key of Event Hubs and Service Bus is the text itself, except for signers that decode
    /// it, such as version 1 of the Python client of Event Hubs.
    ///
    /// # Errors
    /// [`KeyError`] if the text is not canonical, padded base64 of at least 16 bytes.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        let mut buffer = [0; LONGEST];
        let key = match Base64::decode(text, &mut buffer) {
            Ok(bytes) => Self::from_bytes(bytes),
            Err(_) if is_redacted(text) => Err(KeyError::Redacted),
            Err(_) => Err(KeyError::Base64),
        };
        buffer.as_mut_slice().zeroize();
        key
    }

    pub(crate) const fn mac(&self) -> &K {
        &self.key
    }
}

/// Returns whether a text is asterisks only.
fn is_redacted(text: &str) -> bool {
    !text.is_empty() && text.bytes().fold(0, |others, byte| others | (byte ^ b'*')) == 0
}

impl<K: StreamKey> ServiceKey<kind::ServiceBus, K> {
    /// Takes the text of a policy's key. It is not decoded: its UTF-8 bytes are the key.
    ///
    /// # Errors
    /// [`KeyError`] if the text has fewer than 16 bytes, or is all `*`.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        if is_redacted(text) { Err(KeyError::Redacted) } else { Self::from_bytes(text.as_bytes()) }
    }
}

impl<S, K> fmt::Debug for ServiceKey<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKey(redacted)")
    }
}
