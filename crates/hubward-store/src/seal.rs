//! Keys at rest: each one is sealed under a key that the gateways hold and the database does not.

use core::fmt;

use hubward::registry::NoEntropy;
use hubward::types::{Aead, SymmetricKey};
use zeroize::Zeroizing;

use crate::row::Kind;

/// The form of a sealed key.
const FORM: u8 = 1;
/// Bytes before the ciphertext: the form, the key id, the nonce.
const HEAD: usize = 1 + 4 + 12;
/// Bytes of the tag.
const TAG: usize = 16;

/// A key of a row, which a sealed value is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a sealed key is bound to these")]
pub struct SealedPlace<'p> {
    /// The kind of the row.
    pub kind: Kind,
    /// The name of the row.
    pub name: &'p str,
    /// The secondary key, not the primary one.
    pub secondary: bool,
    /// The number of the row's creation.
    pub generation: u64,
    /// The version of the key.
    pub version: u64,
}

/// The reason why a sealed key was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealedKeyError {
    /// The key that sealed it is not in the key file.
    #[error("it was sealed under key {id:08x}, which is not in the registry's key file")]
    UnknownKey {
        /// The id of the key.
        id: u32,
    },
    /// It was altered, or moved from another row, slot, version or hub.
    #[error("it is not authentic: altered, or of another row, slot, version or hub")]
    NotAuthentic,
    /// It is not a sealed key.
    #[error("it is not a sealed key")]
    Malformed,
}

/// The keys that seal the symmetric keys of rows, for one hub.
///
/// New values are sealed under the first key; the other keys open older values. A nonce is 12 random bytes, so that
/// gateways need not agree: replace the key before it has sealed 2^32 values.
pub struct Sealer {
    hub: Box<str>,
    keys: Vec<(u32, Box<dyn Aead>)>,
    entropy: fn(&mut [u8]) -> Result<(), NoEntropy>,
}

impl Sealer {
    /// Takes the name of the hub, the key that seals, and a source of random bytes.
    ///
    /// ```
    /// use hubward_ring::AeadKey;
    /// use hubward_store::Sealer;
    ///
    /// # fn random(buffer: &mut [u8]) -> Result<(), hubward::registry::NoEntropy> { buffer.fill(7); Ok(()) }
    /// let sealer = Sealer::new("hub.example", Box::new(AeadKey::new(&[2; 32])), random)
    ///     .with_former(Box::new(AeadKey::new(&[1; 32])));
    /// assert_ne!(sealer.key_id(), 0);
    /// ```
    #[must_use]
    pub fn new(hub: &str, current: Box<dyn Aead>, entropy: fn(&mut [u8]) -> Result<(), NoEntropy>) -> Self {
        // host names are compared without case
        Self { hub: hub.to_ascii_lowercase().into(), keys: vec![(key_id(&*current), current)], entropy }
    }

    /// Adds a key that only opens, for values that were sealed before the key was replaced.
    #[must_use]
    pub fn with_former(mut self, key: Box<dyn Aead>) -> Self {
        self.keys.push((key_id(&*key), key));
        self
    }

    /// Reads a key file: each line is a key of 32 bytes in base64, the current one first. `make` makes a key ready for
    /// use. Returns `None` for another content.
    #[must_use]
    pub fn from_key_file<A: Aead + 'static>(
        hub: &str,
        text: &str,
        make: impl Fn(&[u8; 32]) -> A,
        entropy: fn(&mut [u8]) -> Result<(), NoEntropy>,
    ) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut keys = lines.map(|line| {
            let key = SymmetricKey::from_base64(line).ok()?;
            Some(Box::new(make(key.expose().try_into().ok()?)))
        });
        let sealer = Self::new(hub, keys.next()??, entropy);
        keys.try_fold(sealer, |sealer, key| Some(sealer.with_former(key?)))
    }

    /// Returns the content of a new key file: one random key, on a line.
    ///
    /// ```
    /// use hubward_ring::AeadKey;
    /// use hubward_store::Sealer;
    ///
    /// # fn random(buffer: &mut [u8]) -> Result<(), hubward::registry::NoEntropy> { buffer.fill(7); Ok(()) }
    /// let text = Sealer::new_key_file(random)?;
    /// assert!(Sealer::from_key_file("hub.example", &text, AeadKey::new, random).is_some());
    /// # Ok::<(), hubward::registry::NoEntropy>(())
    /// ```
    ///
    /// # Errors
    /// [`NoEntropy`] if there is no randomness.
    pub fn new_key_file(
        entropy: fn(&mut [u8]) -> Result<(), NoEntropy>,
    ) -> Result<Zeroizing<String>, NoEntropy> {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy(&mut *bytes)?;
        // 32 bytes are a valid key length
        let key = SymmetricKey::from_bytes(&*bytes).map_err(|_| NoEntropy)?;
        let mut text = Zeroizing::new([0; 88]);
        Ok(Zeroizing::new(format!("{}\n", key.expose_base64(&mut text))))
    }

    /// Returns the id of the key that seals. It is derived from the key and reveals nothing of it.
    #[must_use]
    pub fn key_id(&self) -> u32 {
        self.keys.first().map_or(0, |(id, _)| *id)
    }

    /// Returns the id of the key that sealed a value.
    #[must_use]
    pub fn id_of(sealed: &[u8]) -> Option<u32> {
        match sealed {
            [FORM, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
            _ => None,
        }
    }

    /// Returns the source of random bytes.
    #[must_use]
    pub fn entropy(&self) -> fn(&mut [u8]) -> Result<(), NoEntropy> {
        self.entropy
    }

    /// Seals a key for its place.
    ///
    /// # Errors
    /// [`NoEntropy`] if there is no nonce.
    pub fn seal(&self, key: &SymmetricKey, place: &SealedPlace<'_>) -> Result<Vec<u8>, NoEntropy> {
        let (id, aead) = self.keys.first().ok_or(NoEntropy)?;
        let mut nonce = [0; 12];
        (self.entropy)(&mut nonce)?;
        let mut message = Zeroizing::new(key.expose().to_vec());
        // a symmetric key is far shorter than an AEAD's longest message
        let tag = aead.seal(&nonce, &self.associated(place), &mut message).map_err(|_| NoEntropy)?;
        let mut sealed = Vec::with_capacity(HEAD.saturating_add(message.len()).saturating_add(TAG));
        sealed.push(FORM);
        sealed.extend(id.to_be_bytes());
        sealed.extend(nonce);
        sealed.extend(message.iter());
        sealed.extend(tag);
        Ok(sealed)
    }

    /// Opens a sealed key.
    ///
    /// # Errors
    /// [`SealedKeyError`] if it was not sealed for this place under one of the keys.
    pub fn open(&self, sealed: &[u8], place: &SealedPlace<'_>) -> Result<SymmetricKey, SealedKeyError> {
        let id = Self::id_of(sealed).ok_or(SealedKeyError::Malformed)?;
        let (head, message) = sealed.split_at_checked(HEAD).ok_or(SealedKeyError::Malformed)?;
        let nonce: &[u8; 12] = head.last_chunk().ok_or(SealedKeyError::Malformed)?;
        // two keys may have one id
        let mut known = self.keys.iter().filter(|(known, _)| *known == id).peekable();
        known.peek().ok_or(SealedKeyError::UnknownKey { id })?;
        let associated = self.associated(place);
        let mut buffer = Zeroizing::new([0; 64 + TAG]);
        known
            .find_map(|(_, aead)| {
                let buffer = buffer.get_mut(..message.len())?;
                buffer.copy_from_slice(message);
                let key = aead.open(nonce, &associated, buffer).ok()?;
                SymmetricKey::from_bytes(key).ok()
            })
            .ok_or(SealedKeyError::NotAuthentic)
    }

    /// Returns the bytes that a sealed key is bound to. Each text follows its length, so that no two places have the
    /// same bytes.
    fn associated(&self, place: &SealedPlace<'_>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(384);
        bytes.extend(b"hubward key\0");
        for text in [&*self.hub, place.name] {
            bytes.extend(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes.extend([place.kind.number(), u8::from(place.secondary)]);
        bytes.extend(place.generation.to_be_bytes());
        bytes.extend(place.version.to_be_bytes());
        bytes
    }
}

/// Derives the id of a key: a part of the tag of an empty message. No value is sealed under this nonce, except with the
/// probability of a random nonce.
fn key_id(key: &dyn Aead) -> u32 {
    match key.seal(&[0; 12], b"hubward key id\0", &mut []) {
        Ok([a, b, c, d, ..]) => u32::from_be_bytes([a, b, c, d]),
        Err(_) => 0,
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.keys.iter().map(|(id, _)| format!("{id:08x}")).collect();
        f.debug_struct("Sealer").field("hub", &self.hub).field("keys", &ids).finish_non_exhaustive()
    }
}
