//! [`RIGHTS`]: the rights of each service, and what they allow.

use crate::service_bus::Right;
use crate::storage::permissions::letters;
use crate::storage::{Permission, SasKind};

/// A right, as the rule, the token or the key of a service has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RightKind {
    /// A right of a rule of Event Hubs or Service Bus.
    ServiceBus(Right),
    /// A permission of a storage token.
    Storage(Permission),
    /// The read-write key of a Cosmos DB account.
    CosmosReadWrite,
    /// The read-only key of a Cosmos DB account.
    CosmosRead,
    /// A key or a token of an Event Grid topic.
    EventGridPublish,
}

/// A row of [`RIGHTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceRight {
    /// The right.
    pub kind: RightKind,
    /// Its name or its letter, as a rule or a token has it.
    pub name: &'static str,
    /// The operations that it allows.
    pub allows: &'static str,
}

impl ServiceRight {
    /// Returns the kinds of storage tokens that can have it; none for the other services.
    pub fn tokens(&self) -> impl Iterator<Item = SasKind> {
        let right = self.kind;
        SasKind::ALL.into_iter().filter(move |kind| {
            letters(*kind).iter().any(|(_, permission)| right == RightKind::Storage(*permission))
        })
    }
}

const fn of(kind: RightKind, name: &'static str, allows: &'static str) -> ServiceRight {
    ServiceRight { kind, name, allows }
}

const fn storage(permission: Permission, name: &'static str, allows: &'static str) -> ServiceRight {
    of(RightKind::Storage(permission), name, allows)
}

/// The rights of all services. The table is in the section "Rights" of the crate's page too.
///
/// ```
/// use hubward_cloud::{RIGHTS, RightKind};
/// use hubward_cloud::service_bus::Right;
///
/// let row = RIGHTS.iter().find(|row| row.kind == RightKind::ServiceBus(Right::Listen)).unwrap();
/// assert_eq!(row.name, "Listen");
/// ```
pub const RIGHTS: &[ServiceRight] = &[
    of(RightKind::ServiceBus(Right::Send), "Send", "send events or messages to an entity"),
    of(RightKind::ServiceBus(Right::Listen), "Listen", "receive events or messages of an entity"),
    of(
        RightKind::ServiceBus(Right::Manage),
        "Manage",
        "create, change and delete entities; includes Send and Listen",
    ),
    storage(Permission::Read, "r", "read content, properties and metadata; peek at messages; query entities"),
    storage(Permission::Add, "a", "add a block to an append blob, a message or an entity"),
    storage(Permission::Create, "c", "create a blob, a file or a snapshot"),
    storage(Permission::Write, "w", "write content, properties and metadata"),
    storage(Permission::Delete, "d", "delete a blob, a file or an entity"),
    storage(Permission::DeleteVersion, "x", "delete a version of a blob"),
    storage(Permission::PermanentDelete, "y", "delete a soft-deleted snapshot or version"),
    storage(Permission::List, "l", "list blobs, files and containers"),
    storage(Permission::Tags, "t", "read and write the tags of a blob"),
    storage(Permission::Find, "f", "find blobs by their tags"),
    storage(Permission::Move, "m", "move a blob or a directory"),
    storage(Permission::Execute, "e", "read the properties of a path, and traverse it"),
    storage(Permission::Ownership, "o", "set the owner and the group"),
    storage(Permission::ManageAccess, "p", "set POSIX permissions and access lists"),
    storage(Permission::Immutability, "i", "set immutability policies and legal holds"),
    storage(Permission::Update, "u", "update messages and entities"),
    storage(Permission::Process, "p", "get and delete messages"),
    of(RightKind::CosmosReadWrite, "read-write key", "every verb on every resource of the account"),
    of(RightKind::CosmosRead, "read-only key", "GET, HEAD and queries on every resource but permissions"),
    of(RightKind::EventGridPublish, "key or SAS", "publish events to a topic or a domain"),
];
