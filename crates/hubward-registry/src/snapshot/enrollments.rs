//! Snapshots of enrollments.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hubward_core::{Aead, DeviceId, MacKey, RegistrationId, Status, SymmetricKey, Thumbprint};
use zeroize::Zeroize;

use super::decode::Content;
use super::encode::{Sink, pair};
use super::envelope::{self, Kind, SnapshotError};
use crate::authentication::Thumbprints;
use crate::enrollment::{Attestation, Derivation, EndorsementKey, Enrollment, Enrollments};
use crate::entropy::Entropy;

impl<K: MacKey> Enrollments<K> {
    /// Seals the enrollments under `key`, as [`Registry::seal`](crate::Registry::seal) does.
    ///
    /// # Errors
    /// [`SnapshotError::KeyNotKept`] if an enrollment has a key without the symmetric key that it was made of;
    /// [`SnapshotError::NoEntropy`]; [`SnapshotError::TooLarge`].
    pub fn seal(
        &self,
        key: &dyn Aead,
        counter: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<Vec<u8>, SnapshotError> {
        envelope::seal(Kind::Enrollments, key, counter, entropy, |out| write(self, out))
    }

    /// Restores sealed enrollments, as [`Registry::open`](crate::Registry::open) does.
    ///
    /// # Errors
    /// [`SnapshotError`] if the snapshot is incomplete, not authentic or too old; nothing is restored then.
    pub fn open(
        mut sealed: Vec<u8>,
        key: &dyn Aead,
        newest: u64,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<Self, SnapshotError> {
        let restored = envelope::open(Kind::Enrollments, &mut sealed, key, newest)
            .and_then(|content| restore(content, make));
        sealed.zeroize();
        restored
    }
}

fn write<K: MacKey>(enrollments: &Enrollments<K>, out: &mut dyn Sink) -> Result<(), SnapshotError> {
    out.flag(enrollments.derivation == Derivation::AsPresentedOrLowerCase);
    write_all(enrollments.individuals.len(), enrollments.individuals(), out)?;
    write_all(enrollments.groups.len(), enrollments.groups(), out)
}

fn write_all<'e, K: MacKey + 'e>(
    count: usize,
    all: impl Iterator<Item = (&'e str, &'e Enrollment<K>)>,
    out: &mut dyn Sink,
) -> Result<(), SnapshotError> {
    out.length(count);
    for (name, enrollment) in all {
        out.text(name.as_bytes());
        out.flag(enrollment.status == Status::Enabled);
        out.optional(enrollment.device_id.as_deref().map(str::as_bytes));
        match &enrollment.attestation {
            Attestation::SymmetricKey(keys) => {
                out.bytes(&[0]);
                pair(keys, out)?;
            }
            Attestation::X509(thumbprints) | Attestation::Issuer(thumbprints) => {
                let by_issuer = matches!(enrollment.attestation, Attestation::Issuer(_));
                out.bytes(&[if by_issuer { 3 } else { 1 }]);
                out.optional(thumbprints.primary().map(Thumbprint::as_bytes));
                out.optional(thumbprints.secondary().map(Thumbprint::as_bytes));
            }
            Attestation::Tpm(endorsement) => {
                out.bytes(&[2]);
                out.text(endorsement.as_bytes());
            }
        }
    }
    Ok(())
}

fn restore<K: MacKey>(
    content: &[u8],
    make: impl Fn(&SymmetricKey) -> K,
) -> Result<Enrollments<K>, SnapshotError> {
    let mut content = Content::new(content);
    let derivation = match content.flag()? {
        true => Derivation::AsPresentedOrLowerCase,
        false => Derivation::AsPresented,
    };
    let mut enrollments = Enrollments::new(derivation);
    content.each(|content| {
        let id = content.text()?;
        let id = content.checked(RegistrationId::parse(id))?;
        enrollments.enroll(id, enrollment(content, &make)?);
        Ok(())
    })?;
    content.each(|content| {
        let name = content.text()?;
        enrollments.enroll_group(name, enrollment(content, &make)?);
        Ok(())
    })?;
    content.end()?;
    Ok(enrollments)
}

fn enrollment<K: MacKey>(
    content: &mut Content<'_>,
    make: impl Fn(&SymmetricKey) -> K,
) -> Result<Enrollment<K>, SnapshotError> {
    let status = if content.flag()? { Status::Enabled } else { Status::Disabled };
    let device_id = content.optional(Content::text)?;
    let device_id = device_id.map(|id| content.checked(DeviceId::parse(id))).transpose()?;
    let attestation = match content.byte()? {
        0 => Attestation::SymmetricKey(content.pair(make)?),
        kind @ (1 | 3) => {
            let primary = content.optional(Content::thumbprint)?;
            let secondary = content.optional(Content::thumbprint)?;
            let thumbprints = content.checked(Thumbprints::new(primary, secondary))?;
            if kind == 3 { Attestation::Issuer(thumbprints) } else { Attestation::X509(thumbprints) }
        }
        2 => {
            let key = content.block()?;
            Attestation::Tpm(content.checked(EndorsementKey::new(key))?)
        }
        _ => return Err(content.bad()),
    };
    Ok(Enrollment { status, attestation, device_id: device_id.map(|id| Box::from(id.as_str())) })
}
