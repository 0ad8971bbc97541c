//! A token of an HSM, by PKCS #11: its keys sign there and cannot be read.

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use der::asn1::{ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode, Encode};
use hubward_core::{Digest, Tag};
use hubward_ring::Digests;

/// The head of the SubjectPublicKeyInfo of a P-256 key, before its point (RFC 5480 2).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, //
    6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0,
];
const PRIME256V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

type Result<T> = core::result::Result<T, Box<dyn core::error::Error>>;

/// A session at a token, logged in as its user.
pub struct Hsm {
    session: Session,
}

impl Hsm {
    /// Opens the token with this label.
    pub fn open(module: &str, label: &str, pin: String) -> Result<Self> {
        let pkcs11 = Pkcs11::new(module)?;
        pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
        for slot in pkcs11.get_slots_with_initialized_token()? {
            if pkcs11.get_token_info(slot)?.label() == label {
                let session = pkcs11.open_rw_session(slot)?;
                session.login(UserType::User, Some(&AuthPin::new(pin.into())))?;
                return Ok(Self { session });
            }
        }
        Err(format!("no token has the label {label:?}").into())
    }

    /// Returns the CA's key of this label: its private half and the DER of its SubjectPublicKeyInfo. Generates a P-256 key
    /// if the HSM has no such key.
    pub fn signing_key(&self, label: &str) -> Result<(ObjectHandle, Vec<u8>)> {
        let labelled = |class| [Attribute::Class(class), Attribute::Label(label.into())];
        let find = |class| Ok::<_, Error>(self.session.find_objects(&labelled(class))?.first().copied());
        let (public, private) = match (find(ObjectClass::PUBLIC_KEY)?, find(ObjectClass::PRIVATE_KEY)?) {
            (Some(public), Some(private)) => (public, private),
            _ => {
                let of_public = [
                    Attribute::Token(true),
                    Attribute::Label(label.into()),
                    Attribute::EcParams(PRIME256V1.to_der()?),
                    Attribute::Verify(true),
                ];
                let of_private = [
                    Attribute::Token(true),
                    Attribute::Private(true),
                    Attribute::Sensitive(true),
                    Attribute::Extractable(false),
                    Attribute::Label(label.into()),
                    Attribute::Sign(true),
                ];
                self.session.generate_key_pair(&Mechanism::EccKeyPairGen, &of_public, &of_private)?
            }
        };
        // the point is the DER of an OCTET STRING (PKCS #11 3.0, 2.3.3)
        let attributes = self.session.get_attributes(public, &[AttributeType::EcPoint])?;
        let Some(Attribute::EcPoint(point)) = attributes.first() else {
            return Err("the HSM does not tell the public key".into());
        };
        let point = <&OctetStringRef>::from_der(point)?.as_bytes();
        Ok((private, [&P256, point].concat()))
    }

    /// Signs with a P-256 key by ECDSA with SHA-256, and returns the signature as certificates have it (RFC 3279 2.2.3).
    pub fn sign(&self, key: ObjectHandle, message: &[u8]) -> Result<Vec<u8>> {
        // not every HSM digests by itself
        let made = self.session.sign(&Mechanism::Ecdsa, key, &Digests.sha256(message))?;
        let (r, s) = made.split_at_checked(32).ok_or("the HSM's signature is too short")?;
        Ok([UintRef::new(r)?, UintRef::new(s)?].to_der()?)
    }

    /// Imports a device's symmetric key, which cannot be read afterwards.
    pub fn import_key(&self, label: &str, key: &[u8]) -> Result<ObjectHandle> {
        Ok(self.session.create_object(&[
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::GENERIC_SECRET),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Label(label.into()),
            Attribute::Sign(true),
            Attribute::Value(key.into()),
        ])?)
    }

    /// Computes the HMAC-SHA256 of a token.
    pub fn tag(&self, key: ObjectHandle, message: &[u8]) -> Result<Tag> {
        let tag = self.session.sign(&Mechanism::Sha256Hmac, key, message)?;
        Ok(Tag::new(tag.as_slice().try_into()?))
    }

    /// Returns whether the HSM gives away a key.
    pub fn gives_away(&self, key: ObjectHandle) -> bool {
        let read = self.session.get_attributes(key, &[AttributeType::Value]);
        read.is_ok_and(|found| found.iter().any(|one| matches!(one, Attribute::Value(value) if !value.is_empty())))
    }
}
