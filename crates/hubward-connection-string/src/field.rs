//! [`FieldName`]: the known field names, and the suggestion for a misspelt one.

use core::fmt;

/// A known field. Names are compared without regard to the case of ASCII letters.
///
/// ```
/// use hubward_connection_string::FieldName;
///
/// assert_eq!(FieldName::from_name("hostname"), Some(FieldName::HostName));
/// assert_eq!(FieldName::suggestion("ShareAccessKey"), Some(FieldName::SharedAccessKey));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldName {
    /// The host of the hub or of the provisioning service.
    HostName,
    /// A device's id.
    DeviceId,
    /// The id of a module of the device.
    ModuleId,
    /// A policy's name.
    SharedAccessKeyName,
    /// The key of a device, a module or a policy. A secret.
    SharedAccessKey,
    /// A SAS token, or the signature of a storage account. A secret.
    SharedAccessSignature,
    /// A flag, `x509`: the credential is a certificate, which is not in the string.
    X509,
    /// The host to connect to in place of the hub.
    GatewayHostName,
    /// The URL of an Event Hubs or Service Bus namespace.
    Endpoint,
    /// A queue, topic or event hub.
    EntityPath,
    /// A flag: the endpoint is an emulator of Event Hubs or Service Bus.
    UseDevelopmentEmulator,
    /// A flag: the storage emulator with its fixed account and key.
    UseDevelopmentStorage,
    /// The URL of a proxy to the storage emulator.
    DevelopmentStorageProxyUri,
    /// The protocol of a storage account's endpoints that are not explicit.
    DefaultEndpointsProtocol,
    /// A storage account's name.
    AccountName,
    /// The key of a storage or Cosmos DB account. A secret.
    AccountKey,
    /// An explicit endpoint of blobs.
    BlobEndpoint,
    /// An explicit endpoint of queues.
    QueueEndpoint,
    /// An explicit endpoint of tables.
    TableEndpoint,
    /// An explicit endpoint of files.
    FileEndpoint,
    /// The secondary endpoint of blobs.
    BlobSecondaryEndpoint,
    /// The secondary endpoint of queues.
    QueueSecondaryEndpoint,
    /// The secondary endpoint of tables.
    TableSecondaryEndpoint,
    /// The secondary endpoint of files.
    FileSecondaryEndpoint,
    /// The suffix of a storage account's endpoints that are not explicit.
    EndpointSuffix,
    /// The URL of a Cosmos DB account.
    AccountEndpoint,
    /// A database of a Cosmos DB account.
    Database,
}

/// The longest name with a suggestion. It is longer than every field's name by more than two edits.
const MAX_NAME: usize = 32;

/// Names that other tools write for a field and that differ from its name by more than two edits.
const ALIASES: [(&str, FieldName); 3] = [
    ("X509Cert", FieldName::X509),
    ("HubName", FieldName::HostName),
    ("SharedAccessToken", FieldName::SharedAccessSignature),
];

impl FieldName {
    /// Every field.
    pub const ALL: [Self; 27] = [
        Self::HostName,
        Self::DeviceId,
        Self::ModuleId,
        Self::SharedAccessKeyName,
        Self::SharedAccessKey,
        Self::SharedAccessSignature,
        Self::X509,
        Self::GatewayHostName,
        Self::Endpoint,
        Self::EntityPath,
        Self::UseDevelopmentEmulator,
        Self::UseDevelopmentStorage,
        Self::DevelopmentStorageProxyUri,
        Self::DefaultEndpointsProtocol,
        Self::AccountName,
        Self::AccountKey,
        Self::BlobEndpoint,
        Self::QueueEndpoint,
        Self::TableEndpoint,
        Self::FileEndpoint,
        Self::BlobSecondaryEndpoint,
        Self::QueueSecondaryEndpoint,
        Self::TableSecondaryEndpoint,
        Self::FileSecondaryEndpoint,
        Self::EndpointSuffix,
        Self::AccountEndpoint,
        Self::Database,
    ];

    /// Returns the name in the case in which it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HostName => "HostName",
            Self::DeviceId => "DeviceId",
            Self::ModuleId => "ModuleId",
            Self::SharedAccessKeyName => "SharedAccessKeyName",
            Self::SharedAccessKey => "SharedAccessKey",
            Self::SharedAccessSignature => "SharedAccessSignature",
            Self::X509 => "x509",
            Self::GatewayHostName => "GatewayHostName",
            Self::Endpoint => "Endpoint",
            Self::EntityPath => "EntityPath",
            Self::UseDevelopmentEmulator => "UseDevelopmentEmulator",
            Self::UseDevelopmentStorage => "UseDevelopmentStorage",
            Self::DevelopmentStorageProxyUri => "DevelopmentStorageProxyUri",
            Self::DefaultEndpointsProtocol => "DefaultEndpointsProtocol",
            Self::AccountName => "AccountName",
            Self::AccountKey => "AccountKey",
            Self::BlobEndpoint => "BlobEndpoint",
            Self::QueueEndpoint => "QueueEndpoint",
            Self::TableEndpoint => "TableEndpoint",
            Self::FileEndpoint => "FileEndpoint",
            Self::BlobSecondaryEndpoint => "BlobSecondaryEndpoint",
            Self::QueueSecondaryEndpoint => "QueueSecondaryEndpoint",
            Self::TableSecondaryEndpoint => "TableSecondaryEndpoint",
            Self::FileSecondaryEndpoint => "FileSecondaryEndpoint",
            Self::EndpointSuffix => "EndpointSuffix",
            Self::AccountEndpoint => "AccountEndpoint",
            Self::Database => "Database",
        }
    }

    /// Returns the field of that name, in any case of its letters.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name().eq_ignore_ascii_case(name))
    }

    /// Returns whether its value is a secret.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::SharedAccessKey | Self::SharedAccessSignature | Self::AccountKey)
    }

    /// Returns the field that an unknown name most likely means: one whose name differs by at most two edits, or by one
    /// if it is short, or one whose alias in other tools this is.
    #[must_use]
    pub fn suggestion(name: &str) -> Option<Self> {
        if let Some((_, field)) = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name)) {
            return Some(*field);
        }
        Self::ALL
            .into_iter()
            .filter_map(|field| distance(name, field.name()).map(|edits| (edits, field)))
            .filter(|(edits, field)| *edits <= if field.name().len() < 6 { 1 } else { 2 })
            .min_by_key(|(edits, _)| *edits)
            .map(|(_, field)| field)
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Returns the Levenshtein distance without regard to the case of ASCII letters; `None` if a name is too long.
fn distance(name: &str, known: &str) -> Option<usize> {
    // the row of the matrix for the bytes of `name` so far: row[i] is the distance to known[..i]
    let mut row: [usize; MAX_NAME] = core::array::from_fn(|at| at);
    let row = row.get_mut(..=known.len())?;
    if name.len() > MAX_NAME {
        return None;
    }
    for (at, wrong) in name.bytes().enumerate() {
        let mut diagonal = at;
        let mut left = at.saturating_add(1);
        let mut cells = row.iter_mut();
        *cells.next()? = left;
        for (cell, right) in cells.zip(known.bytes()) {
            let changed = diagonal.saturating_add(usize::from(!wrong.eq_ignore_ascii_case(&right)));
            diagonal = *cell;
            left = changed.min(diagonal.saturating_add(1)).min(left.saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), Some(3));
        assert_eq!(distance("", "abc"), Some(3));
        assert_eq!(distance("ABC", "abc"), Some(0));
        assert_eq!(distance("abc", ""), Some(3));
        assert_eq!(distance("a name of more than thirty-two bytes", "abc"), None);
    }

    #[test]
    fn every_name_finds_its_field_and_fits_the_row() {
        for field in FieldName::ALL {
            assert_eq!(FieldName::from_name(&field.name().to_ascii_uppercase()), Some(field));
            assert_eq!(distance(field.name(), field.name()), Some(0), "{field}");
        }
    }
}
