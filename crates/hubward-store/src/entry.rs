//! A row with its keys opened and ready for use: it is prepared outside of the lock of an index, and applied inside.

use std::borrow::Cow;

use hubward::registry::{
    Authentication, Capabilities, Change, DeviceScope, GenerationId, RecordNumbers, Registry, RegistryError,
    StatusReason, SymmetricKeys, Thumbprints,
};
use hubward::types::{
    Identity, MacKey, Permissions, PolicyName, RecordVersion, Status, SymmetricKey, Thumbprint,
};

use crate::detail::Detail;
use crate::list_row::{AllowRows, ListRow};
use crate::row::{Kind, Proof, Row, RowKey, identity};
use crate::seal::{SealedKeyError, SealedPlace, Sealer};

/// The reason why a row is not used as it is. An identity with such a row has no credential, and a policy none either. An
/// enrollment with such a row denies the devices that match it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The name is not valid.
    #[error("its name is not valid")]
    Name,
    /// The name of an enrollment group is not valid. The group denies: devices below its certificates are refused.
    #[error("its name is not valid: devices below its certificates are refused")]
    GroupName,
    /// The name of an enrollment group is not valid, and nothing can match it: no index has the group.
    #[error("its name is not valid, and no device can match it: it has no effect")]
    UnmatchedGroup,
    /// A key was not opened.
    #[error("a key: {0}")]
    Key(#[from] SealedKeyError),
    /// The thumbprints, the credential or the permissions are not valid.
    #[error("its credential or its permissions are not valid")]
    Credential,
    /// The attributes are not an object of JSON with known fields.
    #[error("its attributes are not valid")]
    Detail,
    /// A module's device does not exist.
    #[error("it cannot be put into the registry: {0}")]
    Registry(#[from] RegistryError),
}

/// A row that is ready to be applied.
#[derive(Debug)]
pub struct Entry<K> {
    key: RowKey,
    deleted: bool,
    content: Option<Content<K>>,
}

#[derive(Debug)]
enum Content<K> {
    Identity { authentication: Authentication<K>, rest: Change<K>, numbers: RecordNumbers },
    Policy { rights: Permissions, keys: SymmetricKeys<K>, version: RecordVersion },
}

/// The sessions that a change may be about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a caller wakes each of them")]
pub enum Affected {
    /// Those of a device and of its modules.
    Device(Box<str>),
    /// Those that a policy's key opened.
    Policy(Box<str>),
    /// All: a group, an issuer or an allow list changed.
    All,
    /// None.
    Nothing,
}

impl<K: MacKey> Entry<K> {
    /// Opens the keys of a row and prepares them with `make`.
    ///
    /// A row that cannot be used becomes an entry that denies, and the reason is returned for a report.
    pub fn read(
        row: &Row<'_>,
        sealer: &Sealer,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> (Self, Option<RowError>) {
        let key = row.key();
        if row.deleted {
            return (Self { key, deleted: true, content: None }, None);
        }
        let content = match row.kind {
            Kind::Identity => identity_content(row, sealer, &make).map(Some),
            Kind::Policy => policy_content(row, sealer, &make).map(Some),
            _ => Ok(None),
        };
        match content {
            Ok(content) => (Self { key, deleted: false, content }, None),
            Err(error) => (Self { content: denied(row), deleted: false, key }, Some(error)),
        }
    }

    /// Returns the key of the row.
    #[must_use]
    pub const fn key(&self) -> &RowKey {
        &self.key
    }
}

/// The state of an index besides its registry. It lasts as long as the registry.
#[derive(Debug, Default)]
pub struct Applier(AllowRows);

impl Applier {
    /// Creates the state of an empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies an entry to the registry, and returns the sessions that it may be about.
    ///
    /// # Errors
    /// [`RowError`] if the row is not part of a registry. What the registry had under its name is removed.
    pub fn apply<K: MacKey>(
        &mut self,
        entry: Entry<K>,
        registry: &mut Registry<K>,
    ) -> (Affected, Option<RowError>) {
        let Entry { key, deleted, content } = entry;
        match key.kind {
            Kind::Identity => {
                let Some(identity) = identity(&key.name) else { return (Affected::Nothing, None) };
                let device = identity.device().map_or("", |id| id.as_str());
                let done = match content {
                    Some(Content::Identity { authentication, rest, numbers }) => {
                        registry.restore(identity, authentication, rest, numbers)
                    }
                    _ => Err(RegistryError::NotFound),
                };
                if done.is_err() {
                    // a tombstone, or a row that is denied; it may not exist here
                    let _ = registry.delete(identity, hubward::registry::Precondition::Any);
                }
                let error = done.err().filter(|_| !deleted).map(RowError::Registry);
                (Affected::Device(device.into()), error)
            }
            Kind::Policy => {
                let Ok(name) = PolicyName::parse(&key.name) else { return (Affected::Nothing, None) };
                match content {
                    Some(Content::Policy { rights, keys, version }) => {
                        registry.restore_policy(name, rights, keys, version);
                    }
                    _ => drop(registry.delete_policy(name)),
                }
                (Affected::Policy(key.name), None)
            }
            Kind::ListEntry | Kind::Member => {
                let Some(row) = ListRow::parse(key.kind, &key.name) else {
                    return (Affected::Nothing, Some(RowError::Name).filter(|_| !deleted));
                };
                self.0.apply(&key.name, &row, deleted, registry.access_mut());
                (affected(&row), None)
            }
            // of the provisioning service, which has an index of its own
            _ => (Affected::Nothing, None),
        }
    }
}

fn affected(row: &ListRow<'_>) -> Affected {
    use hubward::registry::ListEntry;
    match row {
        ListRow::Block(ListEntry::Identity(identity))
        | ListRow::Allow(ListEntry::Identity(identity))
        | ListRow::Member(_, identity) => {
            identity.device().map_or(Affected::All, |id| Affected::Device(id.as_str().into()))
        }
        _ => Affected::All,
    }
}

/// Returns the content that denies: the identity stays known, without a credential.
fn denied<K: MacKey>(row: &Row<'_>) -> Option<Content<K>> {
    let numbers = numbers(row);
    identity(&row.name).filter(|_| row.kind == Kind::Identity).map(|identity| Content::Identity {
        authentication: Authentication::None,
        rest: match identity {
            Identity::Module(..) => Change::new(),
            _ => Change::new().with_status(Status::Disabled),
        },
        numbers,
    })
}

fn numbers(row: &Row<'_>) -> RecordNumbers {
    RecordNumbers {
        etag: row.etag,
        generation: row.generation,
        primary: row.primary_version,
        secondary: row.secondary_version,
    }
}

fn identity_content<K: MacKey>(
    row: &Row<'_>,
    sealer: &Sealer,
    make: &impl Fn(&SymmetricKey) -> K,
) -> Result<Content<K>, RowError> {
    let identity = identity(&row.name).ok_or(RowError::Name)?;
    let authentication = match row.proof {
        Proof::None => Authentication::None,
        Proof::CertificateAuthority => Authentication::CertificateAuthority,
        Proof::Thumbprints => {
            let primary = row.primary.as_deref().map(thumbprint).transpose()?;
            let secondary = row.secondary.as_deref().map(thumbprint).transpose()?;
            let thumbprints = Thumbprints::new(primary, secondary).map_err(|_| RowError::Credential)?;
            Authentication::SelfSigned(thumbprints)
        }
        Proof::Keys => Authentication::Sas(keys(row, sealer, make)?),
        Proof::Tpm => return Err(RowError::Credential),
    };
    let rest = rest(row, matches!(identity, Identity::Module(..)))?;
    Ok(Content::Identity { authentication, rest, numbers: numbers(row) })
}

fn rest<K: MacKey>(row: &Row<'_>, module: bool) -> Result<Change<K>, RowError> {
    let detail = Detail::parse(&row.detail).ok_or(RowError::Detail)?;
    let mut rest = Change::new();
    if let Some(id) = detail.generation_id {
        rest = rest.with_generation_id(GenerationId::new(&id).map_err(|_| RowError::Detail)?);
    }
    // a module has its device's status
    if module {
        return Ok(rest);
    }
    let scope = |text: Cow<'_, str>| DeviceScope::new(&text).map_err(|_| RowError::Detail);
    let reason = |text: Cow<'_, str>| StatusReason::new(&text).map_err(|_| RowError::Detail);
    rest = rest
        .with_status(if row.enabled { Status::Enabled } else { Status::Disabled })
        .with_capabilities(if detail.iot_edge { Capabilities::EDGE } else { Capabilities::default() })
        .with_status_reason(detail.status_reason.map(reason).transpose()?)
        .with_device_scope(detail.device_scope.map(scope).transpose()?);
    let parents = detail.parent_scopes.into_iter().map(scope).collect::<Result<Vec<_>, _>>()?;
    Ok(rest.with_parent_scopes(parents))
}

fn policy_content<K: MacKey>(
    row: &Row<'_>,
    sealer: &Sealer,
    make: &impl Fn(&SymmetricKey) -> K,
) -> Result<Content<K>, RowError> {
    PolicyName::parse(&row.name).map_err(|_| RowError::Name)?;
    let rights = Permissions::from_bits(row.rights).ok_or(RowError::Credential)?;
    let version = RecordVersion::new(row.generation, row.primary_version);
    Ok(Content::Policy { rights, keys: keys(row, sealer, make)?, version })
}

fn keys<K: MacKey>(
    row: &Row<'_>,
    sealer: &Sealer,
    make: impl Fn(&SymmetricKey) -> K,
) -> Result<SymmetricKeys<K>, RowError> {
    let open = |sealed: &[u8], secondary, version| {
        let place =
            SealedPlace { kind: row.kind, name: &row.name, secondary, generation: row.generation, version };
        sealer.open(sealed, &place)
    };
    let primary = row.primary.as_deref().ok_or(RowError::Credential)?;
    let primary = open(primary, false, row.primary_version)?;
    Ok(match &row.secondary {
        Some(secondary) => SymmetricKeys::kept(primary, open(secondary, true, row.secondary_version)?, make),
        None => SymmetricKeys::kept_one(primary, make),
    })
}

pub(crate) fn thumbprint(bytes: &[u8]) -> Result<Thumbprint, RowError> {
    match (bytes.try_into(), bytes.try_into()) {
        (Ok(bytes), _) => Ok(Thumbprint::Sha256(bytes)),
        (_, Ok(bytes)) => Ok(Thumbprint::Sha1(bytes)),
        _ => Err(RowError::Credential),
    }
}
