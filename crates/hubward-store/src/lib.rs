#![doc = include_str!("../README.md")]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

mod any;
mod change;
mod columns;
mod detail;
mod encode;
mod entry;
mod feed;
mod follow;
mod list_row;
mod maintain;
mod memory;
mod provisioning;
mod row;
mod seal;
mod seats;
mod store;
#[cfg(feature = "suite")]
pub mod suite;
mod working_copy;

pub use any::{AnySeats, AnyStore, StoreFailure, any, any_shared};
pub use change::{ChangeError, Changed, change};
pub use columns::COLUMNS;
pub use encode::{EncodeError, identity_row, policy_row};
pub use entry::{Affected, Applier, Entry, RowError};
pub use feed::{Feed, FeedHealth, FeedStep, FeedTimes};
pub use follow::{Follower, Target};
pub use list_row::ListRow;
pub use maintain::{Resealed, add_to_list, is_empty, lift_allow, remove_from_list, reseal, seed};
pub use memory::{Backup, MemoryStore};
pub use provisioning::{
    Allocation, EnrollmentAttestation, EnrollmentRecord, EnrollmentSettings, ProvisioningEntry,
    ProvisioningIndex, ProvisioningRows, ReadEnrollments, RegistrationRecord, RegistrationState, Reprovision,
    ServicePolicy, ServicePolicyContent, ServiceRecord, change_provisioning, change_provisioning_rows,
    read_enrollments, read_provisioning, read_service_policy, registrations_of, seed_provisioning,
};
pub use row::{Kind, Proof, Row, RowKey};
pub use seal::{SealedKeyError, SealedPlace, Sealer};
pub use seats::{Claim, SeatPlace, Seats};
pub use store::{Commit, Expected, Position, Store, Write};
pub use working_copy::WorkingCopy;
