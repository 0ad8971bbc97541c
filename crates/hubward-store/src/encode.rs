//! Rows of the records of a registry.

use hubward::registry::{AuthenticationView, NoEntropy, PolicyView, RecordView};
use hubward::types::{MacKey, Status, SymmetricKey, Thumbprint};

use crate::detail::Detail;
use crate::row::{Kind, Proof, Row, RowKey};
use crate::seal::{SealedPlace, Sealer};

/// The reason why a record cannot be written as a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The registry has a key without the symmetric key that it was made of.
    #[error("the registry does not have the symmetric key to write")]
    KeyNotKept,
    /// There are no random bytes for a nonce.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// Returns the row of an identity's record, with its keys sealed.
///
/// # Errors
/// [`EncodeError`] if a key cannot be sealed.
pub fn identity_row<K: MacKey>(
    view: &RecordView<'_, K>,
    sealer: &Sealer,
) -> Result<Row<'static>, EncodeError> {
    let name = RowKey::of(&view.identity()).map_or("".into(), |key| key.name);
    let numbers = view.numbers();
    let module = view.is_module();
    let detail = Detail {
        iot_edge: !module && view.capabilities().iot_edge,
        status_reason: view.status_reason().map(Into::into),
        generation_id: view.given_generation_id().map(Into::into),
        device_scope: view.device_scope().map(|scope| scope.as_str().into()),
        parent_scopes: view.parent_scopes().iter().map(|scope| scope.as_str().into()).collect(),
    };
    let mut row = Row {
        etag: numbers.etag,
        generation: numbers.generation,
        primary_version: numbers.primary,
        secondary_version: numbers.secondary,
        enabled: module || view.status() == Status::Enabled,
        detail: detail.text().into(),
        ..Row::new(Kind::Identity, &name)
    }
    .into_owned();
    match view.authentication() {
        AuthenticationView::Sas(keys) => {
            let secondary = keys.keys().secondary().map(|_| keys.expose_secondary());
            seal_keys(&mut row, keys.expose_primary(), secondary, sealer)?;
        }
        AuthenticationView::SelfSigned(thumbprints) => {
            row.proof = Proof::Thumbprints;
            let bytes = |print: &Thumbprint| print.as_bytes().to_vec().into();
            row.primary = thumbprints.primary().map(bytes);
            row.secondary = thumbprints.secondary().map(bytes);
        }
        AuthenticationView::CertificateAuthority => row.proof = Proof::CertificateAuthority,
        _ => row.proof = Proof::None,
    }
    Ok(row)
}

/// Returns the row of a policy, with its keys sealed.
///
/// # Errors
/// [`EncodeError`] if a key cannot be sealed.
pub fn policy_row<K: MacKey>(view: &PolicyView<'_, K>, sealer: &Sealer) -> Result<Row<'static>, EncodeError> {
    let version = view.version();
    let mut row = Row {
        etag: version.keys(),
        generation: version.generation(),
        primary_version: version.keys(),
        secondary_version: version.keys(),
        rights: view.rights().bits(),
        ..Row::new(Kind::Policy, view.name().as_str())
    }
    .into_owned();
    let keys = view.keys();
    let secondary = keys.keys().secondary().map(|_| keys.expose_secondary());
    seal_keys(&mut row, keys.expose_primary(), secondary, sealer)?;
    Ok(row)
}

fn seal_keys(
    row: &mut Row<'static>,
    primary: Option<SymmetricKey>,
    secondary: Option<Option<SymmetricKey>>,
    sealer: &Sealer,
) -> Result<(), EncodeError> {
    let seal = |key: Option<SymmetricKey>, secondary, version| {
        let place =
            SealedPlace { kind: row.kind, name: &row.name, secondary, generation: row.generation, version };
        Ok::<_, EncodeError>(sealer.seal(&key.ok_or(EncodeError::KeyNotKept)?, &place)?)
    };
    let primary = seal(primary, false, row.primary_version)?;
    let secondary = secondary.map(|key| seal(key, true, row.secondary_version)).transpose()?;
    row.proof = Proof::Keys;
    (row.primary, row.secondary) = (Some(primary.into()), secondary.map(Into::into));
    Ok(())
}
