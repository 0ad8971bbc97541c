//! [`Kind`]: the kinds of connection strings and the fields of each.

use core::fmt;

use crate::field::Field;

/// A kind of connection string.
///
/// ```
/// use hubward_connection_string::{Field, Kind};
///
/// assert!(Kind::Device.has(Field::DeviceId) && !Kind::Service.has(Field::DeviceId));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
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

impl Kind {
    /// Returns the kind that a string with these fields appears to be, by its most distinctive field.
    pub(crate) fn from_fields(has: impl Fn(Field) -> bool) -> Option<Self> {
        /// The most distinctive fields first, and fields of more than one kind last.
        const DISTINCTIVE: [(Field, Kind); 26] = [
            (Field::ModuleId, Kind::Module),
            (Field::DeviceId, Kind::Device),
            (Field::HostName, Kind::Service),
            (Field::AccountEndpoint, Kind::Cosmos),
            (Field::Endpoint, Kind::ServiceBus),
            (Field::EntityPath, Kind::ServiceBus),
            (Field::UseDevelopmentEmulator, Kind::ServiceBus),
            (Field::UseDevelopmentStorage, Kind::Storage),
            (Field::DevelopmentStorageProxyUri, Kind::Storage),
            (Field::DefaultEndpointsProtocol, Kind::Storage),
            (Field::AccountName, Kind::Storage),
            (Field::BlobEndpoint, Kind::Storage),
            (Field::QueueEndpoint, Kind::Storage),
            (Field::TableEndpoint, Kind::Storage),
            (Field::FileEndpoint, Kind::Storage),
            (Field::BlobSecondaryEndpoint, Kind::Storage),
            (Field::QueueSecondaryEndpoint, Kind::Storage),
            (Field::TableSecondaryEndpoint, Kind::Storage),
            (Field::FileSecondaryEndpoint, Kind::Storage),
            (Field::EndpointSuffix, Kind::Storage),
            (Field::Database, Kind::Cosmos),
            (Field::AccountKey, Kind::Storage),
            (Field::GatewayHostName, Kind::Device),
            (Field::X509, Kind::Device),
            (Field::SharedAccessKeyName, Kind::Service),
            (Field::SharedAccessKey, Kind::Service),
        ];
        DISTINCTIVE.into_iter().find(|(field, _)| has(*field)).map(|(_, kind)| kind)
    }

    /// Returns whether a string of this kind may have that field.
    #[must_use]
    pub const fn has(self, field: Field) -> bool {
        match self {
            Self::Service => matches!(
                field,
                Field::HostName
                    | Field::SharedAccessKeyName
                    | Field::SharedAccessKey
                    | Field::SharedAccessSignature
                    | Field::GatewayHostName
            ),
            Self::Device => matches!(field, Field::DeviceId | Field::X509) || Self::Service.has(field),
            Self::Module => matches!(field, Field::ModuleId) || Self::Device.has(field),
            Self::ServiceBus => matches!(
                field,
                Field::Endpoint
                    | Field::SharedAccessKeyName
                    | Field::SharedAccessKey
                    | Field::SharedAccessSignature
                    | Field::EntityPath
                    | Field::UseDevelopmentEmulator
            ),
            Self::Storage => matches!(
                field,
                Field::UseDevelopmentStorage
                    | Field::DevelopmentStorageProxyUri
                    | Field::DefaultEndpointsProtocol
                    | Field::AccountName
                    | Field::AccountKey
                    | Field::SharedAccessSignature
                    | Field::BlobEndpoint
                    | Field::QueueEndpoint
                    | Field::TableEndpoint
                    | Field::FileEndpoint
                    | Field::BlobSecondaryEndpoint
                    | Field::QueueSecondaryEndpoint
                    | Field::TableSecondaryEndpoint
                    | Field::FileSecondaryEndpoint
                    | Field::EndpointSuffix
            ),
            Self::Cosmos => {
                matches!(field, Field::AccountEndpoint | Field::AccountKey | Field::Database)
            }
        }
    }
}

impl fmt::Display for Kind {
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
        for field in Field::ALL {
            // `SharedAccessSignature` belongs to several kinds and determines none
            match Kind::from_fields(|has| has == field) {
                Some(kind) => assert!(kind.has(field), "{field}"),
                None => assert_eq!(field, Field::SharedAccessSignature),
            }
        }
    }
}
