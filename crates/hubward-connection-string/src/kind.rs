//! [`ConnectionStringKind`]: the kinds of connection strings and the fields of each.

use core::fmt;

use crate::field::FieldName;

/// A kind of connection string.
///
/// ```
/// use hubward_connection_string::{FieldName, ConnectionStringKind};
///
/// assert!(ConnectionStringKind::Device.has(FieldName::DeviceId) && !ConnectionStringKind::Service.has(FieldName::DeviceId));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionStringKind {
    /// A service with a policy of a hub or of a provisioning service.
    Service,
    /// A device.
    Device,
    /// A module.
    Module,
    /// An Event Hubs or Service Bus namespace, or an entity in it.
    ServiceBus,
    /// A storage account.
    Storage,
    /// A Cosmos DB account.
    Cosmos,
}

impl ConnectionStringKind {
    /// Returns the kind that a string with these fields appears to be, by its most distinctive field.
    pub(crate) fn from_fields(has: impl Fn(FieldName) -> bool) -> Option<Self> {
        /// The most distinctive fields first, and fields of more than one kind last.
        const DISTINCTIVE: [(FieldName, ConnectionStringKind); 26] = [
            (FieldName::ModuleId, ConnectionStringKind::Module),
            (FieldName::DeviceId, ConnectionStringKind::Device),
            (FieldName::HostName, ConnectionStringKind::Service),
            (FieldName::AccountEndpoint, ConnectionStringKind::Cosmos),
            (FieldName::Endpoint, ConnectionStringKind::ServiceBus),
            (FieldName::EntityPath, ConnectionStringKind::ServiceBus),
            (FieldName::UseDevelopmentEmulator, ConnectionStringKind::ServiceBus),
            (FieldName::UseDevelopmentStorage, ConnectionStringKind::Storage),
            (FieldName::DevelopmentStorageProxyUri, ConnectionStringKind::Storage),
            (FieldName::DefaultEndpointsProtocol, ConnectionStringKind::Storage),
            (FieldName::AccountName, ConnectionStringKind::Storage),
            (FieldName::BlobEndpoint, ConnectionStringKind::Storage),
            (FieldName::QueueEndpoint, ConnectionStringKind::Storage),
            (FieldName::TableEndpoint, ConnectionStringKind::Storage),
            (FieldName::FileEndpoint, ConnectionStringKind::Storage),
            (FieldName::BlobSecondaryEndpoint, ConnectionStringKind::Storage),
            (FieldName::QueueSecondaryEndpoint, ConnectionStringKind::Storage),
            (FieldName::TableSecondaryEndpoint, ConnectionStringKind::Storage),
            (FieldName::FileSecondaryEndpoint, ConnectionStringKind::Storage),
            (FieldName::EndpointSuffix, ConnectionStringKind::Storage),
            (FieldName::Database, ConnectionStringKind::Cosmos),
            (FieldName::AccountKey, ConnectionStringKind::Storage),
            (FieldName::GatewayHostName, ConnectionStringKind::Device),
            (FieldName::X509, ConnectionStringKind::Device),
            (FieldName::SharedAccessKeyName, ConnectionStringKind::Service),
            (FieldName::SharedAccessKey, ConnectionStringKind::Service),
        ];
        DISTINCTIVE.into_iter().find(|(field, _)| has(*field)).map(|(_, kind)| kind)
    }

    /// Returns whether a string of this kind may have that field.
    #[must_use]
    pub const fn has(self, field: FieldName) -> bool {
        match self {
            Self::Service => matches!(
                field,
                FieldName::HostName
                    | FieldName::SharedAccessKeyName
                    | FieldName::SharedAccessKey
                    | FieldName::SharedAccessSignature
                    | FieldName::GatewayHostName
            ),
            Self::Device => {
                matches!(field, FieldName::DeviceId | FieldName::X509) || Self::Service.has(field)
            }
            Self::Module => matches!(field, FieldName::ModuleId) || Self::Device.has(field),
            Self::ServiceBus => matches!(
                field,
                FieldName::Endpoint
                    | FieldName::SharedAccessKeyName
                    | FieldName::SharedAccessKey
                    | FieldName::SharedAccessSignature
                    | FieldName::EntityPath
                    | FieldName::UseDevelopmentEmulator
            ),
            Self::Storage => matches!(
                field,
                FieldName::UseDevelopmentStorage
                    | FieldName::DevelopmentStorageProxyUri
                    | FieldName::DefaultEndpointsProtocol
                    | FieldName::AccountName
                    | FieldName::AccountKey
                    | FieldName::SharedAccessSignature
                    | FieldName::BlobEndpoint
                    | FieldName::QueueEndpoint
                    | FieldName::TableEndpoint
                    | FieldName::FileEndpoint
                    | FieldName::BlobSecondaryEndpoint
                    | FieldName::QueueSecondaryEndpoint
                    | FieldName::TableSecondaryEndpoint
                    | FieldName::FileSecondaryEndpoint
                    | FieldName::EndpointSuffix
            ),
            Self::Cosmos => {
                matches!(field, FieldName::AccountEndpoint | FieldName::AccountKey | FieldName::Database)
            }
        }
    }
}

impl fmt::Display for ConnectionStringKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "service string",
            Self::Device => "device string",
            Self::Module => "module string",
            Self::ServiceBus => "Service Bus string",
            Self::Storage => "storage string",
            Self::Cosmos => "Cosmos DB string",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distinctive_field_belongs_to_its_kind() {
        for field in FieldName::ALL {
            // `SharedAccessSignature` belongs to several kinds and determines none
            match ConnectionStringKind::from_fields(|has| has == field) {
                Some(kind) => assert!(kind.has(field), "{field}"),
                None => assert_eq!(field, FieldName::SharedAccessSignature),
            }
        }
    }
}
