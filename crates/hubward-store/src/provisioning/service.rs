//! The names of the provisioning service, and its policies.

use hubward::policy::provisioning::ProvisioningRights;
use hubward::types::{IdScope, PolicyName, SymmetricKey};
use serde::{Deserialize, Serialize};

use super::row::{open_keys, seal_keys};
use crate::encode::EncodeError;
use crate::entry::RowError;
use crate::row::{Kind, Row, RowKey};
use crate::seal::Sealer;

/// The name of the one row with the names of the service.
const SERVICE: &str = "service";

/// The names of the provisioning service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the service has these names")]
pub struct ServiceRecord {
    /// The id scope.
    pub id_scope: Box<str>,
    /// The host that devices and services connect to.
    pub host: Box<str>,
}

impl ServiceRecord {
    /// Returns the key of its row.
    #[must_use]
    pub fn key() -> RowKey {
        RowKey { kind: Kind::ProvisioningService, name: SERVICE.into() }
    }

    pub(crate) fn read(row: &Row<'_>) -> Result<Self, RowError> {
        if row.name != SERVICE {
            return Err(RowError::Name);
        }
        let record: Self = serde_json::from_str(&row.detail).map_err(|_| RowError::Detail)?;
        IdScope::parse(&record.id_scope).map_err(|_| RowError::Detail)?;
        Ok(record)
    }

    pub(crate) fn row(&self, etag: u64) -> Row<'static> {
        let detail = serde_json::to_string(self).unwrap_or_default();
        Row { etag, detail: detail.into(), ..Row::new(Kind::ProvisioningService, SERVICE) }.into_owned()
    }
}

/// A shared access policy of the provisioning service.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a policy has these parts")]
pub struct ServicePolicyContent {
    /// The name.
    pub name: Box<str>,
    /// The rights.
    pub rights: ProvisioningRights,
    /// The primary key.
    pub primary: SymmetricKey,
    /// The secondary key.
    pub secondary: Option<SymmetricKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyDetail {
    rights: String,
}

impl ServicePolicyContent {
    /// Returns the key of its row.
    #[must_use]
    pub fn key(&self) -> RowKey {
        RowKey { kind: Kind::ProvisioningPolicy, name: self.name.clone() }
    }

    /// Returns whether both say the same.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        let keys = |policy: &Self| {
            let secondary = policy.secondary.as_ref().map(|key| key.expose().to_vec());
            (policy.primary.expose().to_vec(), secondary)
        };
        self.name == other.name && self.rights == other.rights && keys(self) == keys(other)
    }

    pub(crate) fn read(row: &Row<'_>, sealer: &Sealer) -> Result<Self, RowError> {
        PolicyName::parse(&row.name).map_err(|_| RowError::Name)?;
        let detail: PolicyDetail = serde_json::from_str(&row.detail).map_err(|_| RowError::Detail)?;
        let rights = detail.rights.parse().map_err(|_| RowError::Credential)?;
        let (primary, secondary) = open_keys(row, sealer)?;
        Ok(Self { name: (*row.name).into(), rights, primary, secondary })
    }

    pub(crate) fn row(&self, numbers: [u64; 3], sealer: &Sealer) -> Result<Row<'static>, EncodeError> {
        let [etag, generation, version] = numbers;
        let detail = PolicyDetail { rights: self.rights.to_string() };
        let mut row = Row {
            etag,
            generation,
            primary_version: version,
            secondary_version: version,
            detail: serde_json::to_string(&detail).unwrap_or_default().into(),
            ..Row::new(Kind::ProvisioningPolicy, &self.name)
        }
        .into_owned();
        seal_keys(&mut row, &self.primary, self.secondary.as_ref(), sealer)?;
        Ok(row)
    }
}
